"""States: which method handles an event, what it may return, and what becomes of it when it is wrong."""

import pytest

from runtime import (
    Call,
    Cast,
    ChildSpec,
    Info,
    KeepState,
    NextEvent,
    NextState,
    Node,
    Postpone,
    RepeatState,
    Reply,
    ReplyTo,
    StartError,
    StateAndData,
    StateMachine,
    StateTimeout,
    Stop,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve, the_crash


class Door(StateMachine[int]):
    """Counts how often it was opened."""

    def init(self):
        return NextState("shut", 0)

    def shut(self, event, opened):
        match event:
            case Call("open", _):
                return NextState("open", opened + 1, reply="welcome")
            case Call("where", _):
                return KeepState(opened, reply=("shut", opened))
            case Cast(_) | Info(_):
                return None

    def open(self, event, opened):
        match event:
            case Call("where", _):
                return KeepState(opened, reply=("open", opened))
            case Cast("shut"):
                return NextState("shut", opened)
            case _:
                return KeepState(opened)


@virtual_time
async def test_each_state_handles_events_with_its_own_method():
    async with virtual_node() as node:
        door = await serve(node, Door)
        assert await door.call("where") == ("shut", 0)
        assert await door.call("open") == "welcome"
        assert await door.call("where") == ("open", 1)
        door.cast("shut")
        assert await door.call("where") == ("shut", 1)


@virtual_time
async def test_a_states_method_may_be_async():
    import asyncio

    class Slow(Door):
        async def shut(self, event, opened):
            await asyncio.sleep(1)
            return Door.shut(self, event, opened)

    async with virtual_node() as node:
        door = await serve(node, Slow)
        assert await door.call("open") == "welcome"
        assert await door.call("where") == ("open", 1)


@virtual_time
async def test_a_handler_for_all_states_may_hand_on_what_differs():
    class Watched(Door):
        def handle_event(self, event, state, opened):
            match event:
                case Call("state", _):
                    return KeepState(opened, reply=state)
            return super().handle_event(event, state, opened)

    async with virtual_node() as node:
        door = await serve(node, Watched)
        assert await door.call("state") == "shut"
        await door.call("open")
        assert await door.call("state") == "open"


@virtual_time
async def test_with_one_handler_for_all_states_a_state_may_be_any_value():
    class Lock(StateMachine):
        def init(self, code):
            return NextState(("locked", ()), code)

        def handle_event(self, event, state, code):
            match state, event:
                case ("locked", digits), Call(digit, _):
                    digits = (*digits, digit)
                    after = "open" if digits == code else ("locked", digits)
                    return NextState(after, code, reply=after)

    async with virtual_node() as node:
        lock = await serve(node, Lock, (1, 2))
        assert await lock.call(1) == ("locked", (1,))
        assert await lock.call(2) == "open"


@virtual_time
async def test_a_call_may_be_answered_later_from_what_was_kept():
    class Kept(StateMachine):
        def init(self):
            return NextState("waiting", ())

        def waiting(self, event, callers):
            match event:
                case Call(_, caller):
                    return KeepState((*callers, caller))
                case Cast(value):
                    return KeepState((), *(ReplyTo(caller, value) for caller in callers))

    import asyncio

    async with virtual_node() as node:
        pid = await serve(node, Kept)
        calls = [asyncio.ensure_future(pid.call(number)) for number in range(3)]
        await asyncio.sleep(0)
        pid.cast("here")
        assert await asyncio.gather(*calls) == ["here"] * 3


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (None, "state shut returned None for Cast; return NextState(state, data), KeepState(data)"),
        ("open", "state shut returned 'open' for Cast"),
        (Reply(1, 2), "state shut returned a Reply for Cast"),
        (NextState("opne", 0), "ResultDoor has no state 'opne': a state is the name of a method of it"),
        (NextState("call", 0), "ResultDoor: 'call' is a method that means something else"),
        (NextState("init", 0), "ResultDoor: 'init' is a method that means something else"),
        (NextState(7, 0), "ResultDoor has no state 7"),
        (
            KeepState(0, reply=1),
            "state shut returned reply=1, and this event is no call; ReplyTo(caller, value)",
        ),
        (
            KeepState(0, "postpone"),
            "state shut returned the action postpone; an action is NextEvent, Postpone",
        ),
        (KeepState(0, StateTimeout("x")), "StateTimeout without a time; give it `after` (seconds) or `at`"),
        (KeepState(0, NextEvent("x")), "state shut returned the action NextEvent of x, which is none"),
    ],
)
@virtual_time
async def test_what_a_state_may_not_return_is_a_crash_that_says_what_it_may(result, words):
    class ResultDoor(Door):
        def shut(self, event, opened):
            return result

    async with virtual_node() as node:
        door = await serve(node, ResultDoor)
        door.cast("x")
        await end_of(door)
        assert words in str(the_crash(node).reason)


@pytest.mark.parametrize("result", [None, "shut", KeepState(0), ("shut", 0)])
@virtual_time
async def test_init_says_the_first_state_or_the_start_fails(result):
    class Begins(Door):
        def init(self):
            return result

    async with virtual_node() as node:
        with pytest.raises(StartError, match=r"init returned .*; return NextState"):
            await serve(node, Begins)


@virtual_time
async def test_init_may_stop_and_a_first_state_that_does_not_exist_fails_the_start():
    class Refuses(Door):
        def init(self, state):
            return NextState(state, 0) if state else Stop("shutdown", 0)

    async with virtual_node() as node:
        with pytest.raises(StartError, match="shutdown"):
            await serve(node, Refuses, None)
        with pytest.raises(StartError, match="no state 'ajar'"):
            await serve(node, Refuses, "ajar")


@virtual_time
async def test_a_state_that_raises_leaves_state_and_data_for_the_report():
    class Raises(Door):
        def open(self, event, opened):
            raise RuntimeError("stuck")

    async with virtual_node() as node:
        door = await serve(node, Raises)
        await door.call("open")
        door.cast("push")
        await end_of(door)
        report = the_crash(node)
        assert report.last_state == StateAndData("open", 1)
        assert report.last_message == "push"
        assert not report.half_changed
        assert "in open" in report.traceback


@virtual_time
async def test_stop_answers_first_and_terminate_gets_state_and_data():
    seen = []

    class Ends(Door):
        def shut(self, event, opened):
            match event:
                case Call("end", _):
                    return Stop("shutdown", opened + 7, reply="bye")
            return KeepState(opened)

        def terminate(self, reason, state, opened):
            seen.append((reason, state, opened))

    async with virtual_node() as node:
        door = await serve(node, Ends)
        assert await door.call("end") == "bye"
        assert await end_of(door) == "shutdown"
        assert seen == [("shutdown", "shut", 7)]


@virtual_time
async def test_a_strict_machine_refuses_data_that_can_change():
    class Strict(Door):
        strict = True

        def init(self):
            return NextState("shut", ())

        def shut(self, event, data):
            return KeepState(event.message)

    async with virtual_node() as node:
        door = await serve(node, Strict)
        door.cast((1,))
        await quiet(node)
        assert door.alive
        door.cast([1])
        await end_of(door)
        assert "state shut returned mutable data (list), and Strict is strict" in str(the_crash(node).reason)


def test_a_machine_has_no_handlers_of_a_server():
    with pytest.raises(
        TypeError, match="Wrong defines handle_call, handle_info; a state machine has a method"
    ):

        class Wrong(StateMachine):
            def handle_call(self, message, caller, state): ...

            def handle_info(self, message, state): ...


def test_results_compare_and_print_as_they_are_written():
    result = NextState("open", 1, Postpone(), reply=2)
    assert result == NextState("open", 1, Postpone(), reply=2)
    assert result != NextState("open", 1, reply=2)
    assert KeepState(1) != RepeatState(1)
    assert repr(result) == "NextState('open', 1, Postpone(), reply=2)"
    assert repr(KeepState(1, StateTimeout("x", after=1))) == "KeepState(1, StateTimeout(message='x'))"


@virtual_time
async def test_machines_are_children_as_servers_are():
    async with virtual_node() as node:
        door = await node.start(ChildSpec("door", Door))
        await door.call("open")
        door.cast("nothing of this kind")
        await quiet(node)
        assert door.alive
        await node.named("door").call("where")
        node.named("door").cast("shut")
        node.named("door").cast(None)
        await end_of(door)
        assert await node.named("door").call("where") == ("shut", 0)


async def test_a_machine_runs_without_time_slicing_too():
    async with Node("t", introspection=False, time_slicing=False) as node:
        door = await serve(node, Door)
        assert await door.call("open") == "welcome"
