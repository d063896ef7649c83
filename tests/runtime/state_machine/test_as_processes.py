"""Machines are processes like any other: sliced, suspended, killed, supervised, and told of what happens to others."""

import asyncio

import pytest

from runtime import (
    Call,
    Cast,
    ChildSpec,
    Down,
    Exit,
    Info,
    KeepState,
    NextState,
    ProcessExit,
    Reply,
    ReplyTo,
    Server,
    StateMachine,
    StateTimeout,
    Stop,
    Supervisor,
    TaskDone,
    exits,
)
from runtime.status import IDLE, STATUSES
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import Obeys, end_of, quiet, serve, the_crash
from tests.support.slicing import parked, sliced, spin


class Agent(StateMachine):
    """Does jobs in plain methods, and goes on to another state afterwards."""

    counters = ("jobs",)

    def init(self):
        return NextState("ready", 0)

    def ready(self, event, done):
        match event:
            case Call("state", _):
                return KeepState(done, reply=("ready", done))
            case Cast(job) | Call(job, _):
                self.count("jobs")
                self.resource(job)(self)
                reply = {"reply": "done"} if isinstance(event, Call) else {}
                return NextState("done", done + 1, **reply)

    def done(self, event, done):
        match event:
            case Call("state", _):
                return KeepState(done, reply=("done", done))


class AsyncAgent(Agent):
    async def handle_event(self, event, state, data):
        return super().handle_event(event, state, data)


KINDS = pytest.mark.parametrize("kind", [Agent, AsyncAgent], ids=["plain", "async"])


@KINDS
async def test_a_state_that_spins_is_parked_and_its_neighbours_go_on(kind):
    go_on = []
    async with sliced(job=lambda _: spin(lambda: go_on)) as node:
        agent, neighbour = await serve(node, kind), await serve(node, Agent)
        call = asyncio.ensure_future(agent.call("job", timeout=30))
        await parked(node, agent)
        assert await neighbour.call("state") == ("ready", 0)
        go_on.append(True)
        assert await call == "done"
        assert await agent.call("state") == ("done", 1)


@KINDS
async def test_a_parked_state_can_be_suspended_and_resumed(kind):
    go_on = []
    async with sliced(job=lambda _: spin(lambda: go_on)) as node:
        agent = await serve(node, kind)
        agent.cast("job")
        await parked(node, agent)
        agent._process.pause()
        go_on.append(True)
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert STATUSES[agent._process.status] == "suspended"
        agent._process.unpause()
        assert await agent.call("state") == ("done", 1)


@KINDS
async def test_a_parked_state_is_ended_by_a_kill(kind):
    async with sliced(job=lambda _: spin(lambda: False)) as node:
        agent = await serve(node, kind)
        agent.cast("job")
        await parked(node, agent)
        exits.signal(agent._process, "kill")
        assert await end_of(agent) == "killed"
        await eventually(lambda: not node.scheduler.workers.parked)
        assert node.scheduler.workers.zombies == []


@pytest.mark.parametrize("how", ["reply", "ReplyTo", "Stop"])
async def test_a_machine_is_parked_while_its_answer_is_copied(how):
    go_on = []

    class Heavy:
        def __deepcopy__(self, memo):
            spin(lambda: go_on)
            return self

    class Answers(StateMachine):
        def init(self):
            return NextState("answering", 0)

        def answering(self, event, data):
            if how == "Stop":
                return Stop("normal", data, reply=Heavy())
            if how == "ReplyTo":
                return KeepState(data, ReplyTo(event.caller, Heavy()))
            return KeepState(data, reply=Heavy())

    async with sliced() as node:
        pid = await serve(node, Answers)
        call = asyncio.ensure_future(pid.call("heavy", timeout=30))
        await parked(node, pid)
        await asyncio.sleep(0.1)  # far longer than a step may be held
        assert pid.alive
        go_on.append(True)
        assert isinstance(await call, Heavy)


async def test_a_plain_state_may_wait_and_call_others():
    class Asks(StateMachine):
        def init(self, other):
            return NextState("asking", other)

        def asking(self, event, other):
            match event:
                case Call("ask", _):
                    self.wait(asyncio.sleep(0.001))
                    return KeepState(other, reply=self.call(other, "state"))

    async with sliced() as node:
        other = await serve(node, Agent)
        asks = await serve(node, Asks, other)
        assert await asks.call("ask") == ("ready", 0)
        assert await other.call("state") == ("ready", 0)


@virtual_time
async def test_events_wait_while_a_machine_is_suspended_time_outs_too():
    class Alarm(Agent):
        def init(self):
            return NextState("ready", 0, StateTimeout(after=10))

        def ready(self, event, data):
            return NextState("done", (data, event))

    async with virtual_node() as node:
        pid = await serve(node, Alarm)
        pid._process.pause()
        await asyncio.sleep(20)
        assert pid._process.state.state == "ready"
        pid._process.unpause()
        await quiet(node)
        assert pid._process.state == ("done", (0, StateTimeout()))


@virtual_time
async def test_a_machine_that_crashes_is_restarted_in_its_first_state_and_keeps_its_counters():
    def fails(_):
        raise ProcessExit("enough")

    async with virtual_node(resources={"fails": fails, "works": lambda _: None}) as node:
        supervisor = Supervisor([ChildSpec("agent", Agent)], name="top")
        await node.start(supervisor)
        agent = node.named("agent")
        first = node.whereis("agent")
        await agent.call("works")
        agent.cast("what is this")
        await end_of(first)
        assert await agent.call("state") == ("ready", 0)
        second = node.whereis("agent")
        agent.cast("fails")
        assert await end_of(second) == "enough"
        assert await agent.call("state") == ("ready", 0)
        process = node.whereis("agent")._process
        assert node.ledger.counters_of(process) == {"jobs": 2}
        assert process.child.restarts == 2


@virtual_time
async def test_its_parent_ends_a_machine_that_traps_exits_after_terminate():
    ends = []

    class Careful(Agent):
        trap_exits = True

        def terminate(self, reason, state, data):
            ends.append((reason, state, data))

    async with virtual_node(resources={"job": lambda _: None}) as node:
        await node.start(Supervisor([ChildSpec("agent", Careful)], name="top"))
        await node.named("agent").call("job")
        pid = node.whereis("agent")
        await Supervisor.terminate_child(node.whereis("top"), "agent")
        assert await end_of(pid) == "shutdown"
    assert ends == [("shutdown", "done", 1)]


@virtual_time
async def test_terminate_may_be_async_and_what_it_raises_is_the_reason():
    class Fails(Agent):
        def ready(self, event, data):
            return Stop("normal", data)

        async def terminate(self, reason, state, data):
            await asyncio.sleep(1)
            raise ProcessExit((reason, state))

    async with virtual_node() as node:
        pid = await serve(node, Fails)
        pid.cast("end")
        assert await end_of(pid) == ("normal", "ready")


@virtual_time
async def test_downs_exits_tasks_and_timers_are_events():
    seen = []

    class Watches(StateMachine):
        trap_exits = True

        def init(self, other):
            self.monitor(other)
            self.link(other)
            self.task(work())
            self.send_after(1, "tick")
            return NextState("watching", 0)

        def watching(self, event, data):
            assert isinstance(event, Info)
            seen.append(event.message)
            return KeepState(data)

    async def work():
        return 7

    async with virtual_node() as node:
        other = await serve(node, Obeys)
        await serve(node, Watches, other)
        other.cast("reason")
        await asyncio.sleep(2)
    task, exit_, down, tick = sorted(seen, key=lambda item: [TaskDone, Exit, Down, str].index(type(item)))
    assert (task.value, exit_.reason, down.reason, tick) == (7, "reason", "reason", "tick")


@virtual_time
async def test_a_crash_in_an_async_state_is_reported_with_its_state():
    class Fails(Agent):
        async def ready(self, event, data):
            await asyncio.sleep(1)
            raise RuntimeError("stuck")

    async with virtual_node() as node:
        pid = await serve(node, Fails)
        pid.cast("x")
        assert isinstance(await end_of(pid), RuntimeError)
        assert the_crash(node).last_state == ("ready", 0)
        assert the_crash(node).behaviour.endswith(
            ":test_a_crash_in_an_async_state_is_reported_with_its_state.<locals>.Fails"
        )


@virtual_time
async def test_an_idle_machine_is_little_more_than_an_idle_server():
    class Idle(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return Reply(state, state)

    async with virtual_node(resources={"job": lambda _: None}) as node:
        machine, server = await serve(node, Agent), await serve(node, Idle)
        await machine.call("state")
        assert machine._process.status == IDLE
        assert machine._process.agenda is None
        assert machine._process.mailbox is None
        assert type(machine._process).__basicsize__ - type(server._process).__basicsize__ == 8
