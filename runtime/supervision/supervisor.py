"""Supervisors: a specification to start, and the operations on one that runs.

    Supervisor([ChildSpec("a", A), ChildSpec("b", B)], strategy="rest_for_one")

It starts its children in order and stops them in reverse. When one ends, its restart type says whether it is
started again, the strategy who else is, and the intensity when the supervisor gives up: it then stops all its
children and itself, and leaves the problem to its own supervisor.

The rules are those of OTP's supervisor, defaults those of Elixir's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from ..messages import ATOMS
from ..pid import Address
from .child_spec import ChildSpec
from .operations import SupervisorServer
from .requests import DeleteChild, RestartChild, StartChild, Started, TerminateChild
from .specification import AutoShutdown, Specification, ask
from .strategy import Strategy

__all__ = ["Supervisor"]


class Supervisor(Specification):
    """The specification of a supervisor. Immutable.

    Args:
        children: child specs, in order of start.
        strategy: `one_for_one`, `one_for_all` or `rest_for_one`. Optional. Defaults to one_for_one.
        max_restarts: restarts allowed within `max_seconds`. Optional. Defaults to 3.
        max_seconds: seconds of the window. Optional. Defaults to 5.
        name: id and registered name of a supervisor that is given to `node.start` without a ChildSpec.
            Optional. Defaults to none.
        auto_shutdown: `any_significant` ends it, with `shutdown`, as soon as a significant child has ended and is not
            restarted; `all_significant` when the last of them has. Optional. Defaults to never.

    Raises:
        ValueError: an option has an illegal value, two children have the same id, or one is significant to nobody.
    """

    __slots__ = ()
    engine = SupervisorServer

    def __init__(
        self,
        children: Iterable[ChildSpec] = (),
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5,
        name: str | None = None,
        auto_shutdown: AutoShutdown = "never",
    ) -> None:
        super().__init__(tuple(children), strategy, max_restarts, max_seconds, name, auto_shutdown)

    @staticmethod
    def of(function: Callable[..., Supervisor], *args: Any) -> Supervisor:
        """What `function(*args)` returns, and that it has: after a code upgrade the newer function is asked what children there are.

        Raises:
            TypeError: it returned something else.
        """
        made: Any = function(*args)
        if not isinstance(made, Supervisor):
            raise TypeError(f"{function!r} returned {made!r:.80}; it has to return a Supervisor(…)")
        made.source = function, args
        return made

    @staticmethod
    def start_child(supervisor: Address, spec: ChildSpec) -> Coroutine[Any, Any, Started]:
        """Add a child to a running supervisor, and start it. None where its init returned `Ignore()`.

        Raises:
            ChildError: `already_started` or `already_present`.
            StartError: the child did not start; its spec is not kept.
            ValueError: the spec cannot be a child of this supervisor.
        """
        return ask(supervisor, StartChild(spec))

    @staticmethod
    def restart_child(supervisor: Address, id: Any) -> Coroutine[Any, Any, Started]:  # noqa: A002 - OTP's word
        """Start a child that is not running. None where its init returned `Ignore()`.

        Raises:
            ChildError: `not_found`, `running` or `restarting`.
            StartError: the child did not start.
        """
        return ask(supervisor, RestartChild(id))

    @staticmethod
    def terminate_child(supervisor: Address, id: Any) -> Coroutine[Any, Any, None]:  # noqa: A002
        """Stop a child and keep its spec; a temporary child is deleted. One that waits for its restart is stopped, too.

        Raises:
            ChildError: `not_found`.
        """
        return ask(supervisor, TerminateChild(id))

    @staticmethod
    def delete_child(supervisor: Address, id: Any) -> Coroutine[Any, Any, None]:  # noqa: A002
        """Delete the spec of a child that is not running.

        Raises:
            ChildError: `not_found`, `running` or `restarting`.
        """
        return ask(supervisor, DeleteChild(id))


ATOMS.add(Supervisor)
