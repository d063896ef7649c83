"""Two reasons for a process to handle nothing: somebody has suspended it, or an upgrade holds it between two messages.

    pause, resume     of the process: somebody suspends it, and lets it go on       may come while an upgrade holds it
    freeze, thaw      here: an upgrade holds it, and lets go of it

Each is undone by itself; the process goes on when neither is left. For whatever handles messages there is only `process.suspend`: one test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .status import IDLE, READY, SUSPENDED

if TYPE_CHECKING:
    from .process import Process

__all__ = ["freeze", "suspended", "thaw"]


def suspended(process: Process) -> bool:
    """Whether somebody has suspended it. From any thread."""
    besides = process.extra.suspended if process.extra is not None else None
    return process.suspend if besides is None else besides


def freeze(process: Process) -> None:
    """Let it handle nothing more until `thaw`. To be called once, when it is between two messages, or for when its step is over."""
    process.more().suspended = process.suspend
    process.suspend = True
    if process.status in {IDLE, READY}:
        process.status = SUSPENDED


def thaw(process: Process) -> bool:
    """Let go of it. Whether it goes on now: not if it is suspended, nor if it went on before (see `Process.unpause`)."""
    extra = process.extra
    if extra is None or extra.suspended is None:
        return False
    process.suspend, extra.suspended = extra.suspended, None
    if process.suspend:
        return False
    if process.status == SUSPENDED and process.parked() is None:
        process.rest()
    return True
