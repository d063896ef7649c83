"""From a real run to its replay: what a process has done comes out again, exactly."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest

from runtime import ChildSpec, NoReply, ProcessDied, ProcessExit, Reply, Server, Stop, exits
from runtime.replay import Broken, Recording, record, record_of_events, replay
from runtime.signals import Down
from runtime.state_machine.behaviour import StateMachine
from runtime.state_machine.events import Call, Cast, Enter, Internal, StateTimeout
from runtime.state_machine.results import KeepState, NextEvent, NextState, Postpone, ReplyTo
from tests.support.eventually import eventually


@dataclass(frozen=True)
class Chat:
    steps: int = 0
    waiting: tuple[Any, ...] = ()
    peers: tuple[Any, ...] = ()
    refs: tuple[Any, ...] = ()


class Agent(Server):
    strict = True
    counters = ("tokens",)

    def init(self, oracle):
        return Chat(peers=(oracle,))

    def handle_call(self, message, caller, state):
        if message == "later":
            return NoReply(replace(state, waiting=(*state.waiting, caller)))
        if message == "watch":
            pid = self.spawn(short)
            return Reply(
                pid, replace(state, peers=(*state.peers, pid), refs=(*state.refs, self.monitor(pid)))
            )
        return Reply(self.call(state.peers[0], message), replace(state, steps=state.steps + 1))

    async def handle_cast(self, message, state):
        await asyncio.sleep(0)
        answers = [await state.peers[0].call(text) for text in message]
        for caller in state.waiting:
            caller.reply(tuple(answers))
        self.count("tokens", len(answers))
        self.send_after(0, "tick")
        return replace(state, steps=state.steps + len(answers), waiting=())

    def handle_info(self, message, state):
        match message:
            case Down(ref, pid, _):
                return replace(
                    state,
                    refs=tuple(one for one in state.refs if one != ref),
                    peers=tuple(one for one in state.peers if one != pid),
                )
        return replace(state, steps=state.steps + 100)


class Oracle(Server):
    def init(self):
        return {"asked": 0}

    def handle_call(self, message, caller, state):
        state["asked"] += 1
        state[message] = state["asked"]
        return Reply(f"{message}{state['asked']}", state)


class Ending(Server):
    trap_exits = True

    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        if message == "bye":
            return Stop("normal", state + 1, reply="bye")
        return Reply(10 // message, state + message)

    async def handle_cast(self, message, state):
        await asyncio.sleep(0)
        raise ProcessExit(("shutdown", message))


class Gate(Server):
    def init(self):
        return ()

    def handle_call(self, message, caller, held):
        return NoReply((*held, caller)) if message == "hold" else Reply("quick", held)

    def handle_cast(self, message, held):
        for caller in held:
            caller.reply("open")
        return ()


class Asker(Server):
    def init(self, gate):
        return {"gate": gate, "answers": []}

    async def handle_cast(self, message, state):
        for word in message:
            state["answers"].append(await state["gate"].call(word))
        return state


async def short(process):
    pass


@dataclass(frozen=True)
class Door:
    tries: int = 0
    caller: Any = None


class Lock(StateMachine):
    state_enter = True

    def init(self):
        return NextState("locked", Door())

    def locked(self, event, data):
        match event:
            case Enter(_):
                return KeepState(replace(data, tries=0))
            case Call("open", caller):
                return NextState("open", replace(data, caller=caller), StateTimeout("shut", after=0.01))
            case Call("break", _):
                raise ValueError("broken")
            case Call(_, _):
                return KeepState(
                    replace(data, tries=data.tries + 1), NextEvent(Internal("alarm")), reply="no"
                )
            case Internal(_):
                return KeepState(replace(data, tries=data.tries + 10))
            case Cast(_):
                return KeepState(data, Postpone())

    def open(self, event, data):
        match event:
            case StateTimeout(_):
                return NextState("locked", replace(data, caller=None), ReplyTo(data.caller, "shut"))
            case Call(_, _):
                return KeepState(data, Postpone())
            case _:
                return KeepState(data)


async def recorded(node, pid):
    return record(pid)


def identical(report):
    assert report.differing == ()
    assert report.ended == ""
    assert report.identical


@pytest.mark.parametrize("mode", ["lock-step", "free"])
async def test_an_agent(node, mode):
    oracle = await node.start(ChildSpec("oracle", Oracle))
    agent = await node.start(ChildSpec("agent", Agent, oracle))
    recorder = await recorded(node, agent)
    assert await agent.call("a") == "a1"
    later = asyncio.ensure_future(agent.call("later"))
    await asyncio.sleep(0)
    await agent.call("watch")
    agent.cast(("b", "c"))
    assert await later == ("b2", "c3")
    await eventually(lambda: agent._process.state.steps == 103 and not agent._process.state.refs)
    recording = Recording.of(recorder.packed())
    identical(await replay(node, recording, mode=mode))
    assert len(recording.steps) == 6
    assert oracle._process.state["asked"] == 3


async def test_a_recording_that_begins_amid_a_handler_begins_with_the_next_step(node):
    gate = await node.start(ChildSpec("gate", Gate))
    asker = await node.start(ChildSpec("asker", Asker, gate))
    asker.cast(("quick", "hold", "quick"))
    await eventually(lambda: gate._process.state)
    recorder = await recorded(node, asker)
    gate.cast("open")
    asker.cast(("quick", "quick"))
    await eventually(lambda: len(asker._process.state["answers"]) == 5)
    recording = Recording.of(recorder.packed())
    identical(await replay(node, recording))
    assert [len(step.asks) for step in recording.steps] == [2]


@pytest.mark.parametrize("mode", ["lock-step", "free"])
@pytest.mark.parametrize("thread", [False, True])
async def test_a_state_that_is_changed_in_place(node, mode, thread):
    oracle = await node.start(ChildSpec("oracle", Oracle, thread=thread))
    recorder = await recorded(node, oracle)
    for text in "abc":
        await oracle.call(text)
    identical(await replay(node, Recording.of(recorder.packed()), mode=mode))


@pytest.mark.parametrize("mode", ["lock-step", "free"])
async def test_a_state_machine(node, mode):
    lock = await node.start(ChildSpec("lock", Lock))
    await lock.call("no")
    recorder = await recorded(node, lock)
    assert await lock.call("guess") == "no"
    lock.cast("later")
    assert await lock.call("open") == "shut"
    await eventually(lambda: lock._process.state.state == "locked" and lock._process.letters == 0)
    recording = Recording.of(recorder.packed())
    identical(await replay(node, recording, mode=mode))
    assert len(recording.steps) >= 8


@pytest.mark.parametrize("end", ["raise", "stop", "exit", "kill"])
async def test_how_a_process_ends(node, end):
    pid = await node.start(ChildSpec("ending", Ending, restart="temporary"))
    recorder = await recorded(node, pid)
    assert await pid.call(5) == 2
    if end == "raise":
        with pytest.raises(ProcessDied):
            await pid.call(0)
    elif end == "stop":
        assert await pid.call("bye") == "bye"
    elif end == "exit":
        pid.cast("soon")
    else:
        exits.signal(pid._process, "kill")
    await eventually(lambda: not pid.alive)
    recording = Recording.of(recorder.packed())
    identical(await replay(node, recording))
    assert len(recording.steps) == (1 if end == "kill" else 2)
    assert (recording.steps[-1].raised is not None) == (end in {"raise", "exit"})
    assert (recording.steps[-1].ended is not None) == (end == "stop")


async def test_a_state_machine_that_breaks_in_a_call(node):
    lock = await node.start(ChildSpec("lock", Lock, restart="temporary"))
    recorder = await recorded(node, lock)
    with pytest.raises(ProcessDied):
        await lock.call("break")
    recording = Recording.of(recorder.packed())
    identical(await replay(node, recording))
    assert recording.steps[-1].text == "call locked"


async def test_a_crash_that_nobody_had_recorded(node):
    pid = await node.start(ChildSpec("ending", Ending, restart="temporary"))
    await pid.call(5)
    with pytest.raises(ProcessDied):
        await pid.call(0)
    flown = node.scheduler.listening.flight.last(60, pid=pid.number)
    recording = Recording.of(record_of_events(node, flown), pid.number)
    report = await replay(node, recording)
    identical(report)
    assert len(recording.steps) == 1
    assert "1 of 2 messages is in the record without a state" in report.notes[0]
    with pytest.raises(Broken, match="no state of it: a flight recorder keeps states of handlers that raise"):
        Recording.of(record_of_events(node, [one for one in flown if one[1] != "raised"]), pid.number)


@pytest.mark.parametrize("seed", range(6))
async def test_many_messages_in_any_order(node, seed):
    draw = random.Random(seed)
    oracle = await node.start(ChildSpec("oracle", Oracle))
    agent = await node.start(ChildSpec("agent", Agent, oracle))
    lock = await node.start(ChildSpec("lock", Lock))
    recorders = [await recorded(node, pid) for pid in (oracle, agent, lock)]
    waiting = []
    for _ in range(60):
        match draw.choice(["ask", "cast", "later", "watch", "guess", "open", "knock", "pause"]):
            case "ask":
                waiting.append(asyncio.ensure_future(agent.call(draw.choice("abc"))))
            case "cast":
                agent.cast(tuple(draw.choices("abc", k=draw.randrange(4))))
            case "later" | "watch" as message:
                waiting.append(asyncio.ensure_future(agent.call(message)))
            case "guess" | "open" as message:
                waiting.append(asyncio.ensure_future(lock.call(message)))
            case "knock":
                lock.cast("knock")
            case _:
                await asyncio.sleep(0)
    await asyncio.sleep(0)  # all have been sent
    agent.cast(())
    await asyncio.gather(*waiting)
    await eventually(lambda: not agent._process.letters and not lock._process.letters)
    for recorder in recorders:
        recording = Recording.of(recorder.packed())
        for mode in ("lock-step", "free"):
            identical(await replay(node, recording, mode=mode))
