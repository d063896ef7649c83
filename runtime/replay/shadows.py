"""Shadows: what stands for pids, names, aliases, callers and tasks in a replay. They note what is sent to them, and answer from the record."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Final

from ..caller import Caller
from ..messages import ATOMS, share
from ..pid import Address, Alias, Name, Pid, Ref, pid_text
from ..results import NOTHING
from ..tasks import TaskRef

if TYPE_CHECKING:
    from .identities import World

__all__ = [
    "PLACEHOLDERS", "Answer", "Outside", "ShadowAlias", "ShadowCaller", "ShadowKey", "ShadowName", "ShadowPid", "ShadowTask", "Unanswered",
    "is_identity", "key_of", "number_of",
]  # fmt: skip

PLACEHOLDERS: Final = 9 * 10**11
"""Numbers of placeholders begin here: no process and no ref has such."""


class Unanswered(BaseException):
    """Raised in a handler that wants to know what is in no record."""


class Outside:
    """In the place of the process: whatever is read of it is not in the record."""

    def __init__(self, number: int, name: str | None) -> None:
        self.number = number
        self.name = name

    def note(self, text: str) -> None:
        """What the runtime would add to the events of the process."""

    def __getattr__(self, name: str) -> Any:
        raise Unanswered(
            f"it uses the node by other ways than `self` and addresses ({name}), which no record has"
        )

    def __str__(self) -> str:
        return pid_text(self.number)


def _deliver(address: Any, message: object) -> None:
    address._world.tape.sent(address, share(message))


class _Shadow(Address):
    """What all addresses of a replay can do."""

    __slots__ = ()
    _world: World

    async def call(self, message: Any, timeout: float | None = 5.0) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002 - as `Address.call`
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
        self._process = world.outside  # pyright: ignore[reportAttributeAccessIssue]  # nobody
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


class ShadowKey(ShadowName):
    """A key of a registry."""

    __slots__ = ("key", "registry")

    def __init__(self, world: World, registry: Any, key: Any) -> None:
        super().__init__(world, f"{registry}[{key!r:.80}]")
        self.registry = registry
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShadowKey) and (other.registry, other.key) == (self.registry, self.key)

    def __hash__(self) -> int:
        return hash(self.key)


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


_NAMES: Final[dict[type, str]] = {
    ShadowPid: "Pid", ShadowName: "Name", ShadowKey: "KeyAddress", ShadowAlias: "Alias", ShadowCaller: "Caller", ShadowTask: "TaskRef",
}  # fmt: skip
for _kind, _name in _NAMES.items():
    _kind.__name__ = _kind.__qualname__ = _name  # as what they stand for is shown
ATOMS.update(_NAMES)


class Answer:
    """An answer that may be awaited, or not."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer

    def __await__(self) -> Generator[Any, None, Any]:
        return self._now().__await__()

    async def _now(self) -> Any:
        return self._answer()


def number_of(target: Any) -> int | None:
    """The number of the process that an address means; None where it cannot be told."""
    if isinstance(target, ShadowPid) and target.number < PLACEHOLDERS:
        return target.number
    return target.pid if isinstance(target, ShadowAlias) else None


def is_identity(value: Any) -> bool:
    """Whether a value of a replay stands for somebody."""
    return type(value) in _IDENTITIES


_IDENTITIES: Final = frozenset({ShadowPid, ShadowName, ShadowKey, ShadowAlias, ShadowCaller, ShadowTask, Ref})


def key_of(item: Any) -> tuple[str, Any]:
    """What tells an identity from others of its kind: the kind, and a number or a name."""
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
