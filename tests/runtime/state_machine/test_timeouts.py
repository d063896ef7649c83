"""Time-outs: of a state, of events, and those with a name. In virtual time."""

import asyncio
import math

import pytest

from runtime import (
    Call,
    CancelTimeout,
    Cast,
    EventTimeout,
    GenericTimeout,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    StateMachine,
    StateTimeout,
    UpdateTimeout,
    exits,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Timed(StateMachine):
    """Does what casts tell it, under the keys of a table, and keeps (seconds, state, event) of everything else."""

    def init(self, seen, table):
        return NextState("a", (seen, table, asyncio.get_running_loop()))

    def handle_event(self, event, state, data):
        seen, table, loop = data
        if isinstance(event, Cast) and event.message in table:
            target, *actions = table[event.message]
            return NextState(target or state, data, *actions)
        seen.append((loop.time() - self.resource("began"), state, event))
        return KeepState(data)


async def timed(node, **table):
    """A machine with this table, and the list of what it sees."""
    seen = []

    class Machine(Timed):
        def init(self):
            return Timed.init(self, seen, table)

    node.resources["began"] = asyncio.get_running_loop().time()
    return await serve(node, Machine), seen


@virtual_time
async def test_a_state_that_lasts_too_long_is_told():
    async with virtual_node() as node:
        pid, seen = await timed(node, go=("b", StateTimeout("too long", after=10)))
        pid.cast("go")
        await asyncio.sleep(5)
        pid.cast("an event changes nothing")
        await asyncio.sleep(20)
    assert seen[1:] == [(10, "b", StateTimeout("too long"))]


@virtual_time
async def test_a_change_of_state_cancels_the_time_out_of_the_state():
    async with virtual_node() as node:
        pid, seen = await timed(node, go=("b", StateTimeout(after=10)), on=("c",))
        pid.cast("go")
        pid.cast("on")
        await asyncio.sleep(20)
        assert seen == []
        assert not pid._process.extra.timers


@virtual_time
async def test_any_event_cancels_the_time_out_of_events():
    async with virtual_node() as node:
        pid, seen = await timed(node, go=("", EventTimeout("silence", after=10)))
        pid.cast("go")
        await asyncio.sleep(9)
        pid.cast("noise")
        await asyncio.sleep(20)
        assert [event for _, _, event in seen] == [Cast("noise")]
        pid.cast("go")
        await asyncio.sleep(20)
        assert seen[-1] == (39, "a", EventTimeout("silence"))


@virtual_time
async def test_a_time_out_with_a_name_lasts_through_events_and_states():
    async with virtual_node() as node:
        timeouts = (GenericTimeout("x", 1, after=10), GenericTimeout("y", 2, after=20))
        pid, seen = await timed(node, go=("b", *timeouts), on=("c",))
        pid.cast("go")
        pid.cast("on")
        await asyncio.sleep(30)
    assert seen == [(10, "c", GenericTimeout("x", 1)), (20, "c", GenericTimeout("y", 2))]


@virtual_time
async def test_starting_a_time_out_again_replaces_it():
    async with virtual_node() as node:
        pid, seen = await timed(
            node, go=("", GenericTimeout("x", 1, after=10)), again=("", GenericTimeout("x", 2, after=10))
        )
        pid.cast("go")
        await asyncio.sleep(5)
        pid.cast("again")
        await asyncio.sleep(30)
    assert seen == [(15, "a", GenericTimeout("x", 2))]


@virtual_time
async def test_of_two_actions_for_one_time_out_the_later_counts():
    async with virtual_node() as node:
        pid, seen = await timed(
            node,
            go=("", StateTimeout(1, after=3), StateTimeout(2, after=5)),
            stop=("", StateTimeout(3, after=1), CancelTimeout(StateTimeout())),
        )
        pid.cast("go")
        await asyncio.sleep(10)
        pid.cast("stop")
        await asyncio.sleep(10)
    assert seen == [(5, "a", StateTimeout(2))]


@pytest.mark.parametrize(
    "ends",
    [
        CancelTimeout(GenericTimeout("x")),
        GenericTimeout("x", after=math.inf),
        GenericTimeout("x", at=math.inf),
    ],
)
@virtual_time
async def test_a_time_out_that_is_cancelled_never_comes(ends):
    async with virtual_node() as node:
        pid, seen = await timed(node, go=("", GenericTimeout("x", after=10)), stop=("", ends))
        pid.cast("go")
        pid.cast("stop")
        await asyncio.sleep(20)
        assert seen == []
        assert not pid._process.extra.timers


@virtual_time
async def test_a_time_out_that_has_fired_and_waits_can_still_be_cancelled_or_changed():
    first, second = GenericTimeout("x", 1, after=10), GenericTimeout("y", 1, after=10)
    async with virtual_node() as node:
        pid, seen = await timed(
            node,
            go=("", first, second),
            change=("", CancelTimeout(GenericTimeout("x")), UpdateTimeout(GenericTimeout("y", 2))),
        )
        pid.cast("go")
        await asyncio.sleep(1)
        pid._process.pause()
        pid.cast("change")
        await asyncio.sleep(15)
        assert [entry[1] for entry in pid._process.mailbox] == ["change", first, second]
        pid._process.unpause()
        await quiet(node)
        assert [event for _, _, event in seen] == [GenericTimeout("y", 2)]


@virtual_time
async def test_the_message_of_a_time_out_can_be_changed_without_its_time():
    async with virtual_node() as node:
        pid, seen = await timed(
            node, go=("", StateTimeout("old", after=10)), change=("", UpdateTimeout(StateTimeout("new")))
        )
        pid.cast("go")
        await asyncio.sleep(5)
        pid.cast("change")
        await asyncio.sleep(20)
        assert seen == [(10, "a", StateTimeout("new"))]
        pid.cast("change")  # none is running: it is due at once
        await quiet(node)
        assert seen[1][1:] == ("a", StateTimeout("new"))


@virtual_time
async def test_a_time_out_of_zero_comes_after_what_is_inserted_and_before_the_mailbox():
    async with virtual_node() as node:
        pid, seen = await timed(
            node,
            go=("", GenericTimeout("x", after=0), StateTimeout(after=0), NextEvent(Internal("inserted"))),
        )
        pid.cast("go")
        pid.cast("waits")
        await quiet(node)
    assert [event for _, _, event in seen] == [
        Internal("inserted"),
        GenericTimeout("x"),
        StateTimeout(),
        Cast("waits"),
    ]


@virtual_time
async def test_a_time_out_of_events_of_zero_comes_only_if_nothing_is_inserted():
    async with virtual_node() as node:
        pid, seen = await timed(
            node,
            go=("", EventTimeout(after=0), NextEvent(Internal("inserted"))),
            alone=("", EventTimeout(after=0)),
        )
        pid.cast("go")
        pid.cast("alone")
        pid.cast("waits")
        await quiet(node)
    assert [event for _, _, event in seen] == [Internal("inserted"), EventTimeout(), Cast("waits")]


@virtual_time
async def test_a_time_out_may_be_for_a_moment_of_the_clock():
    now = asyncio.get_running_loop().time()
    async with virtual_node() as node:
        pid, seen = await timed(
            node, go=("", StateTimeout("then", at=now + 10), GenericTimeout("x", "past", at=now - 10))
        )
        pid.cast("go")
        await asyncio.sleep(20)
    assert [(at, event.message) for at, _, event in seen] == [(0, "past"), (10, "then")]


@virtual_time
async def test_init_may_start_time_outs():
    class Waits(StateMachine):
        def init(self):
            return NextState("young", 0, StateTimeout("grow", after=10))

        def young(self, event, data):
            return NextState("old", data)

        def old(self, event, data):
            match event:
                case Call(_, _):
                    return KeepState(data, reply="old")

    async with virtual_node() as node:
        pid = await serve(node, Waits)
        await asyncio.sleep(11)
        assert await pid.call("age") == "old"


@virtual_time
async def test_time_outs_end_with_their_machine():
    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid, _ = await timed(node, go=("b", StateTimeout(after=10), GenericTimeout("x", after=20)))
        pid.cast("go")
        await quiet(node)
        assert len(pid._process.extra.timers) == 2
        exits.signal(pid._process, "kill")
        await end_of(pid)
        assert pid._process.agenda is None
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"after": -1}, "a time-out after -1 seconds"),
        ({"after": math.nan}, "a time-out after nan seconds"),
        ({"at": math.nan}, "a time-out at nan"),
        ({"after": 1, "at": 1}, "not both"),
    ],
)
def test_a_time_that_is_none_is_refused(times, words):
    with pytest.raises(ValueError, match=words):
        StateTimeout("x", **times)


def test_a_time_out_is_the_same_event_whenever_it_is_due():
    assert StateTimeout("x", after=1) == StateTimeout("x")
    match GenericTimeout("ping", 7, after=1):
        case GenericTimeout("ping", number):
            assert number == 7
