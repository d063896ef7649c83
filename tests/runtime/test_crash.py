"""What is kept of a crash."""

import asyncio
import gc
import logging
import weakref
from dataclasses import dataclass

import pytest

from runtime import ChildSpec, ProcessDied, ProcessExit, Reply, Server, Stop, Supervisor
from runtime.crash import FRAMES, SAMPLE
from runtime.errors import describe, kind_of
from runtime.log import KEPT, items
from runtime.mailbox import KINDS
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve, the_crash


@dataclass(frozen=True)
class Steps:
    done: int


class Works(Server):
    def init(self):
        return Steps(0)

    def handle_call(self, message, caller, state):
        return Reply(message, Steps(state.done + 1))

    def handle_cast(self, message, state):
        match message:
            case "raise":
                self.helper()
            case "exit":
                raise ProcessExit("out of paper")
            case "stop":
                return Stop("out of paper", Steps(-1))
            case "leave":
                return Stop("normal", state)
        return Steps(state.done + 1)

    def helper(self):
        raise ValueError("in the helper")


@virtual_time
async def test_a_crash_report_says_why_where_and_what_was_being_done():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("worker", Works)]))
        pid = node.whereis("worker")
        pid._process.pause()
        pid.cast("a good one")
        pid.cast("raise")
        for n in range(SAMPLE + 5):
            pid.cast(("waiting", n))
        await asyncio.sleep(30)
        pid._process.unpause()
        await end_of(pid)
        crash = the_crash(node)
        assert crash.number == pid.number
        assert crash.name == "worker"
        assert crash.path[-1] == "worker"
        assert crash.behaviour == "tests.runtime.test_crash:Works"
        assert (type(crash.reason), crash.text, crash.kind) == (
            ValueError,
            "ValueError('in the helper')",
            "ValueError",
        )
        assert "in helper" in crash.traceback
        assert 'raise ValueError("in the helper")' in crash.traceback
        assert crash.last_message == "raise"
        assert crash.last_state == Steps(1)
        assert crash.half_changed is False
        assert crash.mailbox_sample == tuple(("waiting", n) for n in range(SAMPLE))
        assert crash.lost == SAMPLE + 5
        assert crash.ancestors == (top.number, node.root.number)
        assert crash.links == (top.number,)
        assert crash.lived_s == pytest.approx(30, abs=1)


@virtual_time
async def test_a_crash_report_says_whether_the_state_may_be_half_changed():
    class Mutates(Works):
        def init(self):
            return {"steps": 0}

        def handle_cast(self, message, state):
            state["steps"] = 7
            raise ValueError

    async with virtual_node() as node:
        pid = await serve(node, Mutates)
        pid.cast("x")
        await end_of(pid)
        assert the_crash(node).half_changed is True
        assert the_crash(node).last_state == {"steps": 7}


@pytest.mark.parametrize(("message", "state"), [("exit", Steps(0)), ("stop", Steps(-1))])
@virtual_time
async def test_an_end_with_an_unusual_reason_is_a_crash_too(message, state):
    async with virtual_node() as node:
        pid = await serve(node, Works)
        pid.cast(message)
        await end_of(pid)
        assert the_crash(node).text == "out of paper"
        assert the_crash(node).last_state == state


@virtual_time
async def test_an_orderly_end_leaves_no_crash_report():
    async with virtual_node() as node:
        pid = await serve(node, Works)
        pid.cast("leave")
        await end_of(pid)
        await serve(node, Works)
    assert len(node.ledger.crashes) == 0


@virtual_time
async def test_a_kill_leaves_a_report_without_a_traceback_and_is_not_logged(caplog):
    async with virtual_node() as node:
        pid = await serve(node, Works)
        pid._process.handle.exit(pid, "kill")
        assert the_crash(node).text == "killed"
        assert the_crash(node).traceback == ""
        assert node.ledger.crashed == 0
    assert not caplog.records


@virtual_time
async def test_a_crash_is_logged_once_with_its_traceback(caplog):
    async with virtual_node() as node:
        pid = await serve(node, Works)
        pid.cast("raise")
        await end_of(pid)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("observer", logging.ERROR)
    assert "crashed: ValueError('in the helper')" in record.getMessage()
    assert "in helper" in record.getMessage()


@virtual_time
async def test_an_exception_that_travels_as_a_reason_holds_no_frames_and_no_states():
    class Big:
        """A thing that a local variable holds."""

    kept = []

    class Holds(Works):
        def handle_cast(self, message, state):
            thing = Big()
            kept.append(weakref.ref(thing))
            try:
                raise KeyError("cause")
            except KeyError as cause:
                raise ExceptionGroup("several", [ValueError("one")]) from cause

    async with virtual_node() as node:
        pid = await serve(node, Holds)
        pid.cast("x")
        reason = await end_of(pid)
        gc.collect()
        assert kept[0]() is None
        assert reason.__traceback__ is reason.__cause__.__traceback__ is None
        assert "KeyError: 'cause'" in the_crash(node).traceback
        assert "The above exception was the direct cause" in the_crash(node).traceback


@virtual_time
async def test_a_traceback_is_bounded():
    class Deep(Works):
        def handle_cast(self, message, state):
            def down(n, other):
                return up(n, other) if n else 1 / 0

            def up(n, other):
                return down(n - 1, other)

            return down(200, None)

    async with virtual_node() as node:
        pid = await serve(node, Deep)
        pid.cast("x")
        await end_of(pid)
        assert the_crash(node).traceback.count("\n  File ") <= FRAMES
        assert "ZeroDivisionError" in the_crash(node).traceback


@virtual_time
async def test_an_exception_that_cannot_be_printed_ends_its_process_and_nothing_else():
    class UnprintableError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

        __repr__ = __str__

    class Raises(Works):
        def handle_cast(self, message, state):
            raise UnprintableError(UnprintableError())

    async with virtual_node() as node:
        pid = await serve(node, Raises)
        pid.cast("x")
        assert type(await end_of(pid)) is UnprintableError
        assert the_crash(node).text == "UnprintableError(UnprintableError())"


@virtual_time
async def test_a_state_that_cannot_be_looked_into_ends_its_process_and_nothing_else():
    @dataclass(frozen=True)
    class Hostile:
        field: int

        def __getattribute__(self, name):
            raise RuntimeError("hands off")

    class Holds(Works):
        def init(self):
            return Hostile(1)

        def handle_cast(self, message, state):
            raise ValueError

    async with virtual_node() as node:
        pid = await serve(node, Holds)
        pid.cast("x")
        assert type(await end_of(pid)) is ValueError
        assert the_crash(node).half_changed is True


@virtual_time
async def test_a_node_keeps_the_last_hundred_crashes():
    async with virtual_node() as node:
        for _ in range(120):
            pid = await serve(node, Works)
            pid.cast("exit")
            await end_of(pid)
        assert len(node.ledger.crashes) == 100
        assert the_crash(node).number == pid.number


@virtual_time
async def test_a_process_keeps_its_last_twenty_events():
    async with virtual_node() as node:
        pid = await serve(node, Works)
        for n in range(30):
            await pid.call(n)
        events = items(pid._process.events)
        assert KEPT == 20 <= len(events) <= 28
        assert [(KINDS[kind], message, reply) for _at, kind, message, _sender, reply, *_ in events[-20:]] == [
            ("call", n, n) for n in range(10, 30)
        ]


@virtual_time
async def test_events_tell_casts_infos_and_suspensions_apart():
    async with virtual_node() as node:
        pid = await serve(node, Works)
        pid.cast("a cast")
        pid.send("an info")
        await quiet(node)
        pid._process.pause()
        pid._process.unpause()
        assert [(KINDS[event[1]], event[2]) for event in items(pid._process.events)] == [
            ("cast", "a cast"),
            ("note", "dropped, for want of handle_info: str"),
            ("info", "an info"),
            ("note", "suspended"),
            ("note", "resumed"),
        ]


@virtual_time
async def test_the_caller_is_told_the_reason():
    class Fails(Works):
        def handle_call(self, message, caller, state):
            raise ValueError(message)

    async with virtual_node() as node:
        pid = await serve(node, Fails)
        with pytest.raises(ProcessDied, match=r"ended before it answered: ValueError\('why'\)") as error:
            await pid.call("why")
        assert type(error.value.reason) is ValueError


@pytest.mark.parametrize(
    ("reason", "text", "kind"),
    [
        ("normal", "normal", "normal"),
        ("shutdown", "shutdown", "shutdown"),
        (("shutdown", 1), "('shutdown', 1)", "(shutdown, …)"),
        (ValueError("x"), "ValueError('x')", "ValueError"),
        ("any words", "any words", "str"),
        ("x" * 500, "x" * 200, "str"),
        ((), "()", "()"),
        ([1], "<list>", "list"),
        (7, "7", "int"),
        (1 << 1000, "<int of 1001 bits>", "int"),
        (None, "None", "NoneType"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_reason_is_one_bounded_line_of_words_and_a_kind_without_values(reason, text, kind):
    assert describe(reason) == text
    assert kind_of(reason) == kind
