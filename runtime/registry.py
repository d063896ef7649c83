"""Names: at most one living process has a name (OTP's `register/2`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import AlreadyRegistered
from .status import ENDED

if TYPE_CHECKING:
    from .process import Process

__all__ = ["Registry"]


class Registry:
    """Name to process."""

    def __init__(self) -> None:
        self._names: dict[str, Process] = {}
        self.dead_letters = 0
        """Messages to names that nobody had."""

    def find(self, name: str) -> Process | None:
        """Who has `name` now."""
        process = self._names.get(name if type(name) is str else str.__str__(name))
        return process if process is not None and process.status != ENDED else None

    def register(self, name: str, process: Process) -> None:
        """Give `process` the name.

        Raises:
            AlreadyRegistered: another living process has it.
        """
        holder = self.find(name)
        if holder is not None and holder is not process:
            raise AlreadyRegistered(name, holder.pid)
        self._names[name] = process
        process.name = name

    def release(self, process: Process) -> None:
        """Free the name of a process that ends. The process keeps it in its record, for reports."""
        if process.name is not None and self._names.get(process.name) is process:
            del self._names[process.name]
