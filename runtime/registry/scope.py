"""What names a table in every node: a constant of a module, that processes may send, and keep in their states.

    ROOMS = Registry("rooms")               no node yet
    ROOMS.register(self, "lobby")           a table in the node of this process, made on first use

Its operations take where they are to happen: a process's handle (`self`), a pid, or a node.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeAlias, TypeVar

from ..errors import NodeError, NoProcess, describe
from ..handle import Handle
from ..messages import is_constant
from ..pid import Pid
from ..status import ENDED
from .directory import Directory
from .entries import Entries, Entry

if TYPE_CHECKING:
    from ..node import Node
    from ..process import Process

__all__ = ["Member", "Scope", "Where", "check_constant", "check_key", "node_at", "node_of", "process_of"]

Table = TypeVar("Table", bound=Entries)
_FORMS: Final = "use a string, a number, a tuple or a frozen dataclass"
Member = Handle | Pid
"""A process that joins, registers, …: `self`, or a pid."""
Where: TypeAlias = "Handle | Pid | Node"
"""Any of these says in which node."""


class Scope(Generic[Table]):
    """Names one table in every node. Immutable; two of the same kind and name are the same.

    Args:
        name: of the table, for its readers and the console.

    Raises:
        TypeError: the name is no string.
    """

    __slots__ = ("name",)
    kind: ClassVar[str] = "entry"
    """What an entry is called by observers."""

    def __init__(self, name: str) -> None:
        if type(name) is not str:
            raise TypeError(f"{type(self).__name__}(name): a name is a string; got {name!r}")
        object.__setattr__(self, "name", name)

    name: str

    def _new(self) -> Table:
        raise NotImplementedError

    def _table(self, where: Any) -> Table:
        """The table in the node of `where`. Safe from any thread."""
        tables: dict[Any, Any] = node_of(where).registry.tables
        table: Table | None = tables.get(self)
        return tables.setdefault(self, self._new()) if table is None else table

    def words(self, entry: Entry) -> str:
        """The key of an entry, for observers: no value, and no code of its class."""
        return describe(entry.key)

    def __setattr__(self, name: str, value: Any, /) -> None:
        raise AttributeError(f"a {type(self).__name__} is immutable; make another to change {name}")

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():  # as it comes from another OS process
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.name == self.name

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self


def node_at(where: Any) -> Node | None:
    """The node of a handle, of a pid, or itself; None for what is none of them."""
    if isinstance(where, Handle | Pid):
        return where._process.sched.node
    return where if isinstance(getattr(where, "registry", None), Directory) else None


def node_of(where: Any) -> Node:
    """As `node_at`. Raises TypeError for what is none of them."""
    node = node_at(where)
    if node is None:
        raise TypeError(f"not a place to look: {where!r}; give self, a pid or the node")
    return node


def process_of(member: Any) -> Process:
    """The process of a handle or a pid, which is about to get an entry or to lose one.

    Raises:
        TypeError: it is neither.
        NodeError: its node lives in another thread.
        NoProcess: it has ended.
    """
    if not isinstance(member, Handle | Pid):
        raise TypeError(f"not a process: {member!r}; give self or a pid")
    process = member._process
    if get_ident() != process.sched.thread:
        raise NodeError(
            f"{process.pid} lives in another thread; go through its loop: loop.call_soon_threadsafe(…)"
        )
    if process.status == ENDED:
        raise NoProcess(process.pid)
    return process


def check_key(what: str, key: Any) -> None:
    """Raises TypeError for what cannot be a key: it has no hash, or can change."""
    hash(key)
    check_constant(what, key)


def check_constant(what: str, value: Any) -> None:
    """Raises TypeError for what can change."""
    if not is_constant(value):
        raise TypeError(f"a {what} is an immutable value; a {type(value).__name__} can change: {_FORMS}")
