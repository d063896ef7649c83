"""Where a process runs, if not on the node's loop: on a thread, or in an OS process, of its own."""

from __future__ import annotations

from typing import Literal

from .base import Model, Status

__all__ = ["Inside", "OSLimits", "OSProcess", "OwnThread", "Place"]

Place = Literal["thread", "isolated"]
"""On a thread of its own, or in an OS process of its own."""


class OwnThread(Model):
    """The thread on which the handlers of a process run."""

    name: str
    ident: int
    """As Python calls it."""
    native_id: int
    """As the system calls it, and `top -H`."""


class OSLimits(Model):
    """What an isolated process may take; None for no limit."""

    memory: int | None = None
    """Bytes of address space."""
    cpu: int | None = None
    """Seconds of processor time."""
    files: int | None = None
    processes: int = 0


class Inside(Model):
    """A process that was spawned in an isolated one, and lives there."""

    pid: str
    label: str | None = None
    behaviour: str
    status: Status
    mailbox: int = 0


class OSProcess(Model):
    """The OS process of an isolated process. A figure that the system does not tell is None."""

    pid: int
    memory: int | None = None
    """Resident bytes."""
    address_space: int | None = None
    """Bytes of address space: what the limit of memory is for."""
    cpu_s: float | None = None
    """Processor seconds used since it was started."""
    busy: float | None = None
    """Share of one processor that it took, over the last second or more that somebody looked; may exceed 1."""
    files: int | None = None
    """Open file descriptors; counted up to 20,000."""
    processes: int | None = None
    """OS processes that it has started and that still run, as last counted."""
    limits: OSLimits
    inside: list[Inside] = []
    """Processes that live in it besides the one that it is for; cut at 100."""
    more_inside: int = 0
    """Of these not listed."""
    note: str = ""
    """Why something is not known: it does not answer, or the system does not tell."""
