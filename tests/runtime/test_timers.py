"""Timers: a message later."""

import asyncio
import math

import pytest

from runtime import NotSendable, Reply, Server
from runtime.pid import Ref
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Clock(Server):
    def init(self):
        return ()

    def handle_call(self, message, caller, seen):
        match message:
            case "seen":
                return Reply(seen, seen)
            case ("after", *arguments):
                return Reply(self.send_after(*arguments), seen)
            case ("at", *arguments):
                return Reply(self.send_at(*arguments), seen)
            case ("every", *arguments):
                return Reply(self.send_interval(*arguments), seen)
            case ("read", ref):
                return Reply(self.read_timer(ref), seen)
            case ("cancel", ref):
                return Reply(self.cancel_timer(ref), seen)

    def handle_info(self, message, seen):
        return (*seen, message)


@virtual_time
async def test_a_message_comes_after_its_time():
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        await pid.call(("after", 10, "tick"))
        await asyncio.sleep(9.9)
        assert await pid.call("seen") == ()
        await asyncio.sleep(0.2)
        assert await pid.call("seen") == ("tick",)


@virtual_time
async def test_timers_fire_in_order_of_their_times():
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        for seconds in (3, 1, 2, 0):
            await pid.call(("after", seconds, seconds))
        await asyncio.sleep(4)
        assert await pid.call("seen") == (0, 1, 2, 3)


@virtual_time
async def test_a_timer_may_be_for_another_by_pid_or_by_name():
    from runtime import ChildSpec

    async with virtual_node() as node:
        pid, other = await serve(node, Clock), await node.start(ChildSpec("other", Clock))
        for to in (other, node.named("other"), "other", "nobody"):
            await pid.call(("after", 1, str(to), to))
        await asyncio.sleep(2)
        assert await other.call("seen") == (str(other), "other", "other")
        assert await pid.call("seen") == ()
        assert node.registry.dead_letters == 1


@virtual_time
async def test_a_cancelled_timer_does_not_fire_and_says_what_was_left():
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        ref = await pid.call(("after", 10, "tick"))
        await asyncio.sleep(4)
        assert await pid.call(("cancel", ref)) == pytest.approx(6)
        await asyncio.sleep(10)
        assert await pid.call("seen") == ()
        assert await pid.call(("cancel", ref)) is None


@virtual_time
async def test_a_timer_that_has_fired_or_never_was_cannot_be_cancelled():
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        assert await pid.call(("cancel", Ref())) is None
        ref = await pid.call(("after", 1, "tick"))
        await asyncio.sleep(2)
        assert await pid.call(("cancel", ref)) is None
        assert not pid._process.extra.timers


@virtual_time
async def test_timers_end_with_their_process():
    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid, other = await serve(node, Clock), await serve(node, Clock)
        await pid.call(("after", 10, "tick", other))
        pid.cast("no handler: a crash")
        await end_of(pid)
        await asyncio.sleep(20)
        assert await other.call("seen") == ()
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []


@virtual_time
async def test_a_timer_says_what_is_left_until_it_fires():
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        ref = await pid.call(("after", 10, "tick"))
        await asyncio.sleep(4)
        assert await pid.call(("read", ref)) == pytest.approx(6)
        await asyncio.sleep(7)
        assert await pid.call(("read", ref)) is None
        assert await pid.call(("read", Ref())) is None
        assert await pid.call("seen") == ("tick",)


@virtual_time
async def test_a_timer_may_be_for_a_moment_of_the_clock():
    clock = asyncio.get_running_loop().time
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        ref = await pid.call(("at", clock() + 10, "later"))
        await pid.call(("at", clock() - 10, "long ago"))
        await asyncio.sleep(0.1)
        assert await pid.call("seen") == ("long ago",)
        assert await pid.call(("read", ref)) == pytest.approx(9.9)
        await asyncio.sleep(10)
        assert await pid.call("seen") == ("long ago", "later")


@virtual_time
async def test_an_interval_sends_again_and_again_until_it_is_cancelled():
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        ref = await pid.call(("every", 10, "tick"))
        await asyncio.sleep(9)
        assert await pid.call("seen") == ()
        await asyncio.sleep(22)
        assert await pid.call("seen") == ("tick",) * 3
        assert await pid.call(("read", ref)) == pytest.approx(9)
        assert await pid.call(("cancel", ref)) == pytest.approx(9)
        await asyncio.sleep(100)
        assert await pid.call("seen") == ("tick",) * 3
        assert await pid.call(("cancel", ref)) is None
        assert not pid._process.extra.timers


@virtual_time
async def test_an_interval_does_not_drift_when_the_loop_is_late():
    loop = asyncio.get_running_loop()
    times = []

    class Punctual(Clock):
        def handle_info(self, message, seen):
            times.append(round(loop.time() - began, 6))
            loop._clock.now += 0.3  # what this handler takes
            return seen

    async with virtual_node() as node:
        pid = await serve(node, Punctual)
        began = loop.time()
        await pid.call(("every", 1, "tick"))
        await asyncio.sleep(5.5)
    assert times == [1, 2, 3, 4, 5]


@virtual_time
async def test_an_interval_for_another_ends_with_either_of_them():
    from runtime import ChildSpec

    async with virtual_node() as node:
        pid, other = await serve(node, Clock), await serve(node, Clock)
        await pid.call(("every", 1, "tick", other))
        await asyncio.sleep(2.5)
        assert await other.call("seen") == ("tick", "tick")
        other.cast("no handler: a crash")
        await end_of(other)
        await asyncio.sleep(5)
        assert not pid._process.extra.timers
        assert node.scheduler.dead_letters == 0

        named = await node.start(ChildSpec("named", Clock))
        await pid.call(("every", 1, "tock", "named"))
        await asyncio.sleep(1.5)
        pid.cast("no handler: a crash")
        await end_of(pid)
        await asyncio.sleep(5)
        assert await named.call("seen") == ("tock",)


@virtual_time
async def test_an_interval_for_a_name_goes_on_with_whoever_has_the_name():
    from runtime import ChildSpec

    async with virtual_node() as node:
        pid = await serve(node, Clock)
        await pid.call(("every", 10, "tick", "late"))
        await asyncio.sleep(11)
        assert node.registry.dead_letters == 1
        late = await node.start(ChildSpec("late", Clock))
        await asyncio.sleep(10)
        assert await late.call("seen") == ("tick",)


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan])
@virtual_time
async def test_an_interval_that_is_none_is_refused(seconds):
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        with pytest.raises(Exception, match=r"an interval of .* seconds; it takes a number above 0"):
            await pid.call(("every", seconds, "tick"))


@pytest.mark.parametrize("seconds", [-1, math.nan])
@virtual_time
async def test_a_time_that_is_none_is_refused(seconds):
    async with virtual_node() as node:
        pid = await serve(node, Clock)
        with pytest.raises(Exception, match="ValueError"):
            await pid.call(("after", seconds, "tick"))


@virtual_time
async def test_the_message_is_copied_when_the_timer_is_set():
    class Sets(Clock):
        def handle_cast(self, message, seen):
            mine = ["mine"]
            self.send_after(1, mine)
            mine.append("changed")
            with pytest.raises(NotSendable):
                self.send_after(1, lambda: 1)
            return seen

    async with virtual_node() as node:
        pid = await serve(node, Sets)
        pid.cast("set")
        await asyncio.sleep(2)
        assert await pid.call("seen") == (["mine"],)


@virtual_time
async def test_a_dead_process_sets_no_timer():
    class Dies(Clock):
        def handle_cast(self, message, seen):
            self.exit(self.pid, "kill")
            self.send_after(1000, "tick")
            return seen

    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, Dies)
        pid.cast("set")
        await end_of(pid)
        await quiet(node)
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []
