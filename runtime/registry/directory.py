"""A node's directory: at most one living process has a name (OTP's `register/2`); and the tables of its registries and groups.

A process that ends is out of all of them at once: before its callers, links and monitors are told, and before its
supervisor starts another. Whoever has been told of an end finds nothing of it any more.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..errors import AlreadyRegistered
from ..status import ENDED
from ..trace.telling import tell

if TYPE_CHECKING:
    from ..process import Process
    from .entries import Entries
    from .scope import Scope

__all__ = ["Directory"]


class Directory:
    """Name to process; and tables of entries, by the scope that names them."""

    def __init__(self) -> None:
        self._names: dict[str, Process] = {}
        self.tables: Final[dict[Scope[Any], Entries]] = {}
        self.dead_letters = 0
        """Messages to names and keys that nobody had."""
        self.abroad: Callable[..., Any] | None = None
        """Where operations on tables are asked for, if the tables are those of another OS process."""

    def find(self, name: str) -> Process | None:
        """Who has `name` now."""
        process = self._names.get(name if type(name) is str else str.__str__(name))
        return process if process is not None and process.status != ENDED else None

    def some(self, most: int) -> list[str]:
        """Names that are taken, at most so many. From the loop; a reader on another thread tries again where they change."""
        return list(islice(self._names, most))

    def register(self, name: str, process: Process) -> None:
        """Give `process` the name.

        Raises:
            AlreadyRegistered: another living process has it.
        """
        holder = self._names.setdefault(name, process)
        if holder is not process:
            if holder.status != ENDED:
                raise AlreadyRegistered(name, holder.pid)
            self._names[name] = process
        if process.sched.tap is not None:
            tell(process, "register", name)

    def release(self, process: Process) -> None:
        """Free the name of a process that ends, and drop its entries. Its child keeps the name, for reports."""
        name = process.name
        if name is not None and self._names.get(name) is process:
            del self._names[name]
            if process.sched.tap is not None:
                tell(process, "unregister", name)
        for table in list(self.tables.values()):
            table.release(process)
