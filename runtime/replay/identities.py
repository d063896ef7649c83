"""Who is who in a replay: nobody. Pids, names, callers and tasks of the record are shadows, which note what is sent to them.

    in the record         in the replay
    <0.42.0>              a shadow of it: `cast` and `send` are noted, `call` is answered from the record
    a ref, a new child    a placeholder: what the runtime would have made; it stands for whatever the record has in its place

A placeholder is bound the first time it is compared with the record, and is written down as that from then on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..caller import Caller
from ..code.translation import named
from ..messages import ATOMS, share
from ..pid import Address, Alias, Name, Pid, Ref, pid_text
from ..process import Process
from ..registry.registry import KeyAddress
from ..results import NOTHING
from ..tasks import TaskRef

if TYPE_CHECKING:
    from .tape import Tape

__all__ = ["PLACEHOLDERS", "Answer", "Names", "Outside", "Unanswered", "World", "is_identity", "number_of"]

PLACEHOLDERS: Final = 9 * 10**11
"""Numbers of placeholders begin here: no process and no ref has such."""


class Unanswered(BaseException):  # noqa: N818 - no error of the handler's, whose `except Exception` may not take it
    """Raised in a handler that wants to know what is in no record."""


class Outside:
    """In the place of the process: whatever is read of it is not in the record."""

    def __init__(self, number: int, name: str | None) -> None:
        self.number = number
        self.name = name

    def note(self, text: str) -> None:
        """What the runtime would add to the events of the process."""

    def __getattr__(self, name: str) -> Any:
        raise Unanswered(f"it uses the node by other ways than `self` and addresses ({name}), which no record has")

    def __str__(self) -> str:
        return pid_text(self.number)


def _deliver(address: Any, message: object) -> None:
    address._world.tape.sent(address, share(message))


class _Shadow(Address):
    """What all addresses of a replay can do."""

    __slots__ = ()
    _world: World

    async def call(self, message: Any, timeout: float | None = 5.0) -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ASYNC109, ARG002 - as `Address.call`
        """The answer that is in the record."""
        return self._world.tape.asked(self, share(message))

    def cast(self, message: object) -> None:
        """Noted."""
        _deliver(self, message)

    def send(self, message: object) -> None:
        """Noted."""
        _deliver(self, message)


class ShadowPid(_Shadow, Pid):
    """A pid."""

    __slots__ = ("_world",)

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._process = world.outside  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]  # nobody
        self.number = number  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # its one assignment

    @property
    def alive(self) -> bool:
        """As far as the record knows."""
        self._world.tape.assume(f"{self} is alive")
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShadowPid) and other.number == self.number

    def __hash__(self) -> int:
        return hash(self.number)


class ShadowName(_Shadow, Name):
    """A name."""

    __slots__ = ("_world",)

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._registry = world.outside  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]  # none
        self.name = name  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # its one assignment


class ShadowKey(_Shadow):
    """A key of a registry."""

    __slots__ = ("_world", "key", "registry")

    def __init__(self, world: World, registry: Any, key: Any) -> None:
        self._world = world
        self.registry = registry
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShadowKey) and (other.registry, other.key) == (self.registry, self.key)

    def __hash__(self) -> int:
        return hash(self.key)

    def __deepcopy__(self, _memo: object) -> ShadowKey:
        return self


class ShadowAlias(_Shadow, Alias):
    """An alias."""

    __slots__ = ("_world", "pid")

    def __init__(self, world: World, number: int, pid: int) -> None:
        self._world = world
        self._owner = self._holder = world.outside  # type: ignore[misc,assignment]  # pyright: ignore[reportAttributeAccessIssue]  # nobody
        self.number = number  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  # its one assignment
        self.pid = pid


class ShadowCaller(Caller[Any]):
    """Who waits for an answer: it is noted."""

    __slots__ = ("_world", "number")

    def __init__(self, world: World, number: int) -> None:
        self._process = world.outside  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]  # nobody
        self._future = None
        self._answered = False
        self._value = None
        self.deadline = None
        self.lent = False
        self._world = world
        self.number = number

    @property
    def gone(self) -> bool:
        """Whether it has been answered in this replay."""
        return self._answered

    def reply(self, value: Any) -> None:
        """Noted."""
        if not self._answered:
            self._answered = True
            self._world.tape.note("reply", None, f"caller {self.number}", share(value))


class ShadowTask(TaskRef):
    """A task beside the process; it does not run."""

    __slots__ = ("_world",)

    def __init__(self, world: World, number: int, name: str) -> None:
        self._world = world
        self.process = world.outside  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]  # nobody
        self.number = number
        self.name = name
        self.started = 0.0

    def cancel(self) -> bool:
        """Noted."""
        self._world.tape.note("cancel", None, f"task {self.name}", NOTHING)
        return True

    @property
    def done(self) -> bool:
        """As far as the record knows."""
        return False


ATOMS.update({ShadowPid, ShadowName, ShadowKey, ShadowAlias, ShadowCaller, ShadowTask})


class Answer:
    """An answer that may be awaited, or not."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def __await__(self) -> Generator[Any, None, Any]:
        return self._now().__await__()

    async def _now(self) -> Any:
        return self._answer()


class Names:
    """How identities are called in a record. One object for each record, since callers have no names of their own."""

    behind = None

    def __init__(self) -> None:
        self._callers: dict[int, tuple[int, Caller[Any]]] = {}

    def refer(self, item: Any) -> tuple[Any, ...]:
        """What an identity is called."""
        match item:
            case Pid() | Process():
                return "pid", item.number
            case Name():
                return "name", item.name
            case KeyAddress():
                return "key", item.registry, item.key
            case Alias():
                return "alias", item.number, item._owner.number
            case Ref():
                return "ref", item.number
            case TaskRef():
                return "task", item.number, item.name
            case Caller():
                return "caller", self._callers.setdefault(id(item), (len(self._callers) + 1, item))[0]
            case _:
                return ("nothing",)

    def resolve(self, *_reference: Any) -> Any:
        """Nothing is read here."""
        raise TypeError("a record is read in a replay")


class World:
    """The identities of one replay.

    Args:
        number: of the process.
        name: its name in the record, or None.
        modules: those that are executed aside, by name. Optional. Defaults to none.

    Attributes:
        outside: what stands in the place of every process.
        tape: what the record has for the step that is replayed, and what that does.
    """

    behind = None
    tape: Tape

    def __init__(
        self, number: int, name: str | None = None, modules: Mapping[str, ModuleType] | None = None
    ) -> None:
        self._modules: Final = modules or {}
        self.outside: Final = Outside(number, name)
        self.pid: Final = ShadowPid(self, number)
        self._numbers = itertools.count(PLACEHOLDERS)
        self._bound: dict[tuple[str, int], int] = {}
        self._one: dict[tuple[str, int], Any] = {}

    def aside(self, item: type | FunctionType) -> bool:
        """Whether a class or a function is of the modules that are executed aside."""
        module = self._modules.get(item.__module__)
        return module is not None and named(module, item.__qualname__) is item

    # --- placeholders -------------------------------------------------------------------------------

    def ref(self) -> Ref:
        """A new monitor or timer."""
        return Ref(next(self._numbers))

    def child(self) -> ShadowPid:
        """A new process."""
        return ShadowPid(self, next(self._numbers))

    def alias(self) -> ShadowAlias:
        """A new alias of this process."""
        return ShadowAlias(self, next(self._numbers), self.outside.number)

    def caller(self) -> ShadowCaller:
        """Whoever has sent the call that is handled."""
        number = next(self._numbers)
        made = self._one["caller", number] = ShadowCaller(self, number)
        return made

    def task(self, name: str) -> ShadowTask:
        """A new task."""
        number = next(self._numbers)
        made = self._one["task", number] = ShadowTask(self, number, name)
        return made

    def same(self, recorded: Any, replayed: Any) -> bool:
        """Whether two identities are one; a placeholder becomes the one that it is first compared with."""
        kind, here = _key(replayed)
        other, there = _key(recorded)
        if kind != other:
            return False
        if kind in {"name", "key"}:
            return bool(recorded == replayed)
        if here < PLACEHOLDERS:
            return bool(here == there)
        taken = (number for (sort, _), number in self._bound.items() if sort == kind)
        if (kind, here) not in self._bound and there not in taken:
            self._bound[kind, here] = there
        return self._bound.get((kind, here)) == there

    @contextmanager
    def trial(self) -> Iterator[Callable[[], None]]:
        """Compare, and bind what that binds only if the function that is given is called."""
        before, kept = dict(self._bound), False

        def keep() -> None:
            nonlocal kept
            kept = True

        yield keep
        if not kept:
            self._bound = before

    # --- copying ------------------------------------------------------------------------------------

    def refer(self, item: Any) -> tuple[Any, ...]:
        """What an identity is called in a copy; what a placeholder stands for, where that is known."""
        match item:
            case ShadowName():
                return "name", item.name
            case ShadowKey():
                return "key", item.registry, item.key
            case ShadowAlias():
                return "alias", self._now("alias", item.number), item.pid
            case ShadowTask():
                return "task", self._now("task", item.number), item.name
            case Ref() | ShadowPid() | ShadowCaller():
                kind, number = _key(item)
                return kind, self._now(kind, number)
            case _ if item is NOTHING:
                return ("nothing",)
            case _:
                raise Unanswered(f"it uses the live {item!r}, and not one that it was given")

    def _now(self, kind: str, number: int) -> int:
        return self._bound.get((kind, number), number)

    def resolve(self, kind: str, *what: Any) -> Any:
        """The shadow of what is called so."""
        match kind:
            case "pid":
                return ShadowPid(self, what[0])
            case "name":
                return ShadowName(self, what[0])
            case "key":
                return ShadowKey(self, *what)
            case "alias":
                return ShadowAlias(self, *what)
            case "ref":
                return Ref(what[0])
            case "task":
                return self._one.setdefault((kind, what[0]), ShadowTask(self, *what))
            case "caller":
                return self._one.setdefault((kind, what[0]), ShadowCaller(self, *what))
            case "code":
                return named(self._modules[what[0]], what[1])
            case _:
                return NOTHING


def number_of(target: Any) -> int | None:
    """The number of the process that an address means; None where it cannot be told."""
    if isinstance(target, ShadowPid) and target.number < PLACEHOLDERS:
        return target.number
    return target.pid if isinstance(target, ShadowAlias) else None


def is_identity(value: Any) -> bool:
    """Whether a value of a replay stands for somebody."""
    return type(value) in _IDENTITIES


_IDENTITIES: Final = frozenset({ShadowPid, ShadowName, ShadowKey, ShadowAlias, ShadowCaller, ShadowTask, Ref})


def _key(item: Any) -> tuple[str, Any]:
    match item:
        case ShadowPid():
            return "pid", item.number
        case ShadowAlias():
            return "alias", item.number
        case Ref():
            return "ref", item.number
        case ShadowTask():
            return "task", item.number
        case ShadowCaller():
            return "caller", item.number
        case ShadowKey():
            return "key", item.key
        case _:
            return "name", item.name
