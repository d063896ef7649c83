"""Supervisors: a specification to start, and the operations on one that runs.

    Supervisor([ChildSpec("a", A), ChildSpec("b", B)], strategy="rest_for_one")

    It starts its children in order and stops them in reverse. When one ends, its restart type says whether it is
    started again, the strategy who else is, and the intensity when the supervisor gives up: it then stops all its
    children and itself, and leaves the problem to its own supervisor.

The rules are those of OTP's supervisor, defaults those of Elixir's.
"""

from __future__ import annotations

import math
from collections.abc import Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ..calls import call
from ..errors import NoProcess
from ..messages import ATOMS
from ..pid import Address, Pid
from ..status import ENDED
from .child_spec import ChildSpec
from .engine import SupervisorServer
from .requests import (
    ChildCounts,
    ChildInfo,
    CountChildren,
    DeleteChild,
    RestartChild,
    StartChild,
    TerminateChild,
    WhichChildren,
)  # fmt: skip
from .strategy import STRATEGIES, Strategy

if TYPE_CHECKING:
    from ..results import Request

R = TypeVar("R")

__all__ = ["Supervisor"]


class Supervisor:
    """The specification of a supervisor. Immutable.

    Args:
        children: child specs, in order of start.
        strategy: `one_for_one`, `one_for_all` or `rest_for_one`. Optional. Defaults to one_for_one.
        max_restarts: restarts allowed within `max_seconds`. Optional. Defaults to 3.
        max_seconds: seconds of the window. Optional. Defaults to 5.
        name: id and registered name of a supervisor that is given to `node.start` without a ChildSpec.
            Optional. Defaults to none.

    Raises:
        ValueError: an option has an illegal value, or two children have the same id.
    """

    __slots__ = ("children", "max_restarts", "max_seconds", "name", "strategy")

    def __init__(
        self,
        children: Iterable[ChildSpec] = (),
        strategy: Strategy = "one_for_one",
        max_restarts: int = 3,
        max_seconds: float = 5,
        name: str | None = None,
    ) -> None:
        specs = tuple(children)
        _check(specs, strategy, max_restarts, max_seconds)
        self.children: Final = specs
        self.strategy: Final[Strategy] = strategy
        self.max_restarts: Final = max_restarts
        self.max_seconds: Final = max_seconds
        self.name: Final = name

    def __repr__(self) -> str:
        return f"Supervisor({len(self.children)} children, {self.strategy}, {self.max_restarts} in {self.max_seconds:g} s)"

    @staticmethod
    def which_children(supervisor: Address) -> Coroutine[Any, Any, list[ChildInfo]]:
        """All children of a running supervisor, in order of start.

        Raises:
            CallError: there is no such supervisor, or it does not answer.
            TypeError: the process is no supervisor.
        """
        return _ask(supervisor, WhichChildren())

    @staticmethod
    def count_children(supervisor: Address) -> Coroutine[Any, Any, ChildCounts]:
        """How many children a running supervisor has. Raises as `which_children`."""
        return _ask(supervisor, CountChildren())

    @staticmethod
    def start_child(supervisor: Address, spec: ChildSpec) -> Coroutine[Any, Any, Pid]:
        """Add a child to a running supervisor, and start it.

        Raises:
            ChildError: `already_started` or `already_present`.
            StartError: the child did not start; its spec is not kept.
        """
        return _ask(supervisor, StartChild(spec))

    @staticmethod
    def restart_child(supervisor: Address, id: Any) -> Coroutine[Any, Any, Pid]:  # noqa: A002 - OTP's word
        """Start a child that is not running.

        Raises:
            ChildError: `not_found`, `running` or `restarting`.
            StartError: the child did not start.
        """
        return _ask(supervisor, RestartChild(id))

    @staticmethod
    def terminate_child(supervisor: Address, id: Any) -> Coroutine[Any, Any, None]:  # noqa: A002
        """Stop a child and keep its spec; a temporary child is deleted.

        Raises:
            ChildError: `not_found`.
        """
        return _ask(supervisor, TerminateChild(id))

    @staticmethod
    def delete_child(supervisor: Address, id: Any) -> Coroutine[Any, Any, None]:  # noqa: A002
        """Delete the spec of a child that is not running.

        Raises:
            ChildError: `not_found`, `running` or `restarting`.
        """
        return _ask(supervisor, DeleteChild(id))


async def _ask(supervisor: Address, request: Request[R]) -> R:
    """Call a supervisor, with no time limit (as OTP): starting and stopping children takes what it takes."""
    process = supervisor._process
    if process is None:
        raise supervisor._missing()
    if process.status == ENDED:
        raise NoProcess(supervisor)
    if not isinstance(process.handle, SupervisorServer):
        raise TypeError(f"{supervisor} is no supervisor but {process.behaviour}")
    answer: R = await call(supervisor, request, None)
    return answer


def _check(specs: tuple[Any, ...], strategy: Any, max_restarts: Any, max_seconds: Any) -> None:
    for spec in specs:
        if not isinstance(spec, ChildSpec):
            raise TypeError(f"a supervisor's children are ChildSpec(id, behaviour, …); got {spec!r}")
    ids: set[Any] = set()
    for spec in specs:
        if spec.id in ids:
            raise ValueError(f"two children have the id {spec.id!r}; ids are unique within a supervisor")
        ids.add(spec.id)
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy={strategy!r}; it is one of {', '.join(STRATEGIES)}")
    if not isinstance(max_restarts, int) or max_restarts < 0:
        raise ValueError(f"max_restarts={max_restarts!r}; it is a whole number, 0 or more")
    if not isinstance(max_seconds, int | float) or not 0 < max_seconds < math.inf:
        raise ValueError(f"max_seconds={max_seconds!r}; it is a number of seconds above 0")


ATOMS.add(Supervisor)
