"""What a child is: what to run, when to restart it, how long it may take to shut down.

    ChildSpec("w1", Worker, 1) ──┐
    ChildSpec("w2", Worker, 2) ──┼──> Terms(Worker, "permanent", 5.0, …)
    ChildSpec("w3", Worker, 3) ──┘

Most specs differ in id and arguments alone. What they have in common is checked once and stands in `Terms`, which they
share; it goes with the last of them.
"""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from weakref import WeakValueDictionary

from ..code.versions import newest, seen, superseded
from ..isolation.limits import Limits
from ..messages import ATOMS, share
from ..preemption.guards import open_to_switches
from .backoff import Backoff
from .place import THREAD, Place, check_place, place_of
from .registration import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import TypeAlias

    from ..server import Server
    from ..server_process import ServerProcess
    from ..state_machine.behaviour import StateMachine
    from .child import Attempt
    from .registration import Register
    from .specification import Specification

    Behaviour: TypeAlias = (
        type[Server[Any] | StateMachine[Any]] | Callable[..., Coroutine[Any, Any, Any]] | Specification
    )
    RestartArgs: TypeAlias = Callable[[tuple[Attempt, ...]], tuple[Any, ...]]

__all__ = ["ChildSpec", "Restart", "Shutdown", "Terms", "renew", "renewed"]

Restart = Literal["permanent", "transient", "temporary"]
Shutdown = float | Literal["brutal_kill"]
_UNSET: Final[Any] = object()
_NO_OPTIONS: Final[dict[str, Any]] = {}
_More = tuple[bool, float | None, Any, Any, Place]
"""What few specs have: significant, start_timeout, backoff, restart_args, place."""
_NO_MORE: Final[_More] = (False, None, None, None, None)
_put: Final = object.__setattr__


class Terms:
    """What specs have in common. Not for user code.

    Attributes:
        is_server: whether the behaviour is a `Server` class.
        is_supervisor: whether it is a `Supervisor`, or another of its family.
        process: the kind of process that runs a `Server` class.
        constant: whether no argument can change, so that no start need copy them.
        place: where it runs (see `place`).
        The others are documented at `ChildSpec`.
    """

    __slots__ = (
        "__weakref__", "backoff", "behaviour", "constant", "is_server", "is_supervisor", "options", "place", "process", "register",
        "restart", "restart_args", "shutdown", "significant", "start_timeout",
    )  # fmt: skip

    def __init__(
        self,
        child: Any,
        behaviour: Any,
        restart: Restart,
        shutdown: Shutdown,
        register: Register,
        constant: bool,
        options: dict[str, Any],
        more: _More,
    ) -> None:
        self.is_supervisor: Final = _check_behaviour(child, behaviour)
        self.is_server: Final = isinstance(behaviour, type)
        self.process: Final = _process_of(behaviour)
        if shutdown is _UNSET:
            shutdown = math.inf if self.is_supervisor else 5.0
        _check_options(child, restart, shutdown)
        self.place: Final = more[4]
        check_place(child, behaviour, self.place)
        seen(getattr(behaviour, "__module__", ""))
        self.behaviour: Final[Behaviour] = behaviour
        self.restart: Final[Restart] = restart
        self.shutdown: Final[Shutdown] = shutdown
        self.register: Final = register
        self.constant: Final = constant
        self.options: Final = share(options) if options else _NO_OPTIONS
        self.significant: Final = more[0]
        self.start_timeout: Final = more[1]
        self.backoff: Final[Backoff | None] = more[2]
        self.restart_args: Final[RestartArgs | None] = more[3]
        if more != _NO_MORE:
            self._check_more(child)

    def _check_more(self, child: Any) -> None:
        """Raises ValueError or TypeError for what makes no sense, or not together."""
        timeout, plain = self.start_timeout, not self.is_server and not self.is_supervisor
        if self.significant and self.restart == "permanent":
            raise ValueError(
                f"child {child!r}: significant=True with restart='permanent'; what is always restarted never ends for good: "
                "make it transient or temporary"
            )
        numeric = isinstance(timeout, int | float) and not isinstance(timeout, bool)
        if timeout is not None and not (numeric and 0 < timeout < math.inf):
            raise ValueError(f"child {child!r}: start_timeout={timeout!r}; it is seconds above 0, or None")
        if timeout is not None and plain:
            raise ValueError(f"child {child!r}: start_timeout is for init, and a coroutine process has none")
        if self.backoff is not None and not isinstance(self.backoff, Backoff):  # pyright: ignore[reportUnnecessaryIsInstance]  # whoever calls is not typed
            raise TypeError(f"child {child!r}: backoff={self.backoff!r}; it is Backoff(…), or None")
        if self.restart_args is not None and (self.is_supervisor or not callable(self.restart_args)):
            raise TypeError(
                f"child {child!r}: restart_args={self.restart_args!r}; it is a function of the attempts so far that returns "
                "a tuple of arguments, and a supervisor takes none"
            )


_shared: Final[WeakValueDictionary[tuple[Any, ...], Terms]] = WeakValueDictionary()
"""Terms in use. By the number of the behaviour, which `Terms` keeps alive: a key that held it would do so for ever."""


class ChildSpec:
    """The specification of a child (OTP's child spec). Immutable; arguments are copied for every start.

    Args:
        id: names the child within its supervisor.
        behaviour: a `Server` or `StateMachine` class, an async function whose first parameter is the process, or a `Supervisor`.
        args: for `init`, or for the function after the process.
        restart: `permanent` (always), `transient` (unless it ended normally, with shutdown or (shutdown, term)) or
            `temporary` (never). Optional. Defaults to permanent.
        shutdown: seconds from the exit signal `shutdown` to a kill; `math.inf` waits for ever; `"brutal_kill"` kills at
            once. Optional. Defaults to 5.0, and to `math.inf` for a supervisor, as OTP does.
        register: whether its id, where that is a string, is its registered name; or a `Registry` in which its id is its key,
            or `(Registry, key)`. What is taken refuses the start. Optional. Defaults to True.
        significant: whether its end, if it is not restarted, may end its supervisor, whose `auto_shutdown` says so.
            Optional. Defaults to False.
        start_timeout: seconds that its `init` may take; then it is killed, and the start fails with `timeout`.
            Optional. Defaults to None, for ever.
        backoff: how long it waits before each restart. Optional. Defaults to None, not at all.
        restart_args: called for every start but the first, in the new process, with the `Attempt`s so far (20 at most, the
            oldest first); what it returns are the arguments. If it raises, the start has failed.
            Optional. Defaults to None, the same arguments again.
        thread: whether the handlers of a `Server` run on a thread of its own, for code that blocks and cannot await.
            Optional. Defaults to False.
        isolated: whether it runs in an OS process of its own; `Limits(…)` says what that may take. Optional. Defaults to False.
        options: keyword arguments for `init` or the function.

    Raises:
        TypeError: the behaviour is none of the three, `restart_args` is no function, or a key can change.
        ValueError: an option has an illegal value.
        NotSendable: an argument is alive (a lock, a client, …); such things belong into Node(resources={…}).
    """

    __slots__ = ("args", "id", "terms")

    @open_to_switches
    def __init__(
        self,
        id: Any,  # noqa: A002 - OTP's word
        behaviour: Behaviour,
        *args: Any,
        restart: Restart = "permanent",
        shutdown: Shutdown = _UNSET,
        register: Register = True,
        significant: bool = False,
        start_timeout: float | None = None,
        backoff: Backoff | None = None,
        restart_args: RestartArgs | None = None,
        thread: bool = False,
        isolated: bool | Limits = False,
        **options: Any,
    ) -> None:
        if type(id) is not str:
            hash(id)
            id = share(id)  # noqa: A001
        shared = share(args)
        more, place = _NO_MORE, place_of(id, thread=thread, isolated=isolated)
        if (
            significant
            or start_timeout is not None
            or backoff is not None
            or restart_args is not None
            or place is not None
        ):
            more = (bool(significant), start_timeout, backoff, restart_args, place)
        terms = _terms(id, behaviour, restart, shutdown, checked(id, register), shared is args, options, more)
        if terms.is_supervisor and (args or options):
            raise ValueError(
                f"child {id!r}: a {type(behaviour).__name__} takes no arguments here; give them to "
                f"{type(behaviour).__name__}(…)"
            )
        _put(self, "id", id)
        _put(self, "args", shared)
        _put(self, "terms", terms)

    id: Any
    args: tuple[Any, ...]
    terms: Terms
    """What it has in common with others. Not for user code."""

    @property
    def behaviour(self) -> Behaviour:
        """What it runs."""
        return self.terms.behaviour

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments."""
        return self.terms.options

    @property
    def restart(self) -> Restart:
        """When it is started again."""
        return self.terms.restart

    @property
    def shutdown(self) -> Shutdown:
        """Seconds that it may take to shut down."""
        return self.terms.shutdown

    @property
    def register(self) -> Register:
        """Where it is registered (see `registration`)."""
        return self.terms.register

    @property
    def is_supervisor(self) -> bool:
        """Whether the child is itself a supervisor."""
        return self.terms.is_supervisor

    def varied(self, id: Any, *args: Any, register: Register) -> ChildSpec:  # noqa: A002
        """The same specification with another id, other arguments, registered or not. Raises as `ChildSpec`."""
        terms = self.terms
        return ChildSpec(
            id,
            terms.behaviour,
            *args,
            restart=terms.restart,
            shutdown=terms.shutdown,
            register=register,
            significant=terms.significant,
            start_timeout=terms.start_timeout,
            backoff=terms.backoff,
            restart_args=terms.restart_args,
            thread=terms.place == THREAD,
            isolated=terms.place if isinstance(terms.place, Limits) else False,
            **terms.options,
        )

    def __setattr__(self, name: str, value: Any, /) -> None:
        raise AttributeError(f"a ChildSpec is immutable; make a new one to change {name}")

    @property
    def name(self) -> str | None:
        """What it is registered as; None for not at all."""
        if self.terms.register is not True:
            return None
        id_ = self.id
        if type(id_) is str:
            return id_
        return str.__str__(id_) if isinstance(id_, str) else None

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():  # as it comes from another OS process
            _put(self, name, value)

    def __repr__(self) -> str:
        name = getattr(self.behaviour, "__qualname__", repr(self.behaviour))
        return f"ChildSpec({self.id!r}, {name}, restart={self.restart!r})"


def renewed(terms: Terms) -> Terms:
    """The terms, with the newest version of what they start."""
    if superseded():
        _renew(terms)
    return terms


def renew() -> None:
    """Newer code is in place: renew all terms that are shared. The others are renewed when they are used."""
    for key, terms in list(_shared.items()):
        if _renew(terms):
            del _shared[key]
            _shared.setdefault((id(terms.behaviour), *key[1:]), terms)


def _renew(terms: Terms) -> bool:
    behaviour, function = newest(terms.behaviour), terms.restart_args
    changed = behaviour is not terms.behaviour
    terms.behaviour = behaviour  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # for nobody else
    if function is not None:
        terms.restart_args = newest(function)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    return changed


def _terms(
    child: Any,
    behaviour: Any,
    restart: Any,
    shutdown: Any,
    register: Register,
    constant: bool,
    options: dict[str, Any],
    more: _More,
) -> Terms:
    """The terms of a spec: those of its siblings, where nothing differs."""
    if options or isinstance(register, tuple):
        return Terms(child, behaviour, restart, shutdown, register, constant and not options, options, more)
    number = isinstance(shutdown, bool)  # True is no number of seconds, although it equals 1
    rare: Any = None
    if more is not _NO_MORE:
        rare = (more[0], more[1], isinstance(more[1], bool), id(more[2]), id(more[3]), more[4])
    key = (id(behaviour), restart, shutdown, number, register, constant, rare)
    try:
        terms = _shared.get(key)
    except TypeError:  # what cannot be hashed is none of the legal values
        _check_options(child, restart, shutdown)
        raise
    if terms is None:
        terms = _shared[key] = Terms(child, behaviour, restart, shutdown, register, constant, options, more)
    return terms


def _check_behaviour(child: Any, behaviour: Any) -> bool:
    """Whether it is a supervisor; raises TypeError when it is nothing that can be started."""
    from ..server import Server  # noqa: PLC0415 - a server's handle can start children
    from .specification import Specification  # noqa: PLC0415

    if isinstance(behaviour, Specification):
        return True
    if inspect.iscoroutinefunction(behaviour) or (
        inspect.isclass(behaviour) and issubclass(behaviour, Server)
    ):
        return False
    raise TypeError(
        f"child {child!r}: {behaviour!r} cannot be started; give a Server class, an async function whose first parameter is "
        "the process, or a Supervisor(…)"
    )


def _process_of(behaviour: Any) -> type[ServerProcess]:
    from ..server_process import ServerProcess  # noqa: PLC0415 - as above
    from ..state_machine.behaviour import StateMachine  # noqa: PLC0415
    from ..state_machine.process import StateMachineProcess  # noqa: PLC0415

    is_machine = isinstance(behaviour, type) and issubclass(behaviour, StateMachine)
    return StateMachineProcess if is_machine else ServerProcess


def _check_options(child: Any, restart: Any, shutdown: Any) -> None:
    if restart not in get_args(Restart):
        raise ValueError(f"child {child!r}: restart={restart!r}; it is one of {', '.join(get_args(Restart))}")
    numeric = isinstance(shutdown, int | float) and not isinstance(shutdown, bool)
    if shutdown != "brutal_kill" and not (numeric and shutdown >= 0):
        raise ValueError(
            f'child {child!r}: shutdown={shutdown!r}; it is seconds (0 or more), math.inf or "brutal_kill"'
        )


ATOMS.add(ChildSpec)
