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
        holder = self._names.setdefault(name, process)
        if holder is not process:
            if holder.status != ENDED:
                raise AlreadyRegistered(name, holder.pid)
            self._names[name] = process

    def release(self, process: Process) -> None:
        """Free the name of a process that ends. Its child keeps it, for reports."""
        name = process.name
        if name is not None and self._names.get(name) is process:
            del self._names[name]
