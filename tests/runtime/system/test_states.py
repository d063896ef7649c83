"""Reading a state from outside, and replacing it."""

import asyncio
import threading
from dataclasses import dataclass, replace

import pytest

from runtime import (
    BadReturn,
    CallbackFailed,
    ChildSpec,
    DynamicSupervisor,
    KeepState,
    NextEvent,
    NextState,
    NotSendable,
    PartitionSupervisor,
    Postpone,
    ProcessDied,
    ProcessExit,
    Server,
    StateAndData,
    StateMachine,
    StateTimeout,
    Supervisor,
    TaskSupervisor,
    exits,
    system,
)
from runtime.log import items
from runtime.status import PARKED, STATUSES
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import OopsError, end_of, quiet, serve
from tests.support.slicing import Does, sliced, spin


@dataclass(frozen=True)
class Account:
    balance: int = 0


class Bank(Server):
    strict = True

    def init(self):
        return Account()

    def handle_cast(self, amount, account):
        return replace(account, balance=account.balance + amount)


class Keeps(Server):
    """Its state is whatever it is started with."""

    def init(self, state):
        return state

    def handle_cast(self, item, state):
        state.append(item)
        return state


class LiveState(Server):
    def init(self):
        return threading.Lock()


class Door(StateMachine):
    def init(self):
        return NextState("shut", 0, StateTimeout(after=10))

    def shut(self, event, knocks):
        return KeepState(knocks + 1, Postpone())

    def open(self, event, knocks):
        return KeepState(knocks + 100)


def add(amount):
    return lambda account: replace(account, balance=account.balance + amount)


# --- get_state ----------------------------------------------------------------------------------------


@virtual_time
async def test_the_state_of_a_server_is_what_its_handlers_have_returned():
    async with virtual_node() as node:
        pid = await serve(node, Bank)
        pid.cast(5)
        assert await system.get_state(pid) == Account(5)


@virtual_time
async def test_a_mutable_state_is_copied():
    async with virtual_node() as node:
        pid = await serve(node, Keeps, [1])
        (await system.get_state(pid)).append(2)
        assert await system.get_state(pid) == [1]


@virtual_time
async def test_a_state_that_cannot_be_shared_is_refused_and_the_process_goes_on():
    async with virtual_node() as node:
        pid = await serve(node, LiveState)
        for asked in (system.get_state(pid), system.replace_state(pid, lambda s: s)):
            with pytest.raises(NotSendable):
                await asked
        assert pid.alive


@virtual_time
async def test_a_state_machine_has_a_state_and_data():
    async with virtual_node() as node:
        pid = await serve(node, Door)
        pid.cast("knock")
        assert await system.get_state(pid) == StateAndData("shut", 1)


@pytest.mark.parametrize("kind", [Supervisor, DynamicSupervisor])
@virtual_time
async def test_a_supervisor_is_described_and_not_shown_as_it_is(kind):
    async with virtual_node() as node:
        pid = await node.start(kind(max_restarts=7))
        child = await kind.start_child(pid, ChildSpec("bank", Bank))
        state = await system.get_state(pid)
        assert (state.kind, state.max_restarts, state.restarts) == (kind.__name__, 7, 0)
        assert [(child.pid, child.kind) for child in state.children] == [(child, "worker")]
        exits.signal(child._process, "kill")
        assert (await system.get_state(pid)).restarts == 1


@virtual_time
async def test_the_state_of_a_coroutine_is_nobody_elses():
    async def worker(process):
        await process.receive()

    async with virtual_node() as node:
        pid = node.spawn(worker)
        for asked in (system.get_state(pid), system.replace_state(pid, lambda state: state)):
            with pytest.raises(TypeError, match=r"is a coroutine process .*worker.*: its state is its local"):
                await asked


# --- replace_state --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suspended", [False, True])
@virtual_time
async def test_what_the_function_returns_is_the_state(suspended):
    async with virtual_node() as node:
        pid = await serve(node, Bank)
        if suspended:
            await system.suspend(pid)
        assert await system.replace_state(pid, add(5)) == Account(5)
        await system.resume(pid)
        pid.cast(1)
        assert await system.get_state(pid) == Account(6)
        assert any("state replaced" in event for event in items(pid._process.events))


@pytest.mark.parametrize(
    "error", [OopsError("no"), ProcessExit("enough"), SystemExit(3), KeyboardInterrupt()], ids=repr
)
@virtual_time
async def test_a_function_that_raises_leaves_the_state_as_it_was(error):
    def changes_and_raises(items):
        items.append("half")
        raise error

    async with virtual_node() as node:
        pid = await serve(node, Keeps, ["whole"])
        with pytest.raises(CallbackFailed, match="whose state is as it was") as failed:
            await system.replace_state(pid, changes_and_raises)
        assert failed.value.reason is failed.value.__cause__ is error
        pid.cast("more")
        assert await system.get_state(pid) == ["whole", "more"]


@virtual_time
async def test_what_the_function_keeps_of_the_state_or_of_what_it_returns_changes_nothing():
    kept = []

    def keeps(items):
        kept.extend([items, [*items, 2]])
        return kept[1]

    async with virtual_node() as node:
        pid = await serve(node, Keeps, [1])
        answer = await system.replace_state(pid, keeps)
        for each in (*kept, answer):
            each.append("changed")
        assert await system.get_state(pid) == [1, 2]


@pytest.mark.parametrize(
    ("made", "error", "words"),
    [
        (None, BadReturn, "None is never a state"),
        ([Account(1)], BadReturn, r"mutable state \(list\), and Bank is strict"),
        (threading.Lock(), BadReturn, r"mutable state \(lock\)"),
    ],
)
@virtual_time
async def test_what_may_be_no_state_is_refused(made, error, words):
    async with virtual_node() as node:
        pid = await serve(node, Bank)
        with pytest.raises(error, match=words):
            await system.replace_state(pid, lambda _: made)
        assert await system.get_state(pid) == Account()


@virtual_time
async def test_what_cannot_be_shared_is_no_state_that_comes_from_outside():
    async with virtual_node() as node:
        pid = await serve(node, Keeps, [1])
        with pytest.raises(NotSendable, match="lock"):
            await system.replace_state(pid, lambda items: [*items, threading.Lock()])
        assert await system.get_state(pid) == [1]


@virtual_time
async def test_an_async_function_is_refused():
    async def later(state):
        return state

    async with virtual_node() as node:
        pid = await serve(node, Bank)
        with pytest.raises(TypeError, match="takes a plain function"):
            await system.replace_state(pid, later)


@virtual_time
async def test_a_supervisor_is_operated_and_not_replaced():
    async with virtual_node() as node:
        pid = await node.start(Supervisor())
        with pytest.raises(TypeError, match="its state is not replaced; use start_child"):
            await system.replace_state(pid, lambda state: state)


async def test_the_function_runs_in_slices_of_the_process_also_while_it_is_suspended():
    go_on = []

    def overruns(state):
        spin(lambda: go_on)
        return ("replaced",)

    async with sliced() as node:
        pid = await serve(node, Does)
        await system.suspend(pid)
        replaced = asyncio.ensure_future(system.replace_state(pid, overruns))
        await eventually(lambda: pid._process.status == PARKED)
        asked = asyncio.ensure_future(system.get_state(pid))
        await asyncio.sleep(0.01)
        assert not asked.done()
        go_on.append(True)
        assert await replaced == await asked == ("replaced",)
        assert STATUSES[pid._process.status] == "suspended"


@pytest.mark.parametrize("stubborn", [False, True])
async def test_a_process_can_be_killed_in_the_function(stubborn):
    ended = []

    def overruns(state):
        try:
            spin(lambda: False)
        except BaseException:
            ended.append(True)
            if not stubborn:
                raise
        return ("too late",)

    async with sliced() as node:
        pid = await serve(node, Does)
        replaced = asyncio.ensure_future(system.replace_state(pid, overruns))
        await eventually(lambda: pid._process.status == PARKED)
        exits.signal(pid._process, "kill")
        with pytest.raises(ProcessDied, match="killed"):
            await replaced
        await eventually(lambda: ended)
        assert await end_of(pid) == "killed"


# --- of a state machine ---------------------------------------------------------------------------------


@virtual_time
async def test_a_state_machine_is_put_elsewhere_without_being_entered_and_what_was_postponed_waits_on():
    async with virtual_node() as node:
        pid = await serve(node, Door)
        pid.cast("knock")
        assert await system.replace_state(pid, lambda now: ("open", now.data)) == StateAndData("open", 1)
        assert await system.get_state(pid) == ("open", 1)
        await asyncio.sleep(11)
        assert await system.get_state(pid) == ("open", 101), "the time-out of the state goes on"


@virtual_time
async def test_a_state_machine_has_only_the_states_that_it_has():
    async with virtual_node() as node:
        pid = await serve(node, Door)
        with pytest.raises(TypeError, match="Door has no state 'ajar'"):
            await system.replace_state(pid, lambda now: ("ajar", now.data))
        with pytest.raises(BadReturn, match="of a state machine it returns StateAndData"):
            await system.replace_state(pid, lambda now: "open")
        assert await system.get_state(pid) == ("shut", 0)


@virtual_time
async def test_a_strict_state_machine_takes_no_mutable_data():
    class Strict(Door):
        strict = True

    async with virtual_node() as node:
        pid = await serve(node, Strict)
        with pytest.raises(BadReturn, match=r"mutable state \(list\), and Strict is strict"):
            await system.replace_state(pid, lambda _: ("open", []))


class Enters(StateMachine):
    """Suspended by its first state, before the second is entered."""

    state_enter = True

    def init(self):
        return NextState("first", ())

    def first(self, event, seen):
        if type(event).__name__ == "Enter":
            return KeepState(seen)
        self._process.pause()
        return NextState("second", (*seen, "first"), NextEvent(event))

    def second(self, event, seen):
        return KeepState((*seen, type(event).__name__))


@virtual_time
async def test_a_state_that_is_replaced_before_it_is_entered_is_entered_as_it_is_then():
    async with virtual_node() as node:
        pid = await serve(node, Enters)
        await quiet(node)
        pid.cast("go")
        await quiet(node)
        assert await system.get_state(pid) == ("second", ("first",))
        await system.replace_state(pid, lambda now: (now.state, (*now.data, "replaced")))
        await system.resume(pid)
        assert await system.get_state(pid) == ("second", ("first", "replaced", "Enter", "Cast"))


@virtual_time
async def test_every_supervisor_can_be_described():
    async def waits():
        await asyncio.sleep(100)

    async with virtual_node() as node:
        tasks = await node.start(TaskSupervisor())
        pid = await TaskSupervisor.start_child(tasks, waits)
        partitions = await node.start(PartitionSupervisor(ChildSpec("bank", Bank), partitions=3))
        assert [child.pid for child in (await system.get_state(tasks)).children] == [pid]
        assert len((await system.get_state(partitions)).children) == 3
        assert len((await system.get_state(node.root.pid)).children) == 2
