"""The order of events: what is put off comes again, what is inserted comes first, and a state is entered before all else."""

import asyncio

import pytest

from runtime import (
    Call,
    Cast,
    Enter,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    ProcessDied,
    RepeatState,
    StateMachine,
    StateTimeout,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve, the_crash


class Scripted(StateMachine):
    """Notes every event with its state, and does with a cast what a table says."""

    def init(self, seen, table, first=()):
        return NextState("a", (seen, table), *first)

    def handle_event(self, event, state, data):
        seen, table = data
        what = event.message if hasattr(event, "message") else event
        seen.append((state, what))
        kind, *arguments = table.get((state, what), (KeepState,))
        if kind is NextState:
            return NextState(arguments[0], data, *arguments[1:])
        return kind(data, *arguments)


class Entered(Scripted):
    state_enter = True


async def run(node, kind, table, *casts, first=()):
    """Send these casts at once; what was seen, in order."""
    seen = []

    class Machine(kind):
        def init(self):
            return kind.init(self, seen, table, first)

    pid = await serve(node, Machine)
    for message in casts:
        pid.cast(message)
    await quiet(node)
    return seen


@virtual_time
async def test_what_is_put_off_comes_again_in_order_once_the_state_changes():
    table = {
        ("a", 1): (KeepState, Postpone()),
        ("a", 2): (KeepState, Postpone()),
        ("a", "go"): (NextState, "b"),
    }
    async with virtual_node() as node:
        seen = await run(node, Scripted, table, 1, 2, "stay", "go", "last")
    assert seen == [
        *[("a", 1), ("a", 2), ("a", "stay"), ("a", "go")],
        *[("b", 1), ("b", 2), ("b", "last")],
    ]


@virtual_time
async def test_the_event_that_changes_the_state_may_itself_be_put_off():
    table = {("a", "go"): (NextState, "b", Postpone())}
    async with virtual_node() as node:
        assert await run(node, Scripted, table, "go", "x") == [("a", "go"), ("b", "go"), ("b", "x")]


@pytest.mark.parametrize("stays", [(NextState, "a"), (KeepState,), (RepeatState,)])
@virtual_time
async def test_nothing_comes_again_while_the_state_is_the_same(stays):
    table = {("a", 1): (KeepState, Postpone()), ("a", "go"): stays}
    async with virtual_node() as node:
        assert await run(node, Scripted, table, 1, "go") == [("a", 1), ("a", "go")]


@virtual_time
async def test_inserted_events_come_in_order_before_what_was_put_off_and_what_waits():
    table = {
        ("a", 1): (KeepState, Postpone()),
        ("a", "go"): (NextState, "b", NextEvent(Internal("first")), NextEvent(Cast("second"))),
        ("b", "first"): (KeepState, NextEvent(Internal("nested"))),
    }
    async with virtual_node() as node:
        seen = await run(node, Scripted, table, 1, "go", "last")
    assert seen[2:] == [("b", "first"), ("b", "nested"), ("b", "second"), ("b", 1), ("b", "last")]


@virtual_time
async def test_a_state_is_entered_before_anything_else_happens_in_it():
    table = {
        ("a", 1): (KeepState, Postpone()),
        ("a", "go"): (NextState, "b", NextEvent(Internal("inserted"))),
        ("b", "again"): (RepeatState,),
        ("b", "same"): (NextState, "b"),
    }
    async with virtual_node() as node:
        seen = await run(node, Entered, table, 1, "go", "again", "same")
    assert seen == [
        *[("a", Enter("a")), ("a", 1), ("a", "go")],
        *[("b", Enter("a")), ("b", "inserted"), ("b", 1), ("b", "again"), ("b", Enter("b")), ("b", "same")],
    ]


@virtual_time
async def test_actions_of_entering_join_those_that_have_led_there():
    table = {
        ("a", "go"): (NextState, "b", StateTimeout("of the event", after=0)),
        ("b", Enter("a")): (KeepState, StateTimeout("of entering", after=0)),
    }
    async with virtual_node() as node:
        seen = await run(node, Entered, table, "go")
    assert seen[-2:] == [("b", Enter("a")), ("b", "of entering")]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ((NextState, "c"), "state b returned the state 'c'; what follows from `Enter` stays in the state"),
        ((KeepState, Postpone()), "returned the action Postpone; a state that is being entered may neither"),
        ((KeepState, NextEvent(Internal(1))), "returned the action NextEvent; a state that is being entered"),
    ],
)
@virtual_time
async def test_entering_goes_nowhere_else(result, words):
    table = {("a", "go"): (NextState, "b"), ("b", Enter("a")): result}
    async with virtual_node() as node:
        await run(node, Entered, table, "go")
        assert words in str(the_crash(node).reason)


@virtual_time
async def test_a_crash_while_entering_leaves_the_machine_where_it_was():
    class Falls(StateMachine):
        state_enter = True

        def init(self):
            return NextState("ground", 0)

        def ground(self, event, height):
            return KeepState(height) if isinstance(event, Enter) else NextState("air", height + 1)

        def air(self, event, height):
            raise RuntimeError("no wings")

    async with virtual_node() as node:
        pid = await serve(node, Falls)
        pid.cast("jump")
        await end_of(pid)
        assert the_crash(node).last_state == ("ground", 0)
        assert the_crash(node).last_message == Enter("ground")


@virtual_time
async def test_entering_may_be_async_and_is_still_before_all_else():
    seen = []

    class Slow(StateMachine):
        state_enter = True

        def init(self):
            return NextState("a", 0)

        async def handle_event(self, event, state, data):
            if isinstance(event, Enter):
                await asyncio.sleep(1)
            seen.append((state, event))
            return NextState("b", 0) if event == Cast("go") else KeepState(0)

    async with virtual_node() as node:
        pid = await serve(node, Slow)
        pid.cast("go")
        pid.cast("x")
        await asyncio.sleep(5)
    assert seen == [("a", Enter("a")), ("a", Cast("go")), ("b", Enter("a")), ("b", Cast("x"))]


class Gate(StateMachine):
    """Lets callers wait until it is opened."""

    def init(self):
        return NextState("shut", None)

    def shut(self, event, data):
        match event:
            case Call(_, _):
                return KeepState(data, Postpone())
            case Cast("open"):
                return NextState("open", data)

    def open(self, event, data):
        match event:
            case Call(message, _):
                return KeepState(data, reply=message)


@virtual_time
async def test_a_call_that_is_put_off_is_answered_in_the_later_state():
    async with virtual_node() as node:
        gate = await serve(node, Gate)
        calls = [asyncio.ensure_future(gate.call(number)) for number in range(3)]
        await quiet(node)
        assert not any(call.done() for call in calls)
        gate.cast("open")
        assert await asyncio.gather(*calls) == [0, 1, 2]


@virtual_time
async def test_callers_that_were_put_off_learn_of_the_end():
    async with virtual_node() as node:
        gate = await serve(node, Gate)
        call = asyncio.ensure_future(gate.call("knock"))
        await quiet(node)
        gate.cast("no such thing: a crash")
        with pytest.raises(ProcessDied):
            await call
        assert gate._process.agenda is None
        assert node.scheduler.owed == {}
