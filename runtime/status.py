"""The states of a process, as the small integers that the hot path compares."""

from __future__ import annotations

from typing import Final

__all__ = ["AWAITING", "ENDED", "IDLE", "PARKED", "READY", "RECEIVING", "RUNNING", "STATUSES", "SUSPENDED"]

IDLE: Final = 0
"""A server with nothing to do: a call may run at once."""
READY: Final = 1
"""In the run queue."""
RUNNING: Final = 2
"""Its code has the thread."""
AWAITING: Final = 3
"""Inside an await of an async handler or a coroutine process."""
RECEIVING: Final = 4
"""A coroutine process in `receive`."""
SUSPENDED: Final = 5
ENDED: Final = 6
PARKED: Final = 7
"""Its step has used up its time slice, and waits for the next one."""

STATUSES: Final = ("waiting", "ready", "running", "awaiting", "waiting", "suspended", "ended", "parked")
"""Their names for people."""
