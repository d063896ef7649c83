"""How a supervisor starts one child: at once where `init` is plain, else it waits.

start_now(…)
STARTED      it runs
IGNORED      its init returned Ignore()
PENDING      it takes time: pending(…) waits, and ends with one of the others
else         the reason why it did not start
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .. import exits
from ..errors import ObserverError
from ..status import ENDED
from .registration import holder
from .stopping import ended

if TYPE_CHECKING:
    from ..process import Process
    from .child import Child

__all__ = ["IGNORED", "PENDING", "STARTED", "failed", "pending", "start", "start_now"]

STARTED: Final = None
IGNORED: Final = object()
PENDING: Final = object()


def failed(outcome: Any) -> bool:
    """Whether `outcome`, of a start that is over, is the reason of a failure."""
    return outcome is not STARTED and outcome is not IGNORED


def start_now(supervisor: Process, child: Child) -> Any:
    """Start a child's process; PENDING where that takes time."""
    try:
        process = supervisor.sched.node.spawn_child(supervisor, child)
    except ObserverError as error:
        return error if _orphan(supervisor, child) is None else PENDING
    return PENDING if process.initialising else _outcome(child, process)


async def start(supervisor: Process, child: Child) -> Any:
    """Start a child's process and wait for its `init`."""
    outcome = start_now(supervisor, child)
    return await pending(supervisor, child) if outcome is PENDING else outcome


async def pending(supervisor: Process, child: Child) -> Any:
    """Wait for what `start_now` has left: an orphan that holds the name or key, or an `init` that awaits."""
    process = child.process
    if process is None:
        orphan = _orphan(supervisor, child)
        if orphan is not None:
            await _wait_for(orphan, supervisor, child)
        return await start(supervisor, child)
    limit = child.terms.start_timeout
    if limit is None:
        await supervisor.sched.node.until_started(process)
        return _outcome(child, process)
    return await _within(limit, supervisor, child, process)


async def _within(limit: float, supervisor: Process, child: Child, process: Process) -> Any:
    """Wait for an `init` that has `limit` seconds; then the process is killed, and the reason is `timeout` (gen_server's)."""
    late = False

    def expire() -> None:
        nonlocal late
        late = process.initialising
        if late:
            exits.signal(process, "kill", supervisor, by=f"start_timeout of {limit:g} s")

    expiry = supervisor.sched.loop.call_later(limit, expire)
    try:
        await supervisor.sched.node.until_started(process)
    finally:
        expiry.cancel()
    outcome = _outcome(child, process)
    return "timeout" if late else outcome


def _outcome(child: Child, process: Process) -> Any:
    """The `init` of a child's process is over."""
    if process.status == ENDED:
        child.process = None
        return IGNORED if child.ignored else process.reason
    child.started(process)
    ledger = process.sched.node.ledger
    if ledger.given_up:
        ledger.replaced(child.path, process.number)
    return STARTED


def _orphan(supervisor: Process, child: Child) -> Process | None:
    """A process that still holds the child's name or key, although its own supervisor was killed: it is ending."""
    found = holder(child, supervisor.sched.node.registry)
    if found is None or found.parent is None or found.parent.status != ENDED:
        return None
    return found


async def _wait_for(orphan: Process, supervisor: Process, child: Child) -> None:
    """Let it end. OTP does not wait; a killed tree can then use up its restarts on names that are about to be free."""
    await ended(orphan, supervisor, child.shutdown if child.shutdown != "brutal_kill" else 0.0)
