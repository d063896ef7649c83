"""Corners that are easily left undefined: whoever is starting, suspended, being restarted, or gone. As OTP does."""

import asyncio

import pytest

from runtime import (
    Backoff,
    CallTimeout,
    ChildSpec,
    Down,
    Exit,
    NoProcess,
    NotRegistered,
    ProcessDied,
    Reply,
    Server,
    Supervisor,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet, serve, three


class Slow(Server):
    async def init(self, seconds=1.0, fails=False):
        await asyncio.sleep(seconds)
        if fails:
            raise OSError("no")
        return 0

    def handle_call(self, message, caller, state):
        return Reply("here", state)


@virtual_time
async def test_a_call_to_a_process_in_init_waits_for_the_end_of_init():
    async with virtual_node() as node:
        starting = asyncio.ensure_future(node.start(ChildSpec("slow", Slow)))
        await asyncio.sleep(0.1)
        began = node.scheduler.clock()
        assert await node.named("slow").call("hello") == "here"
        assert node.scheduler.clock() - began == pytest.approx(0.9, abs=0.01)
        await starting


@virtual_time
async def test_a_call_to_a_process_in_init_has_its_own_time_limit():
    async with virtual_node() as node:
        starting = asyncio.ensure_future(node.start(ChildSpec("slow", Slow)))
        await asyncio.sleep(0.1)
        with pytest.raises(CallTimeout):
            await node.named("slow").call("hello", timeout=0.5)
        assert (await starting).alive


@virtual_time
async def test_a_call_to_a_process_whose_init_fails_dies_with_it():
    async with virtual_node() as node:
        starting = asyncio.ensure_future(node.start(ChildSpec("slow", Slow, 1.0, True)))
        await asyncio.sleep(0.1)
        with pytest.raises(ProcessDied, match="OSError"):
            await node.named("slow").call("hello")
        await asyncio.gather(starting, return_exceptions=True)


@virtual_time
async def test_a_name_that_is_being_restarted_is_nobodys():
    async with virtual_node() as node:
        backoff = Backoff(first=1, jitter=0)
        await node.start(Supervisor([ChildSpec("a", Obeys, backoff=backoff)]))
        node.named("a").cast("boom")
        await quiet(node)
        with pytest.raises(NotRegistered, match="or is being restarted"):
            await node.named("a").call("seen")
        node.named("a").cast("lost")
        assert node.registry.dead_letters == 1
        watcher = await serve(node, Obeys)
        ref = await watcher.call(("monitor", "a"))
        assert await watcher.call("seen") == (Down(ref, None, "noproc"),)


@virtual_time
async def test_the_pid_of_before_a_restart_stays_dead():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Obeys)]))
        old = node.whereis("a")
        old.cast("boom")
        await end_of(old)
        await quiet(node)
        assert await node.named("a").call("seen") == ()
        with pytest.raises(NoProcess):
            await old.call("seen")


@virtual_time
async def test_a_call_to_a_suspended_process_waits_until_it_is_resumed():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        pid._process.pause()
        with pytest.raises(CallTimeout, match="suspended"):
            await pid.call("seen", timeout=1)
        waiting = asyncio.ensure_future(pid.call("seen"))
        await asyncio.sleep(0.1)
        pid._process.unpause()
        assert await waiting == ()


@virtual_time
async def test_a_suspended_process_can_be_killed_and_who_called_it_is_told():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        pid._process.pause()
        waiting = asyncio.ensure_future(pid.call("seen"))
        await asyncio.sleep(0.1)
        node.root.handle.exit(pid, "kill")
        with pytest.raises(ProcessDied, match="killed"):
            await waiting


@virtual_time
async def test_kill_is_seen_as_killed_by_links_and_monitors():
    async with virtual_node() as node:
        one, other, _ = await three(node)
        await one.call(("link", other))
        ref = await one.call(("monitor", other))
        node.root.handle.exit(other, "kill")
        await quiet(node)
        assert set(await one.call("seen")) == {Exit(other, "killed"), Down(ref, other, "killed")}


@virtual_time
async def test_a_process_that_exits_with_kill_by_itself_is_not_killed_but_reasons_kill():
    """`exit(kill)` in Erlang ends with the plain reason `kill`, which links see as it is, and can trap."""
    async with virtual_node() as node:
        one, other, _ = await three(node)
        await one.call(("link", other))
        other.cast("kill")  # it raises ProcessExit("kill")
        await quiet(node)
        assert one.alive
        assert await one.call("seen") == (Exit(other, "kill"),)


@virtual_time
async def test_a_monitor_on_the_dead_answers_at_once_with_noproc():
    async with virtual_node() as node:
        one, other, _ = await three(node)
        other.cast("normal")
        await end_of(other)
        ref = await one.call(("monitor", other))
        assert await one.call("seen") == (Down(ref, other, "noproc"),)


@virtual_time
async def test_demonitor_takes_the_down_that_has_come_out_of_the_mailbox():
    async with virtual_node() as node:
        one, other, _ = await three(node)
        ref = await one.call(("monitor", other))
        one._process.pause()
        other.cast("normal")
        await end_of(other)
        assert one._process.letters == 1
        assert one._process.handle.demonitor(ref)
        one._process.unpause()
        assert await one.call("seen") == ()


@virtual_time
async def test_unlink_takes_the_exit_that_has_come_out_of_the_mailbox():
    async with virtual_node() as node:
        one, other, third = await three(node)
        await one.call(("link", other))
        await one.call(("link", third))
        one._process.pause()
        other.cast("boom")
        third.cast("boom")
        await end_of(other)
        await end_of(third)
        one._process.handle.unlink(other)
        one._process.unpause()
        assert await one.call("seen") == (Exit(third, "boom"),)


@virtual_time
async def test_unlink_leaves_alone_what_a_living_process_has_sent():
    async with virtual_node() as node:
        one, other, _ = await three(node)
        one._process.pause()
        other._process.handle.exit(one, "please")
        one._process.handle.unlink(other)
        one._process.unpause()
        assert await one.call("seen") == (Exit(other, "please"),)


@virtual_time
async def test_ancestors_are_told_of_the_living_and_of_the_crashed():
    async with virtual_node() as node:
        inner = Supervisor([ChildSpec("a", Obeys)])
        top = await node.start(Supervisor([ChildSpec("inner", inner)], name="top"))
        line = (node.whereis("inner").number, top.number, node.root.number)
        assert node.whereis("a")._process.ancestors == line
        node.named("a").cast(RuntimeError("boom"))
        await quiet(node)
        assert node.ledger.crashes[-1].ancestors == line
