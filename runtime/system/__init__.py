"""What can be asked of every process, whatever its behaviour is: OTP's `sys`.

    from runtime import system

    await system.suspend(pid)                        nothing more is handled; what is sent waits
    await system.get_state(pid)                      the state
    await system.replace_state(pid, function)        function(state) is the state now
    await system.resume(pid)                         it goes on

    await system.get_status(pid)                     what it is, and whether it is suspended
    await system.statistics(pid, "on")               counts its messages, from now on
    await system.terminate(pid, "shutdown")          its `terminate`, then its end

    ask ──> mailbox, in its turn ───────────────┬──> a step of the process ──> the answer, or the error
        └─> suspended: before all that waits ───┘

A process answers between two messages, hence never in the middle of a handler, and a handler that takes long is waited for, up to
the time limit. `operations` says what each of them does; `requests` what of it is done in the process.
"""

from .counting import Statistics
from .operations import get_state, get_status, replace_state, resume, statistics, suspend, terminate
from .requests import Status
from .states import SupervisorState

__all__ = [
    "Statistics", "Status", "SupervisorState", "get_state", "get_status", "replace_state", "resume", "statistics", "suspend",
    "terminate",
]  # fmt: skip
