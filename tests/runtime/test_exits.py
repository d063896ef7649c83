"""Exit signals, links and monitors. The rules are those of Erlang's reference manual, chapter "Processes"."""

import asyncio
import threading
from dataclasses import dataclass
from itertools import pairwise

import pytest

from runtime import ChildSpec, Down, Exit, Node, NotSendable, ProcessExit, Reply, Server, Supervisor
from runtime.exits import link
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Obeys(Server):
    """Does to others what it is told, and keeps what it hears of them."""

    def init(self, trap=False):
        self._process.trap_exits = trap
        return ()

    def handle_call(self, message, caller, seen):
        match message:
            case "seen":
                return Reply(seen, seen)
            case (method, *arguments):
                return Reply(getattr(self, method)(*arguments), seen)

    def handle_cast(self, message, seen):
        if isinstance(message, BaseException):
            raise message
        raise ProcessExit(message)

    def handle_info(self, message, seen):
        return (*seen, message)


class OopsError(Exception):
    """An ordinary crash."""


@dataclass
class UnhashableError(Exception):
    """As a dataclass it has `__eq__`, and hence no hash."""

    code: int


async def three(node, trap=True):
    """A process that traps exits, and two that do not."""
    return await serve(node, Obeys, trap), await serve(node, Obeys), await serve(node, Obeys)


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [OopsError("x"), "oops", "shutdown", ("shutdown", 1)], ids=repr)
@virtual_time
async def test_a_link_carries_an_abnormal_end_both_ways(reason):
    for direction in ("linked", "linking"):
        async with virtual_node() as node:
            _, one, other = await three(node)
            await one.call(("link", other))
            first, second = (one, other) if direction == "linking" else (other, one)
            first.cast(reason)
            assert await end_of(second) == reason


@virtual_time
async def test_a_link_carries_a_kill_as_killed():
    async with virtual_node() as node:
        boss, one, other = await three(node)
        await one.call(("link", other))
        await boss.call(("exit", one, "kill"))
        assert await end_of(one) == "killed"
        assert await end_of(other) == "killed"


@virtual_time
async def test_a_normal_end_leaves_the_linked_alone():
    async with virtual_node() as node:
        boss, one, other = await three(node)
        await one.call(("link", other))
        await one.call(("link", boss))
        one.cast("normal")
        await end_of(one)
        await quiet(node)
        assert other.alive
        assert await boss.call("seen") == (Exit(one, "normal"),)


@virtual_time
async def test_who_traps_exits_gets_a_message_instead_of_dying():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await boss.call(("link", one))
        error = OopsError("x")
        one.cast(error)
        await end_of(one)
        assert await boss.call("seen") == (Exit(one, error),)
        assert boss.alive


@virtual_time
async def test_a_link_that_is_undone_carries_nothing():
    async with virtual_node() as node:
        _, one, other = await three(node)
        await one.call(("link", other))
        await other.call(("unlink", one))
        await other.call(("unlink", one))  # once more has no effect
        one.cast("oops")
        await end_of(one)
        assert other.alive


@virtual_time
async def test_a_link_twice_is_one_link():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        for _ in range(3):
            await boss.call(("link", one))
        one.cast("oops")
        await end_of(one)
        assert await boss.call("seen") == (Exit(one, "oops"),)


@virtual_time
async def test_a_link_with_oneself_has_no_effect():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        await boss.call(("link", boss))
        assert not [other for other in boss._process.links if other is boss._process]


@virtual_time
async def test_a_link_with_the_dead_is_an_exit_signal_noproc():
    async with virtual_node() as node:
        boss, one, other = await three(node)
        one.cast("normal")
        await end_of(one)
        await boss.call(("link", one))
        assert await boss.call("seen") == (Exit(one, "noproc"),)
        with pytest.raises(Exception, match="noproc"):
            await other.call(("link", one))
        assert await end_of(other) == "noproc"


@virtual_time
async def test_a_link_with_a_name_that_nobody_has_is_noproc_as_well():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        await boss.call(("link", "nobody"))
        assert await boss.call("seen") == (Exit(None, "noproc"),)


@virtual_time
async def test_many_links_are_as_good_as_few():
    async with virtual_node() as node:
        boss = await serve(node, Obeys, True)
        others = [await serve(node, Obeys) for _ in range(20)]
        for other in others:
            await boss.call(("link", other))
        for other in others[::2]:
            await boss.call(("unlink", other))
        boss.cast("oops")
        await end_of(boss)
        assert [other.alive for other in others] == [True, False] * 10


async def test_a_chain_of_100_000_links_ends_without_recursion():
    async with Node("t", introspection=False) as node:
        specs = [ChildSpec(n, Obeys, register=False, restart="temporary") for n in range(100_000)]
        top = await node.start(Supervisor(specs))
        chain = [process for process in node.table if process.parent is top._process]
        for one, other in pairwise(chain):
            link(one, other)
        chain[0].handle.exit(chain[0].pid, "shutdown")
        assert {process.reason for process in chain} == {"shutdown"}
        assert (await Supervisor.count_children(top)).specs == 0


# --- exit signals ---------------------------------------------------------------------------------


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
        await boss.call(("monitor", one))
        await other.call(("link", one))
        holds = await serve(node, Holds)
        holds.cast(one)
        assert await end_of(one) == ["mine"]
        (down,), (exit_,) = await boss.call("seen"), await other.call("seen")
        assert down.reason == exit_.reason == ["mine"]
        assert down.reason is not exit_.reason


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


class Contrary:
    """Compares with nothing."""

    def __eq__(self, other):
        raise RuntimeError("not to be compared")

    __hash__ = None


@pytest.mark.parametrize(
    "reason", [UnhashableError(1), ["a list"], ("shutdown", [1]), {}, Contrary(), (Contrary(), 1)], ids=repr
)
@virtual_time
async def test_any_value_can_be_a_reason_and_the_supervisor_hears_of_it(reason):
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


# --- monitors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["normal", "shutdown", "oops", OopsError("x")], ids=repr)
@virtual_time
async def test_a_monitor_tells_every_end_once(reason):
    async with virtual_node() as node:
        boss, one, _ = await three(node, trap=False)
        ref = await boss.call(("monitor", one))
        one.cast(reason)
        await end_of(one)
        assert await boss.call("seen") == (Down(ref, one, reason),)


@virtual_time
async def test_two_monitors_are_two_messages():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        refs = [await boss.call(("monitor", one)) for _ in range(2)]
        one.cast("normal")
        await end_of(one)
        assert await boss.call("seen") == tuple(Down(ref, one, "normal") for ref in refs)


@virtual_time
async def test_a_monitor_on_the_dead_or_on_nobody_is_told_noproc_at_once():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        one.cast("normal")
        await end_of(one)
        first = await boss.call(("monitor", one))
        second = await boss.call(("monitor", "nobody"))
        third = await boss.call(("monitor", node.named("nobody")))
        assert await boss.call("seen") == (
            Down(first, one, "noproc"),
            Down(second, None, "noproc"),
            Down(third, None, "noproc"),
        )


@virtual_time
async def test_a_monitor_by_name_follows_the_process_and_not_the_name():
    async with virtual_node() as node:
        boss, *_ = await three(node)
        await node.start(Supervisor([ChildSpec("child", Obeys)]))
        old = node.whereis("child")
        ref = await boss.call(("monitor", "child"))
        for _ in range(2):
            node.named("child").cast("oops")
            await quiet(node)
        assert await boss.call("seen") == (Down(ref, old, "oops"),)


@virtual_time
async def test_a_monitor_that_is_undone_tells_nothing():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        ref = await boss.call(("monitor", one))
        assert await boss.call(("demonitor", ref)) is True
        assert await boss.call(("demonitor", ref)) is False
        one.cast("normal")
        await end_of(one)
        assert await boss.call("seen") == ()


@virtual_time
async def test_undoing_a_monitor_takes_back_a_down_that_waits_in_the_mailbox():
    class Flushes(Obeys):
        def handle_cast(self, pid, seen):
            ref = self.monitor(pid)
            self.pid.send(Contrary())
            self.pid.send("before")
            self.exit(pid, "kill")
            self.pid.send("after")
            assert self.demonitor(ref) is True
            return seen

        def handle_info(self, message, seen):
            return (*seen, message if isinstance(message, str) else type(message).__name__)

    async with virtual_node() as node:
        _, one, _ = await three(node)
        flushes = await serve(node, Flushes)
        flushes.cast(one)
        await quiet(node)
        assert await flushes.call("seen") == ("Contrary", "before", "after")


@virtual_time
async def test_a_watcher_that_dies_leaves_no_monitor_behind():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        await boss.call(("monitor", one))
        assert one._process.watchers
        boss.cast("normal")
        await end_of(boss)
        assert not one._process.watchers
        one.cast("normal")
        await end_of(one)


@virtual_time
async def test_everybody_is_told_in_one_step_so_a_name_is_free_when_the_down_arrives():
    class Looks(Obeys):
        def handle_info(self, message, seen):
            return (*seen, self.whereis("child"))

    async with virtual_node() as node:
        looks = await serve(node, Looks)
        await node.start(ChildSpec("child", Obeys, restart="temporary"))
        await looks.call(("monitor", "child"))
        node.named("child").cast("normal")
        await quiet(node)
        assert await looks.call("seen") == (None,)


@virtual_time
async def test_two_that_kill_each_other_through_their_links_both_end():
    class Strikes(Obeys):
        trap_exits = True

        def handle_info(self, message, seen):
            raise ProcessExit("revenge")

        def terminate(self, reason, seen):
            self.resource("said").append(reason)

    said = []
    async with virtual_node(resources={"said": said}) as node:
        one, other = await serve(node, Strikes), await serve(node, Strikes)
        one._process.trap_exits = other._process.trap_exits = True
        await one.call(("link", other))
        one.cast("oops")
        assert await end_of(one) == "oops"
        assert await end_of(other) == "revenge"
    assert said == ["oops", "revenge"]


def test_two_nodes_in_two_threads_do_not_mix_their_signals():
    async def run(outcomes):
        async with Node("t", introspection=False) as node:
            for _ in range(200):
                pids = [await serve(node, Obeys) for _ in range(5)]
                for one, other in pairwise(pids):
                    link(one._process, other._process)
                pids[0].cast("shutdown")
                await end_of(pids[-1])
            outcomes.append([node._sched.thread, threading.get_ident()])

    outcomes = []
    threads = [threading.Thread(target=lambda: asyncio.run(run(outcomes))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
