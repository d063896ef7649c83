"""Init time-outs: a start that takes too long fails with `timeout`, and its process is killed. gen_server's rule."""

import asyncio

import pytest

from runtime import ChildSpec, Reply, Server, StartError, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet

MADE = "pids that began"


class Slow(Server):
    async def init(self, seconds, then=0):
        self.resource(MADE).append(self.pid)
        await asyncio.sleep(seconds)
        return then

    def handle_call(self, message, caller, state):
        return Reply(state, state)

    def handle_cast(self, message, state):
        raise RuntimeError(message)


class Waits(Slow):
    def init(self, seconds):
        self.resource(MADE).append(self.pid)
        self.wait(asyncio.sleep(seconds))
        return 0


async def coroutine(process):
    await process.receive()


def a_node(made):
    return virtual_node(resources={MADE: made})


@pytest.mark.parametrize("behaviour", [Slow, Waits])
def test_an_init_that_takes_longer_fails_the_start_and_is_killed(behaviour):
    @virtual_time
    async def scene():
        made = []
        async with a_node(made) as node:
            began = node.scheduler.clock()
            with pytest.raises(StartError, match="did not start: timeout") as failed:
                await node.start(ChildSpec("a", behaviour, 10, start_timeout=2))
            assert failed.value.reason == "timeout"
            assert node.scheduler.clock() - began == pytest.approx(2, abs=0.01)
            assert await end_of(made[0]) == "killed"
            assert node.whereis("a") is None
            assert node.ledger.history[-1].by == "start_timeout of 2 s"

    scene()


@virtual_time
async def test_one_that_ends_in_time_runs_and_its_life_has_no_limit():
    async with a_node([]) as node:
        pid = await node.start(ChildSpec("a", Slow, 1, start_timeout=2))
        await asyncio.sleep(5)
        assert pid.alive


@virtual_time
async def test_at_boot_it_fails_the_whole_tree():
    made = []
    async with a_node(made) as node:
        with pytest.raises(StartError, match="child 'b' did not start: timeout"):
            await node.start(
                Supervisor([ChildSpec("a", Slow, 0), ChildSpec("b", Slow, 9, start_timeout=1)], name="top")
            )
        assert not any(pid.alive for pid in made)


@virtual_time
async def test_a_restart_that_takes_too_long_counts_and_is_tried_again():
    made = []

    def quicker(history):
        return (9.0, 1) if len(history) < 3 else (0.0, 2)

    async with a_node(made) as node:
        spec = ChildSpec("a", Slow, 0.0, start_timeout=1, restart_args=quicker)
        await node.start(Supervisor([spec], max_restarts=5, max_seconds=100))
        made[0].cast("boom")
        await end_of(made[0])
        await asyncio.sleep(3)
        await quiet(node)
        assert await node.named("a").call("state") == 2
        assert len(made) == 4


@virtual_time
async def test_a_supervisor_may_have_one_which_kills_what_it_had_started():
    made = []
    async with a_node(made) as node:
        inner = Supervisor([ChildSpec("a", Slow, 0), ChildSpec("b", Slow, 9)])
        with pytest.raises(StartError, match="timeout"):
            await node.start(ChildSpec("inner", inner, start_timeout=1))
        await quiet(node)
        assert not any(pid.alive for pid in made)


def test_what_makes_no_sense_is_refused():
    for seconds in (0, -1, float("inf"), True, "2"):
        with pytest.raises(ValueError, match="start_timeout="):
            ChildSpec("a", Slow, start_timeout=seconds)
    with pytest.raises(ValueError, match="a coroutine process has none"):
        ChildSpec("a", coroutine, start_timeout=1)
    assert ChildSpec("a", Slow, start_timeout=1).terms is ChildSpec("b", Slow, start_timeout=1).terms
    with pytest.raises(ValueError, match="start_timeout=True"):
        ChildSpec("a", Slow, start_timeout=True)
