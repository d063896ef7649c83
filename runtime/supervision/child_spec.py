"""What a child is: what to run, when to restart it, how long it may take to shut down."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from ..messages import ATOMS, share
from ..preemption.guards import open_to_switches

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import TypeAlias

    from ..server import Server
    from .supervisor import Supervisor

    Behaviour: TypeAlias = type[Server[Any]] | Callable[..., Coroutine[Any, Any, Any]] | Supervisor

__all__ = ["ChildSpec", "Restart", "Shutdown"]

Restart = Literal["permanent", "transient", "temporary"]
Shutdown = float | Literal["brutal_kill"]
_UNSET: Final = object()
_NO_OPTIONS: Final[dict[str, Any]] = {}


class ChildSpec:
    """The specification of a child (OTP's child spec). Immutable; arguments are copied for every start.

    Args:
        id: names the child within its supervisor.
        behaviour: a `Server` class, an async function whose first parameter is the process, or a `Supervisor`.
        args: for `init`, or for the function after the process.
        restart: `permanent` (always), `transient` (unless it ended normally, with shutdown or (shutdown, term)) or
            `temporary` (never). Optional. Defaults to permanent.
        shutdown: seconds from the exit signal `shutdown` to a kill; `math.inf` waits for ever; `"brutal_kill"` kills at
            once. Optional. Defaults to 5.0, and to `math.inf` for a supervisor, as OTP does.
        register: whether the child is registered under its id, where that is a string. Optional. Defaults to True.
        options: keyword arguments for `init` or the function.

    Raises:
        TypeError: the behaviour is none of the three.
        ValueError: an option has an illegal value.
        NotSendable: an argument is alive (a lock, a client, …); such things belong into Node(resources={…}).
    """

    __slots__ = ("args", "behaviour", "id", "is_supervisor", "options", "register", "restart", "shutdown")

    @open_to_switches
    def __init__(
        self,
        id: Any,  # noqa: A002 - OTP's word
        behaviour: Behaviour,
        *args: Any,
        restart: Restart = "permanent",
        shutdown: Shutdown = _UNSET,  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]
        register: bool = True,
        **options: Any,
    ) -> None:
        supervisor = _check_behaviour(id, behaviour)
        if shutdown is _UNSET:
            shutdown = math.inf if supervisor else 5.0
        _check_options(id, restart, shutdown)
        if supervisor and (args or options):
            raise ValueError(
                f"child {id!r}: a Supervisor takes no arguments here; give them to Supervisor(…)"
            )
        put = object.__setattr__
        put(self, "id", share(id))
        put(self, "behaviour", behaviour)
        put(self, "args", share(args))
        put(self, "options", share(options) if options else _NO_OPTIONS)
        put(self, "restart", restart)
        put(self, "shutdown", shutdown)
        put(self, "register", bool(register))
        put(self, "is_supervisor", supervisor)
        hash(id)

    id: Any
    behaviour: Behaviour
    args: tuple[Any, ...]
    options: dict[str, Any]
    restart: Restart
    shutdown: Shutdown
    register: bool
    is_supervisor: bool
    """Whether the child is itself a supervisor."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a ChildSpec is immutable; make a new one to change {name}")

    @property
    def name(self) -> str | None:
        """What it is registered as; None for not at all."""
        return str.__str__(self.id) if self.register and isinstance(self.id, str) else None

    def __repr__(self) -> str:
        name = getattr(self.behaviour, "__qualname__", repr(self.behaviour))
        return f"ChildSpec({self.id!r}, {name}, restart={self.restart!r})"


def _check_behaviour(id: Any, behaviour: Any) -> bool:  # noqa: A002
    """Whether it is a supervisor; raises TypeError when it is nothing that can be started."""
    from ..server import Server  # noqa: PLC0415 - a server's handle can start children
    from .supervisor import Supervisor  # noqa: PLC0415

    if isinstance(behaviour, Supervisor):
        return True
    if inspect.iscoroutinefunction(behaviour) or (
        inspect.isclass(behaviour) and issubclass(behaviour, Server)
    ):
        return False
    raise TypeError(
        f"child {id!r}: {behaviour!r} cannot be started; give a Server class, an async function whose first parameter is "
        "the process, or a Supervisor(…)"
    )


def _check_options(id: Any, restart: Any, shutdown: Any) -> None:  # noqa: A002
    if restart not in get_args(Restart):
        raise ValueError(f"child {id!r}: restart={restart!r}; it is one of {', '.join(get_args(Restart))}")
    numeric = isinstance(shutdown, int | float) and not isinstance(shutdown, bool)
    if shutdown != "brutal_kill" and not (numeric and shutdown >= 0):
        raise ValueError(
            f'child {id!r}: shutdown={shutdown!r}; it is seconds (0 or more), math.inf or "brutal_kill"'
        )


ATOMS.add(ChildSpec)
