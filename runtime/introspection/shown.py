"""Values as an operator may see them: through the behaviour's own `redact`, then the bounded walk.

    class Assistant(Server[Chat]):
        @staticmethod
        def redact(value):                  # a state, a message, a reply, or the tuple of init's arguments
            return replace(value, history=()) if isinstance(value, Chat) else value

`redact` is user code, so it runs on the loop, with a deadline. Where it fails or the loop is stuck, the value is
refused; it is never shown raw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import Code, Failure
from runtime.preemption.hooks import answer_of

from .posting import on_loop
from .shapes import class_attribute
from .values import Limits, Walked, walk_all

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["Shown"]

DEADLINE_S: Final = 2.0
AT_ONCE: Final = 50
"""Values that are redacted in one go of the loop."""
REFUSED: Final = "the behaviour's own `redact` would run there, so nothing is shown"


class Shown:
    """Makes values of a node's processes fit to be seen."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def one(self, process: Process, value: Any, limits: Limits | None = None) -> Walked:
        """One value of a process. Raises as `through`."""
        return self.many(process, [value], limits)[0]

    def many(self, process: Process, values: Sequence[Any], limits: Limits | None = None) -> list[Walked]:
        """Several values of one process. Raises as `through`."""
        kind: Any = type(process.handle)
        if class_attribute(kind, "redact") is None:
            return walk_all(values, limits)
        return self.through(lambda value: kind.redact(value), values, limits, process)  # noqa: PLW0108 - looked up on the loop

    def through(
        self,
        redact: Callable[[Any], Any] | None,
        values: Sequence[Any],
        limits: Limits | None = None,
        process: Process | None = None,
    ) -> list[Walked]:
        """Values through a behaviour's `redact`, where it has one; `process` is shown as running meanwhile.

        Raises:
            Failure: it raised, or the loop was too busy to run it.
        """
        if redact is None:
            return walk_all(values, limits)
        redacted: list[Any] = []
        for start in range(0, len(values), AT_ONCE):
            step = _step(self._node, redact, values[start : start + AT_ONCE], process)
            redacted += on_loop(self._node, step, DEADLINE_S, REFUSED)
        return walk_all(redacted, limits)


def _step(
    node: Node, redact: Callable[[Any], Any], values: Sequence[Any], process: Process | None
) -> Callable[[], list[Any]]:
    """A step of `process` that redacts: a node that gets stuck in it says in whose."""

    def step() -> list[Any]:
        owner = process or node.root
        assert owner is not None
        try:
            redacted: list[Any] = answer_of(owner, lambda: [redact(value) for value in values])
        except BaseException as error:
            raise Failure(
                Code.REFUSED, f"`redact` of this behaviour raised {type(error).__name__}; nothing is shown"
            ) from None
        return redacted

    return step
