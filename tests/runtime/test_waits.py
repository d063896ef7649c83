"""Who waits for whom, and calls that would close a cycle."""

import asyncio

import pytest

from runtime import Call, CallCycle, CallTimeout, ChildSpec, NoReply, Reply, Server
from runtime.introspection.waiting import circles, lasting, waits_of
from runtime.port.contract import WaitsQuery
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import quiet, serve

BOTH = pytest.mark.parametrize("kind", ["plain", "async"])


class Plain(Server):
    """Does what a message says: ("ask", pid, message, …) asks and answers with the answer."""

    def init(self):
        return ()

    def handle_call(self, message, caller, kept):
        match message:
            case ("ask", to, what):
                return Reply(self.call(to, what, timeout=60), kept)
            case ("answer early, and ask", to, what):
                caller.reply("early")
                return Reply(self.call(to, what), kept)
            case ("answer later",):
                return NoReply((*kept, caller))
            case ("answer in a task, and ask", to, what):
                self.task(answer(caller))
                return Reply(self.call(to, what), kept)
            case ("let answer, and ask", other, to, what):
                other.cast(caller)
                self.call(to, what)
                return NoReply(kept)
        return Reply(message, kept)

    def handle_cast(self, message, kept):
        match message:
            case ("ask", to, what):
                return (*kept, self.call(to, what))
            case "now":
                kept[0].reply("late")
                return ()
        message.reply("by another")
        return kept


class Async(Server):
    """The same in async handlers."""

    def init(self):
        return ()

    async def handle_call(self, message, caller, kept):
        match message:
            case ("ask", to, what):
                return Reply(await to.call(what, timeout=60), kept)
            case ("answer early, and ask", to, what):
                caller.reply("early")
                return Reply(await to.call(what), kept)
            case ("answer later",):
                return NoReply((*kept, caller))
            case ("answer in a task, and ask", to, what):
                self.task(answer(caller))
                return Reply(await to.call(what), kept)
            case ("let answer, and ask", other, to, what):
                other.cast(caller)
                await to.call(what)
                return NoReply(kept)
            case ("ask in a task of asyncio's", to, what):
                return Reply(await asyncio.create_task(to.call(what, timeout=1)), kept)
        return Reply(message, kept)

    async def handle_cast(self, message, kept):
        match message:
            case ("ask", to, what):
                return (*kept, await to.call(what))
            case "now":
                kept[0].reply("late")
                return ()
        message.reply("by another")
        return kept


KINDS = {"plain": Plain, "async": Async}


async def answer(caller):
    await asyncio.sleep(0)
    caller.reply("by a task")


async def two(node, kind):
    return await serve(node, KINDS[kind]), await serve(node, KINDS[kind])


def sleeper(seconds):
    """A server whose handlers take that long."""

    class Slow(Server):
        def init(self):
            return ()

        async def handle_call(self, message, caller, state):
            await asyncio.sleep(seconds)
            return Reply(message, state)

    return Slow


# --- calls that nobody could answer ---------------------------------------------------------------


@BOTH
@virtual_time
async def test_a_call_back_to_who_waits_fails_at_once_and_names_the_cycle(kind):
    async with virtual_node() as node:
        one, two_ = await two(node, kind)
        before = node.scheduler.clock()
        with pytest.raises(Exception, match="nobody could answer") as raised:
            await one.call(("ask", two_, ("ask", one, "x")))
        assert node.scheduler.clock() - before < 1
        reason = raised.value.reason
        while not isinstance(reason, CallCycle):  # who is called crashed with it, or who called did
            reason = reason.reason
        assert {str(pid) for pid in reason.cycle} == {str(one), str(two_)}
        assert " waits for " in str(reason)


@BOTH
@virtual_time
async def test_a_cycle_through_three_processes_fails_too(kind):
    async with virtual_node() as node:
        one, middle = await two(node, kind)
        last = await serve(node, KINDS[kind])
        before = node.scheduler.clock()
        with pytest.raises(Exception, match="nobody could answer"):
            await one.call(("ask", middle, ("ask", last, ("ask", one, "x"))))
        assert node.scheduler.clock() - before < 1


@BOTH
@virtual_time
async def test_two_that_call_each_other_at_the_same_time_are_a_cycle_whose_messages_still_wait(kind):
    async with virtual_node() as node:
        one, other = await two(node, kind)
        slow = await serve(node, sleeper(1))
        one.cast(("ask", slow, "first"))  # both are busy when the calls are sent
        other.cast(("ask", slow, "first"))
        await quiet(node)
        first = asyncio.ensure_future(one.call(("ask", other, "x"), timeout=60))
        second = asyncio.ensure_future(other.call(("ask", one, "x"), timeout=60))
        before = node.scheduler.clock()
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert node.scheduler.clock() - before < 5
        assert any("nobody could answer" in str(result) for result in results)


@virtual_time
async def test_a_coroutine_process_is_refused_a_call_that_closes_a_cycle():
    seen = []

    async def calls_back(process, other):
        call = await process.receive(Call)
        try:
            await other.call("x", timeout=60)
        except CallCycle as cycle:
            seen.append(cycle)
        call.caller.reply("answered")

    async def asks(process, to):
        seen.append(await to.call("question", timeout=60))
        await process.receive(str)

    async with virtual_node() as node:
        waits = await serve(node, KINDS["async"])
        asker = node.spawn(calls_back, waits)
        # its message waits in the mailbox of a process that is not in `receive`
        waits.cast(("ask", asker, "x"))
        await eventually(lambda: seen)
        assert isinstance(seen[0], CallCycle)


# --- calls that somebody else, or nobody any more, has to answer -------------------------------------


@BOTH
@virtual_time
async def test_it_is_no_cycle_when_who_is_called_has_answered_early(kind):
    async with virtual_node() as node:
        one, other = await two(node, kind)
        assert await one.call(("ask", other, ("answer early, and ask", one, "x"))) == "early"
        await quiet(node)
        assert one.alive
        assert other.alive


@BOTH
@virtual_time
async def test_it_is_no_cycle_when_who_is_called_answers_later(kind):
    async with virtual_node() as node:
        one, other = await two(node, kind)
        asking = asyncio.ensure_future(one.call(("ask", other, ("answer later",))))
        await quiet(node)
        other.cast(("ask", one, "x"))  # waits until `one` has its answer, from whomever
        await quiet(node)
        callers = other._process.state
        callers[0].reply("from elsewhere")
        assert await asking == "from elsewhere"
        await quiet(node)
        assert one.alive
        assert other.alive
        assert other._process.state[1:] == ("x",)


@BOTH
@virtual_time
async def test_it_is_no_cycle_when_a_task_may_answer(kind):
    async with virtual_node() as node:
        one, other = await two(node, kind)
        assert await one.call(("ask", other, ("answer in a task, and ask", one, "x"))) == "by a task"
        await quiet(node)
        assert one.alive
        assert other.alive


@BOTH
@virtual_time
async def test_it_is_no_cycle_when_another_process_may_answer(kind):
    async with virtual_node() as node:
        one, other = await two(node, kind)
        third = await serve(node, KINDS[kind])
        assert await one.call(("ask", other, ("let answer, and ask", third, one, "x"))) == "by another"
        await quiet(node)
        assert one.alive
        assert other.alive


@virtual_time
async def test_it_is_no_cycle_when_the_call_has_timed_out():
    class Impatient(Server):
        def init(self):
            return ()

        async def handle_call(self, message, caller, state):
            try:
                await self.named("other").call(message, timeout=1)
            except CallTimeout:
                await asyncio.sleep(5)  # still in its handler, and asks nobody any more
            return Reply("gave up", state)

    class Late(Server):
        def init(self):
            return ()

        async def handle_call(self, message, caller, state):
            await asyncio.sleep(2)
            return Reply(await self.named("one").call("x", timeout=60), state)

    async with virtual_node() as node:
        one = await node.start(ChildSpec("one", Impatient))
        await node.start(ChildSpec("other", Late))
        assert await one.call("x", timeout=60) == "gave up"


@virtual_time
async def test_a_call_from_a_task_beside_the_handler_is_never_refused():
    async with virtual_node() as node:
        one, other = await two(node, "async")
        with pytest.raises(Exception, match="not answered within 1 s"):
            await one.call(("ask", other, ("ask in a task of asyncio's", one, "x")))


# --- what is known of them ---------------------------------------------------------------------------


def waits(node, process=None):
    return waits_of(node, WaitsQuery(process=process))


@virtual_time
async def test_calls_in_flight_say_who_waits_for_whom_for_how_long_and_where_the_message_stands():
    async with virtual_node() as node:
        slow = await node.start(ChildSpec("slow", sleeper(10)))
        one, other = await two(node, "async")
        calls = [asyncio.ensure_future(pid.call(("ask", slow, "x"), timeout=60)) for pid in (one, other)]
        await asyncio.sleep(1)
        found = waits(node)
        by_callee = {
            (wait.caller.pid if wait.caller else "host", wait.callee.pid): wait for wait in found.waits
        }
        first, second = by_callee[str(one), str(slow)], by_callee[str(other), str(slow)]
        assert (first.stage, second.stage, second.ahead) == ("handling", "mailbox", 0)
        assert (first.message, first.callee.name, first.own) == ("str", "slow", True)
        assert first.for_s == pytest.approx(1, abs=0.1)
        assert first.left_s == pytest.approx(59, abs=0.1)
        assert by_callee["host", str(one)].caller is None
        assert found.total == 4
        await asyncio.gather(*calls)
        assert waits(node).waits == []


@virtual_time
async def test_of_one_process_who_it_waits_for_and_who_waits_for_it():
    async with virtual_node() as node:
        slow = await serve(node, sleeper(10))
        one, other = await two(node, "async")
        calls = [asyncio.ensure_future(pid.call(("ask", slow, "x"), timeout=60)) for pid in (one, other)]
        await asyncio.sleep(1)
        assert {wait.callee.pid for wait in waits(node, str(one)).waits} == {str(one), str(slow)}
        assert {wait.callee.pid for wait in waits(node, str(slow)).waits} == {str(slow)}
        await asyncio.gather(*calls)


@virtual_time
async def test_an_answer_that_is_to_come_later_is_said_to():
    async with virtual_node() as node:
        pid = await serve(node, Async)
        call = asyncio.ensure_future(pid.call(("answer later",)))
        await asyncio.sleep(1)
        assert [wait.stage for wait in waits(node).waits] == ["later"]
        pid.cast("now")
        assert await call == "late"


@virtual_time
async def test_a_call_that_timed_out_before_its_async_handler_began_is_owed_no_answer():
    async with virtual_node() as node:
        slow = await serve(node, sleeper(3))
        first = asyncio.ensure_future(slow.call("x"))
        await asyncio.sleep(0)
        with pytest.raises(CallTimeout):
            await slow.call("x", timeout=1)
        await first
        await asyncio.sleep(10)  # its handler has run all the same
        assert (node.scheduler.owed, node.scheduler.late_replies) == ({}, 1)


@virtual_time
async def test_nothing_is_left_of_calls_that_timed_out_were_cancelled_or_whose_process_ended():
    async with virtual_node() as node:
        slow = await serve(node, sleeper(100))
        one = await serve(node, Async)
        with pytest.raises(CallTimeout):
            await slow.call("x", timeout=1)
        cancelled = asyncio.ensure_future(slow.call("x"))
        await asyncio.sleep(0)
        cancelled.cancel()
        killed = asyncio.ensure_future(one.call(("ask", slow, "x")))
        await asyncio.sleep(1)
        one._process.handle.exit(one, "kill")
        await asyncio.gather(killed, cancelled, return_exceptions=True)
        await asyncio.sleep(1)
        calls = node.scheduler.waits
        assert (calls.calls, calls.blocked, node.scheduler.owed) == ({}, {}, {})


class Hand(Server):
    """Has handed its caller to somebody else, and asks another for as long as that takes."""

    def init(self, notary):
        return notary

    async def handle_call(self, others, caller, notary):
        notary.cast(caller)
        await others[0].call(others[1:], timeout=None)
        return NoReply(notary)


class Notary(Server):
    """Answers everybody when it is told to."""

    def init(self):
        return ()

    def handle_cast(self, message, kept):
        if message == "now":
            for caller in kept:
                caller.reply("stamped")
            return ()
        return (*kept, message)


@virtual_time
async def test_those_who_wait_for_each_other_are_a_circle_from_when_it_was_closed_until_it_is_opened():
    async with virtual_node() as node:
        slow = await node.start(ChildSpec("slow", sleeper(60)))
        legitimate = asyncio.ensure_future(slow.call("x", timeout=None))  # older, and no part of it
        await asyncio.sleep(5)
        assert lasting(node, circles(node)) == ([], 0.0)
        notary = await node.start(ChildSpec("notary", Notary))
        one, other = [await node.start(ChildSpec(name, Hand, notary)) for name in ("one", "other")]
        call = asyncio.ensure_future(one.call((other, one, one), timeout=None))
        await asyncio.sleep(3)
        circle, for_s = lasting(node, circles(node))
        assert ([str(it.pid) for it in circle], for_s) == ([str(one), str(other)], 3.0)
        found = circles(node)
        notary.cast("now")
        assert await call == "stamped"
        assert lasting(node, found) == ([], 0.0), "what was a circle a moment ago"
        legitimate.cancel()
