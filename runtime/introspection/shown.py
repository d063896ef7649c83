"""Values as an operator may see them: through the behaviour's own `redact`, then the bounded walk.

    class Assistant(Server[Chat]):
        @staticmethod
        def redact(value):                  # a state, a message or a reply; returns what may be shown
            return replace(value, history=()) if isinstance(value, Chat) else value

`redact` is user code, so it runs on the loop, with a deadline. Where it fails or the loop is stuck, the value is
refused; it is never shown raw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import Code, Failure

from .actions import on_loop
from .values import Limits, Walked, walk

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["Shown"]

DEADLINE_S: Final = 2.0


class Shown:
    """Makes values of a node's processes fit to be seen."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def one(self, process: Process, value: Any, limits: Limits | None = None) -> Walked:
        """One value of a process."""
        return self.many(process, [value], limits)[0]

    def many(self, process: Process, values: Sequence[Any], limits: Limits | None = None) -> list[Walked]:
        """Several values of one process. Raises as `through`."""
        return self.through(getattr(type(process.handle), "redact", None), values, limits)

    def through(
        self, redact: Callable[[Any], Any] | None, values: Sequence[Any], limits: Limits | None = None
    ) -> list[Walked]:
        """Values through a behaviour's `redact`, where it has one.

        Raises:
            Failure: it raised, or the loop was too busy to run it.
        """
        if redact is None or not values:
            return [walk(value, limits) for value in values]

        def redacted() -> list[Any]:
            try:
                return [redact(value) for value in values]
            except Exception as error:
                raise Failure(
                    Code.REFUSED, f"redact of this behaviour raised {type(error).__name__}; nothing is shown"
                ) from None

        return [walk(value, limits) for value in on_loop(self._node, redacted, DEADLINE_S)]
