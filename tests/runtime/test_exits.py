"""Exit signals and reasons. The rules are those of Erlang's reference manual, chapter "Processes"."""

import asyncio
from dataclasses import dataclass

import pytest

from runtime import ChildSpec, Down, Exit, NotSendable, ProcessExit, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Contrary, Obeys, OopsError, end_of, quiet, serve, three


@dataclass
class UnhashableError(Exception):
    """As a dataclass it has `__eq__`, and hence no hash."""

    code: int


@pytest.mark.parametrize("reason", ["shutdown", "oops", ("shutdown", 1), OopsError("x"), 7], ids=repr)
@virtual_time
async def test_an_exit_signal_ends_who_does_not_trap(reason):
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await boss.call(("exit", one, reason))
        assert await end_of(one) == reason


@virtual_time
async def test_an_exit_signal_normal_from_another_is_ignored():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await boss.call(("exit", one, "normal"))
        await quiet(node)
        assert one.alive


@virtual_time
async def test_kill_cannot_be_trapped_and_is_seen_as_killed():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        ref = await one.call(("monitor", boss))
        await one.call(("exit", boss, "kill"))
        assert await end_of(boss) == "killed"
        assert await one.call("seen") == (Down(ref, boss, "killed"),)


@virtual_time
async def test_killed_is_no_kill_and_can_be_trapped():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await one.call(("exit", boss, "killed"))
        assert await boss.call("seen") == (Exit(one, "killed"),)


@virtual_time
async def test_an_exit_signal_to_the_dead_or_to_nobody_has_no_effect():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        one.cast("normal")
        await end_of(one)
        await boss.call(("exit", one, "oops"))
        await boss.call(("exit", "nobody", "oops"))
        assert boss.alive


@virtual_time
async def test_an_exit_needs_a_process():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        with pytest.raises(Exception, match="not a process: 7"):
            await boss.call(("exit", 7, "oops"))


@virtual_time
async def test_an_exit_reason_is_a_message_it_is_copied_or_refused():
    class Holds(Obeys):
        def handle_cast(self, pid, seen):
            reason = ["mine"]
            self.exit(pid, reason)
            reason.append("changed")
            with pytest.raises(NotSendable):
                self.exit(pid, lambda: 1)
            return seen

    async with virtual_node() as node:
        boss, one, _ = await three(node)
        other = await serve(node, Obeys, True)
        for _ in range(2):
            await boss.call(("monitor", one))
        await other.call(("link", one))
        holds = await serve(node, Holds)
        holds.cast(one)
        assert await end_of(one) == ["mine"]
        heard = [message.reason for pid in (boss, other) for message in pid._process.state]
        assert heard == [["mine"]] * 3
        assert len({id(reason) for reason in heard}) == 3


@virtual_time
async def test_a_reason_that_cannot_be_sent_is_replaced_by_the_error_that_says_so():
    class Leaks(Obeys):
        def handle_cast(self, message, seen):
            raise ProcessExit(lambda: 1)

    async with virtual_node() as node:
        boss, *_ = await three(node)
        pid = await serve(node, Leaks)
        await boss.call(("monitor", pid))
        pid.cast("x")
        assert type(await end_of(pid)) is NotSendable
        (down,) = await boss.call("seen")
        assert type(down.reason) is NotSendable


@pytest.mark.parametrize(
    "reason", [UnhashableError(1), ["a list"], ("shutdown", [1]), {}, Contrary(), (Contrary(), 1)], ids=repr
)
@virtual_time
async def test_any_value_can_be_a_reason_and_the_supervisor_hears_of_it(reason):
    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("child", Obeys)]))
        boss = await serve(node, Obeys, True)
        old = node.whereis("child")
        await boss.call(("monitor", old))
        old.cast(reason)
        await end_of(old)
        await quiet(node)
        assert node.whereis("child") not in {None, old}
        assert top.alive
        assert len(await boss.call("seen")) == 1
    assert complaints == []
