"""What handlers return, and what becomes of it: `test_server.py` looks at what they are given."""

import asyncio

import pytest

from runtime import (
    BadReturn,
    Continue,
    NoReply,
    ProcessDied,
    Reply,
    Server,
    StartError,
    Stop,
)
from runtime.log import items
from runtime.results import NOTHING
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, serve, the_crash


class Tell(Server):
    """Returns what it is told: messages are (class, arguments)."""

    def init(self):
        return ("first",)

    def handle_call(self, message, caller, state):
        if message == "state":
            return Reply(state, state)
        return result_of(message)

    def handle_cast(self, message, state):
        return result_of(message)

    def handle_info(self, message, state):
        return result_of(message)

    def handle_continue(self, message, state):
        return (*state, message)


class TellAsync(Server):
    """The same with async handlers."""

    async def init(self):
        return ("first",)

    async def handle_call(self, message, caller, state):
        await asyncio.sleep(0)
        if message == "state":
            return Reply(state, state)
        return result_of(message)

    async def handle_cast(self, message, state):
        await asyncio.sleep(0)
        return result_of(message)

    async def handle_info(self, message, state):
        return result_of(message)

    async def handle_continue(self, message, state):
        await asyncio.sleep(0)
        return (*state, message)


def result_of(message):
    make, *arguments = message
    return make(*arguments)


def bare(state):
    return state


both = pytest.mark.parametrize("kind", [Tell, TellAsync], ids=["plain", "async"])
oneway = pytest.mark.parametrize("way", ["cast", "send"])


@both
@virtual_time
async def test_reply_gives_the_answer_and_the_next_state(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        assert await pid.call((Reply, "answer", ("next",))) == "answer"
        assert await pid.call("state") == ("next",)


@both
@virtual_time
async def test_no_reply_gives_the_next_state_and_leaves_the_caller_waiting(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        with pytest.raises(TimeoutError):
            await pid.call((NoReply, ("next",)), timeout=1)
        assert await pid.call("state") == ("next",)


@both
@virtual_time
async def test_a_call_can_be_answered_and_continued(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        assert await pid.call((Continue, "more", ("next",), "answer")) == "answer"
        assert await pid.call("state") == ("next", "more")


@both
@virtual_time
async def test_a_call_can_be_continued_without_an_answer(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        with pytest.raises(TimeoutError):
            await pid.call((Continue, "more", ("next",)), timeout=1)
        assert await pid.call("state") == ("next", "more")


@both
@virtual_time
async def test_stop_ends_the_process_with_its_reason_and_answer(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        assert await pid.call((Stop, ("shutdown", "done"), ("last",), "answer")) == "answer"
        assert await end_of(pid) == ("shutdown", "done")


@both
@oneway
@virtual_time
async def test_a_bare_value_is_the_next_state(kind, way):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        getattr(pid, way)((bare, ("next",)))
        assert await pid.call("state") == ("next",)


@both
@oneway
@virtual_time
async def test_no_reply_is_the_next_state_where_nobody_waits(kind, way):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        getattr(pid, way)((NoReply, ("next",)))
        assert await pid.call("state") == ("next",)


@both
@oneway
@virtual_time
async def test_stop_ends_a_process_from_every_handler(kind, way):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        getattr(pid, way)((Stop, "normal", ("last",)))
        assert await end_of(pid) == "normal"


@both
@oneway
@virtual_time
async def test_what_is_continued_comes_before_every_waiting_message(kind, way):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        pid.cast((Continue, "first of all", ("next",)))
        getattr(pid, way)((bare, ("overwritten",)))
        assert await pid.call("state") == ("overwritten",)
        events = [event[2] for event in items(pid._process.events)]
        assert events.index("first of all") == 1


@virtual_time
async def test_a_continued_handler_can_stop_and_continue_again():
    class Countdown(Server):
        def init(self):
            return Continue(3, ())

        def handle_continue(self, n, seen):
            return Continue(n - 1, (*seen, n)) if n else Stop(("shutdown", seen), seen)

    async with virtual_node() as node:
        pid = await serve(node, Countdown)
        assert await end_of(pid) == ("shutdown", (3, 2, 1))


@virtual_time
async def test_init_can_continue_before_any_message():
    class Loads(Server):
        def init(self):
            self.pid.send("a message")
            return Continue("load", ("empty",))

        def handle_continue(self, message, state):
            return (*state, message)

        def handle_info(self, message, state):
            return (*state, message)

        def handle_call(self, message, caller, state):
            return Reply(state, state)

    async with virtual_node() as node:
        pid = await serve(node, Loads)
        assert await pid.call("state") == ("empty", "load", "a message")


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), "bad disk"])
@virtual_time
async def test_init_can_refuse_to_start(reason):
    class Refuses(Server):
        def init(self):
            return Stop(reason, None)

    async with virtual_node() as node:
        with pytest.raises(StartError) as error:
            await serve(node, Refuses)
        assert error.value.reason == reason
        assert len(node.table) == 1  # the root


FROM_A_CALL = "return Reply(value, state), NoReply(state), Continue(message, state) or Stop(reason, state)"
WRONG = [
    ("cast", (bare, None), "handle_cast returned None; return the next state"),
    ("send", (bare, None), "handle_info returned None; return the next state"),
    ("call", (bare, None), f"handle_call returned None; {FROM_A_CALL}"),
    ("cast", (Reply, 1, 2), "handle_cast returned a Reply; return the next state"),
    ("send", (Reply, 1, 2), "handle_info returned a Reply; return the next state"),
    ("call", (bare, ("a state",)), f"handle_call returned a tuple; {FROM_A_CALL}"),
    ("cast", (NoReply, None), "handle_cast returned a NoReply whose state is None; None is never a state"),
    (
        "cast",
        (Continue, 1, None),
        "handle_cast returned a Continue whose state is None; None is never a state",
    ),
    ("call", (Reply, 1, None), "handle_call returned a Reply whose state is None; None is never a state"),
]


@pytest.mark.parametrize(("way", "result", "words"), WRONG, ids=repr)
@both
@virtual_time
async def test_a_wrong_return_value_is_a_crash_that_says_what_to_return(kind, way, result, words):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        if way == "call":
            with pytest.raises(ProcessDied):
                await pid.call(result)
        else:
            getattr(pid, way)(result)
        reason = await end_of(pid)
        assert type(reason) is BadReturn
        assert str(reason) == words
        assert the_crash(node).last_state == ("first",)


@both
@virtual_time
async def test_none_in_a_reply_is_an_answer_but_never_a_state(kind):
    async with virtual_node() as node:
        pid = await serve(node, kind)
        assert await pid.call((Reply, None, ("next",))) is None
        with pytest.raises(ProcessDied, match="BadReturn"):
            await pid.call((Reply, 1, None))
        assert the_crash(node).last_state == ("next",)


@both
@virtual_time
async def test_an_init_that_forgot_to_return_does_not_start(kind):
    class Forgot(kind):
        def init(self):
            """No return."""

    async with virtual_node() as node:
        with pytest.raises(StartError, match="init returned None; return the first state"):
            await serve(node, Forgot)


@pytest.mark.parametrize("result", [Reply(1, 2), NoReply(1)], ids=repr)
@virtual_time
async def test_init_returns_a_state_and_no_answer(result):
    class Confused(Server):
        def init(self):
            return result

    async with virtual_node() as node:
        with pytest.raises(
            StartError, match=f"init returned a {type(result).__name__}; return the first state"
        ):
            await serve(node, Confused)


@virtual_time
async def test_a_continued_handler_that_returns_none_crashes_as_well():
    class Forgot(Server):
        def init(self):
            return Continue("go on", 1)

        def handle_continue(self, message, state):
            """No return."""

    async with virtual_node() as node:
        pid = await serve(node, Forgot)
        assert str(await end_of(pid)) == "handle_continue returned None; return the next state"


@virtual_time
async def test_a_handler_written_as_a_generator_by_mistake_is_told_so():
    class Yields(Server):
        def init(self):
            return 0

        def handle_cast(self, message, state):
            yield state

    class YieldsAsync(Yields):
        async def handle_cast(self, message, state):
            yield state

    async with virtual_node() as node:
        for kind in (Yields, YieldsAsync):
            pid = await serve(node, kind)
            pid.cast("hello")
            assert "handle_cast returned" in str(await end_of(pid))
            assert "generator; return the next state" in str(await end_of(pid))


@virtual_time
async def test_a_plain_handler_may_return_a_coroutine_which_is_then_awaited():
    class Delegates(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return self.think(message, state)

        async def think(self, message, state):
            await asyncio.sleep(1)
            return Reply(message, state)

    async with virtual_node() as node:
        pid = await serve(node, Delegates)
        assert await pid.call("hello") == "hello"


@virtual_time
async def test_an_answer_that_cannot_be_sent_is_the_servers_crash():
    class Leaks(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            match message:
                case "reply":
                    return Reply(lambda: 1, state)
                case "continue":
                    return Continue("x", state, reply=lambda: 1)
            return Stop("normal", state, reply=lambda: 1)

    class LeaksAsync(Leaks):
        async def handle_call(self, message, caller, state):
            return Leaks.handle_call(self, message, caller, state)

        async def terminate(self, reason, state):
            await asyncio.sleep(0)

    async with virtual_node() as node:
        for kind in (Leaks, LeaksAsync):
            for message in ("reply", "continue", "stop"):
                for queued in (False, True):
                    pid = await serve(node, kind)
                    if queued:
                        pid.send("something before it")
                    with pytest.raises(ProcessDied, match="NotSendable"):
                        await pid.call(message)
                    await end_of(pid)


def test_results_compare_and_print_by_their_parts():
    assert Reply(1, 2) == Reply(1, 2) != Reply(1, 3)
    assert Reply(1, 2) != NoReply(2)
    assert repr(Reply(1, 2)) == "Reply(value=1, state=2)"
    assert repr(NoReply(2)) == "NoReply(state=2)"
    assert repr(Stop("normal", 2)) == "Stop(reason='normal', state=2, reply=NOTHING)"
    assert repr(Continue("m", 2, reply=3)) == "Continue(message='m', state=2, reply=3)"
    assert Stop("normal", 1).reply is NOTHING
    with pytest.raises(TypeError, match="unhashable"):
        hash(Reply(1, 2))


def test_results_can_be_matched():
    match Stop("normal", 1, reply=2):
        case Stop(reason, state, reply):
            assert (reason, state, reply) == ("normal", 1, 2)
