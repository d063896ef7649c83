"""What the specifications of all supervisors have in common: Supervisor, DynamicSupervisor, PartitionSupervisor, TaskSupervisor."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeVar, get_args

from ..calls import call
from ..errors import NoProcess
from ..messages import ATOMS
from ..pid import Address
from ..status import ENDED
from .child_spec import ChildSpec
from .engine import Engine
from .requests import ChildCounts, ChildInfo, CountChildren, WhichChildren
from .strategy import STRATEGIES, Strategy

if TYPE_CHECKING:
    from ..results import Request

R = TypeVar("R")
AutoShutdown = Literal["never", "any_significant", "all_significant"]

__all__ = ["AutoShutdown", "Specification", "ask", "running", "top_spec"]


class Specification:
    """The specification of a supervisor. Immutable. Not for user code, which makes one of the four.

    Attributes:
        children: child specs, in order of start.
        strategy: who is restarted when one ends.
        max_restarts: restarts allowed within `max_seconds`.
        max_seconds: seconds of the window.
        name: id and registered name of a supervisor that is given to `node.start` without a ChildSpec; None for none.
        auto_shutdown: whether it ends when significant children have.
    """

    __slots__ = ("auto_shutdown", "children", "max_restarts", "max_seconds", "name", "source", "strategy")
    engine: ClassVar[type[Engine]] = Engine
    """What runs it."""
    keeps: ClassVar[bool] = True
    """Whether a child that does not run keeps its place, unless it is temporary."""

    def __init__(
        self,
        children: tuple[ChildSpec, ...],
        strategy: Strategy,
        max_restarts: int,
        max_seconds: float,
        name: str | None,
        auto_shutdown: AutoShutdown = "never",
    ) -> None:
        _check(strategy, max_restarts, max_seconds, auto_shutdown)
        self.source: tuple[Callable[..., Any], tuple[Any, ...]] | None = None
        """The function that has made it, and its arguments, where that is known (`of`): newer code is asked again."""
        self.strategy: Final[Strategy] = strategy
        self.max_restarts: Final = max_restarts
        self.max_seconds: Final = max_seconds
        self.name: Final = name
        self.auto_shutdown: Final[AutoShutdown] = auto_shutdown
        ids: set[Any] = set()
        for spec in children:
            self.check_child(spec)
            if spec.id in ids:
                raise ValueError(f"two children have the id {spec.id!r}; ids are unique within a supervisor")
            ids.add(spec.id)
        self.children: Final = children

    def check_child(self, spec: Any) -> None:
        """Raises TypeError or ValueError for what cannot be its child."""
        if not isinstance(spec, ChildSpec):
            raise TypeError(f"a supervisor's children are ChildSpec(id, behaviour, …); got {spec!r}")
        if spec.terms.significant and self.auto_shutdown == "never":
            raise ValueError(
                f"child {spec.id!r}: significant=True under auto_shutdown='never'; nothing would follow from its end. "
                f"Give {type(self).__name__}(auto_shutdown='any_significant') or 'all_significant'"
            )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self.children)} children, {self.strategy}, "
            f"{self.max_restarts} in {self.max_seconds:g} s)"
        )

    @staticmethod
    def which_children(supervisor: Address) -> Coroutine[Any, Any, list[ChildInfo]]:
        """All children of a running supervisor, in order of start.

        Raises:
            CallError: there is no such supervisor, or it does not answer.
            TypeError: the process is no supervisor.
        """
        return ask(supervisor, WhichChildren())

    @staticmethod
    def count_children(supervisor: Address) -> Coroutine[Any, Any, ChildCounts]:
        """How many children a running supervisor has. Raises as `which_children`."""
        return ask(supervisor, CountChildren())


async def ask(supervisor: Address, request: Request[R]) -> R:
    """Call a supervisor, with no time limit (as OTP): starting and stopping children takes what it takes."""
    process = supervisor._process
    if (
        process is None or not process.far
    ):  # one in another OS process is asked, and says itself that it is none
        running(supervisor)
    answer: R = await call(supervisor, request, None)
    return answer


def running(supervisor: Address) -> Any:
    """The process of a supervisor.

    Raises:
        CallError: there is no such process.
        TypeError: it is no supervisor.
    """
    process = supervisor._process
    if process is None:
        raise supervisor._missing()
    if process.status == ENDED:
        raise NoProcess(supervisor)
    if process.far:
        raise TypeError(
            f"{supervisor} lives outside of this OS process, and what it has is not seen from here"
        )
    if not isinstance(process.handle, Engine):
        raise TypeError(f"{supervisor} is no supervisor but {process.behaviour}")
    return process


def top_spec(what: Any, number: int) -> ChildSpec:
    """The child spec of what is given to `node.start`; a supervisor without a name is called after `number`.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(what, Specification):
        name = what.name or f"supervisor-{number}"
        return ChildSpec(name, what, restart="transient", register=what.name is not None)
    if not isinstance(what, ChildSpec):
        raise TypeError(f"node.start takes a Supervisor(…) or a ChildSpec(…); got {what!r}")
    return what


def _check(strategy: Any, max_restarts: Any, max_seconds: Any, auto_shutdown: Any) -> None:
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy={strategy!r}; it is one of {', '.join(STRATEGIES)}")
    if not isinstance(max_restarts, int) or max_restarts < 0:
        raise ValueError(f"max_restarts={max_restarts!r}; it is a whole number, 0 or more")
    if not isinstance(max_seconds, int | float) or not 0 < max_seconds < math.inf:
        raise ValueError(f"max_seconds={max_seconds!r}; it is a number of seconds above 0")
    if auto_shutdown not in get_args(AutoShutdown):
        raise ValueError(f"auto_shutdown={auto_shutdown!r}; it is one of {', '.join(get_args(AutoShutdown))}")


ATOMS.add(Specification)
