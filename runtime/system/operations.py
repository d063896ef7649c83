"""The public operations: each asks one thing of a process, and waits for the answer.

All of them raise:

    NoProcess, NotRegistered     nobody is there
    CallTimeout                  no answer within `timeout` seconds (None: wait for ever); it may still be done, later
    ProcessDied                  the process ended first
    SelfCall, CallCycle          the process, or one that waits for it, asks about itself
    TypeError                    this kind of process cannot do that; NodeError for the root supervisor, and from another thread
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..errors import ProcessDied
from ..pid import Address
from .asking import ask
from .counting import Statistics
from .requests import GetState, GetStatus, Measure, ReplaceState, Resume, Status, Suspend, Terminate

__all__ = ["get_state", "get_status", "replace_state", "resume", "statistics", "suspend", "terminate"]


async def suspend(address: Address, timeout: float | None = 5.0) -> None:
    """Let a process handle nothing more until `resume`. Once this has returned, none of its handlers runs.

    What is sent to it waits, timers go on and their messages wait too, tasks beside it go on. It still answers what is asked here,
    obeys the exit signals of others, and shuts down when its supervisor says so. To suspend a suspended process changes nothing:
    one `resume` is enough.

    A coroutine process goes on until its next `receive`, which then takes nothing.
    """
    await ask(address, Suspend(), timeout)


async def resume(address: Address, timeout: float | None = 5.0) -> None:
    """Let a suspended process go on, whoever has suspended it. Without effect on one that is not."""
    await ask(address, Resume(), timeout)


async def get_state(address: Address, timeout: float | None = 5.0) -> Any:
    """The state of a process: a copy, where it is mutable. Of a state machine, `StateAndData`; of a supervisor, `SupervisorState`.

    Raises:
        NotSendable: it holds what cannot be shared.
        TypeError: it is a coroutine process, whose state is its local variables.
    """
    return await ask(address, GetState(), timeout)


async def replace_state(address: Address, function: Callable[[Any], Any], timeout: float | None = 5.0) -> Any:
    """Let `function(state)` be the state of a process from now on; the new state, as `get_state` would give it.

    For repairs, and for tests. The function runs in a step of the process: it may take long, and is killed with it. It gets a copy
    where the state is mutable, so that what it has begun to change is not half changed when it raises. A state machine's gets
    and returns `StateAndData`; nothing is entered, no time-out changes, and what was postponed waits on (as in OTP).

    Raises:
        CallbackFailed: the function raised. The state is as it was; so it is with each of these:
        BadReturn: it returned None, or what is mutable, and the process is strict.
        NotSendable: the state, old or new, holds what cannot be shared.
        TypeError: a state machine has no such state; or it is a supervisor or a coroutine process, or the function is `async`.
    """
    return await ask(address, ReplaceState(function), timeout)


async def get_status(address: Address, timeout: float | None = 5.0) -> Status:
    """What a process is, and whether it is suspended."""
    return await ask(address, GetStatus(), timeout)


async def statistics(
    address: Address, do: Literal["get", "on", "off"] = "get", timeout: float | None = 5.0
) -> Statistics | None:
    """Count the messages of a process, from `on` to `off`; `get` says how many there have been, or None while nothing is counted.

    Raises:
        ValueError: `do` is something else.
    """
    return await ask(address, Measure(do), timeout)


async def terminate(address: Address, reason: Any = "normal", timeout: float | None = 5.0) -> None:
    """End a process with `reason`, after its `terminate`; also while it is suspended. Returns when it has ended.

    An orderly end, unlike that by an exit signal: it waits for the handler that runs, and `terminate` runs whether exits are
    trapped or not. The supervisor does with it what it does with any end. (OTP's `sys:terminate` does not wait for the end,
    `gen_server:stop` does.)

    Raises:
        NotSendable: the reason holds what cannot be shared.
        TypeError: it is a coroutine process; send it an exit signal.
    """
    request = Terminate(reason)
    try:
        await ask(address, request, timeout)
    except ProcessDied as died:  # one that is isolated has no time left to answer
        if died.reason != request.reason:
            raise
