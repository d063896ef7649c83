"""This runtime's side of the differential tests of state machines: runs a script in virtual time, and says what was observed.

The twin of `machine_side.erl`. A tick is a second here, and takes no time. It also says which moments were too near to
each other for a real clock to tell which comes first, and when nothing was left to happen.
"""

import asyncio
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from runtime import (
    BadReturn,
    Call,
    CancelTimeout,
    Cast,
    ChildSpec,
    Enter,
    EventTimeout,
    GenericTimeout,
    Info,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    ReplyTo,
    StartError,
    StateMachine,
    StateTimeout,
    Stop,
    UpdateTimeout,
)
from runtime.sending import request
from runtime.state_machine import agenda
from tests.differential.machine_script import MachineScript
from tests.support.clock import VirtualLoop, virtual_node

__all__ = ["Observed", "observe_machine"]

MARGIN = 3
"""Ticks between two moments that a real clock tells apart."""
LONGEST = 400
"""Ticks that a script may take on the BEAM."""
SCRIPT = "the script"
Observation = dict[str, Any]


@dataclass(frozen=True)
class Observed:
    """What was observed; how many ticks it took; and whether a real clock would have to see the same."""

    observation: Observation
    until: int
    certain: bool


@dataclass
class _Record:
    script: MachineScript
    trace: list[Any]
    due: list[float]


@dataclass(frozen=True)
class _Data:
    count: int = 0
    callers: tuple[tuple[int, Any], ...] = ()


class BoomError(Exception):
    """An ordinary crash."""


# --- the machine ----------------------------------------------------------------------------------


def _start(self: Any) -> Any:
    match self.resource(SCRIPT).script["start"]:
        case ["next", state, actions]:
            return _result(NextState, (state,), actions, _Data())
        case ["stop", reason, _]:
            return Stop(reason, _Data())
        case ["bad", *_]:
            return "no result"
        case _:
            raise BoomError


def _react(self: Any, event: Any, state: str, data: _Data) -> Any:
    record = self.resource(SCRIPT)
    kind, label, caller = _seen(event)
    if isinstance(event, Call) and all(number != event.message[1] for number, _ in data.callers):
        data = replace(data, callers=(*data.callers, (event.message[1], event.caller)))
    record.trace.append([state, kind, label])
    fuel = data.count < record.script["fuel"]
    data = replace(data, count=data.count + 1)
    key = f"{kind} {label}" if kind in {"cast", "call", "info", "internal"} else kind
    match record.script["states"][state].get(key) if fuel else None:
        case None:
            return KeepState(data)
        case ["next", target, actions]:
            return _result(NextState, (target,), actions, data)
        case ["keep", _, actions]:
            return _result(KeepState, (), actions, data)
        case ["repeat", _, actions]:
            return _result(RepeatState, (), actions, data)
        case ["stop_reply", reason, _] if caller is not None:
            return Stop(reason, data, reply="bye")
        case ["stop" | "stop_reply", reason, _]:
            return Stop(reason, data)
        case ["bad", *_]:
            return "no result"
        case _:
            raise BoomError


def _seen(event: Any) -> tuple[str, str, Any]:
    match event:
        case Call(message, caller):
            return "call", message[0], caller
        case Cast(label):
            return "cast", label, None
        case Info(label):
            return "info", label, None
        case Internal(label):
            return "internal", label, None
        case StateTimeout(label):
            return "state", label, None
        case EventTimeout(label):
            return "event", label, None
        case GenericTimeout(name, label):
            return name, label, None
        case Enter(previous):
            return "enter", previous, None


def _result(kind: Any, where: tuple[str, ...], actions: list[Any], data: _Data) -> Any:
    done = []
    for action in actions:
        match action:
            case ["reply", value]:
                if data.callers:
                    done.append(ReplyTo(data.callers[0][1], value))
                    data = replace(data, callers=data.callers[1:])
            case ["next_event", "call", label]:
                if data.callers:
                    number, caller = data.callers[0]
                    done.append(NextEvent(Call((label, number), caller)))
            case ["next_event", what, label]:
                done.append(NextEvent(_event(what, label)))
            case ["postpone"]:
                done.append(Postpone())
            case ["set", what, time, label]:
                done.append(_event(what, label, after=float("inf") if time == "infinity" else time))
            case ["cancel", what]:
                done.append(CancelTimeout(_event(what, "")))
            case ["update", what, label]:
                done.append(UpdateTimeout(_event(what, label)))
            case ["bad"]:
                done.append("no action")
    return kind(*where, data, *done)


def _event(what: str, label: str, **options: Any) -> Any:
    plain = {"cast": Cast, "info": Info, "internal": Internal, "state": StateTimeout, "event": EventTimeout}
    return plain[what](label, **options) if what in plain else GenericTimeout(what, label, **options)


def _terminate(self: Any, reason: Any, state: str, data: _Data) -> None:
    self.resource(SCRIPT).trace.append(["terminate", _class(reason), state, data.count])


def _class(reason: Any) -> str:
    if isinstance(reason, BadReturn):
        return "bad"
    return "boom" if isinstance(reason, BoomError) else reason


async def _react_later(self: Any, event: Any, state: str, data: _Data) -> Any:
    await asyncio.sleep(0)
    return _react(self, event, state, data)


def _methods(react: Any) -> dict[str, Any]:
    """A method for each state."""
    return {
        state: (lambda self, event, data, state=state: react(self, event, state, data)) for state in "abc"
    }


FORMS = {
    "one": {"handle_event": _react},
    "methods": _methods(_react),
    "async": {"handle_event": _react_later},
}
MACHINES = {
    (form, enter): type(
        f"Machine_{form}",
        (StateMachine,),
        {"init": _start, "terminate": _terminate, "state_enter": enter, **methods},
    )
    for form, methods in FORMS.items()
    for enter in (False, True)
}


# --- a script on it -------------------------------------------------------------------------------


def observe_machine(script: MachineScript) -> Observed:
    """What this runtime does with the script."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_observe(script))


async def _observe(script: MachineScript) -> Observed:
    loop = asyncio.get_running_loop()
    record = _Record(script, [], [])
    async with virtual_node(resources={SCRIPT: record}, time_slicing=False) as node:
        machine = MACHINES[script["form"], script["enter"]]
        began = loop.time()
        starting = agenda.start

        def start(owner: Any, seconds: float, fire: Any) -> Any:
            record.due.append(loop.time() - began + seconds)
            return starting(owner, seconds, fire)

        agenda.start = start
        try:
            pid = await node.start(ChildSpec("machine", machine, restart="temporary", register=False))
        except StartError as error:
            ended = {"trace": record.trace, "end": ["not_started", _class(error.reason)], "replies": []}
            return Observed(ended, 0, True)
        try:
            replies = await _drive(script, pid, began)
        finally:
            agenda.start = starting
        process = pid._process
        if pid.alive:
            end = ["alive", process.state.state, process.state.data.count]
        else:
            end = ["ended", _class(process.reason)]
        answers = [[number, _answer(future)] for number, future in replies]
        for _, future in replies:
            future.cancel()
    moments = sorted([*record.due, *{float(moment) for moment, *_ in script["inputs"]}])
    certain = all(later - earlier >= MARGIN for earlier, later in pairwise(moments))
    until = round(max(moments, default=0)) + 2 * MARGIN
    observation = {"trace": record.trace, "end": end, "replies": answers}
    return Observed(observation, until, certain and until <= LONGEST)


async def _drive(script: MachineScript, pid: Any, began: float) -> list[Any]:
    """Send what happens to the machine, and wait until nothing is left to happen. The calls that were sent."""
    loop = asyncio.get_running_loop()
    replies = []
    for moment, kind, label, number in script["inputs"]:
        wait = began + moment - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        match kind:
            case "cast":
                pid.cast(label)
            case "info":
                pid.send(label)
            case _:
                if pid.alive:
                    replies.append((number, request(pid, pid._process, (label, number))))
                else:
                    future = loop.create_future()
                    future.set_result("died")
                    replies.append((number, future))
    await asyncio.sleep(3000)
    return replies


def _answer(future: Any) -> str:
    if not future.done():
        return "none"
    return "died" if future.exception() is not None else future.result()
