"""Restart backoff: how long a child waits, what others see meanwhile, what calls it off."""

import asyncio
import random

import pytest

from runtime import Backoff, ChildError, ChildSpec, Supervisor
from runtime.introspection.service import Introspection
from runtime.port.contract import Failure, Info, State, TreeQuery
from runtime.port.keys import Role
from runtime.port.session import Principal
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet

STEADY = Backoff(first=1.0, maximum=8.0, jitter=0.0)


async def crash(node, name="a"):
    """Crash it, and wait until its supervisor knows."""
    pid = node.whereis(name)
    pid.cast("boom")
    await end_of(pid)
    await quiet(node)


async def tree(node, *names, backoff=STEADY, **options):
    first, *others = names
    children = [ChildSpec(first, Obeys, backoff=backoff), *(ChildSpec(name, Obeys) for name in others)]
    return await node.start(Supervisor(children, **options))


def test_each_wait_is_longer_by_the_factor_up_to_the_maximum():
    backoff = Backoff(first=0.1, maximum=1.0, factor=3, jitter=0)
    assert [round(backoff.seconds(tries, 0.5), 6) for tries in range(5)] == [0.1, 0.3, 0.9, 1.0, 1.0]
    assert backoff.seconds(10**9, 0) == 1.0
    assert Backoff(first=2, maximum=9, factor=1, jitter=0).seconds(50, 0) == 2


def test_jitter_only_shortens():
    backoff = Backoff(first=1, maximum=4, jitter=0.5)
    assert backoff.seconds(9, 0) == 4
    assert backoff.seconds(9, 1) == 2
    assert backoff.seconds(0, 0.5) == 0.75


@pytest.mark.parametrize(
    "wrong",
    [
        {"first": 0},
        {"first": 5, "maximum": 1},
        {"maximum": float("inf")},
        {"factor": 0.5},
        {"jitter": 1.5},
        {"jitter": -0.1},
    ],
    ids=repr,
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"Backoff\("):
        Backoff(**wrong)


def test_a_spec_takes_nothing_else_for_one():
    with pytest.raises(TypeError, match="backoff=5; it is Backoff"):
        ChildSpec("a", Obeys, backoff=5)


@virtual_time
async def test_what_a_program_draws_after_a_seed_is_the_same_with_backoff():
    before = random.getstate()
    async with virtual_node() as node:
        top = await tree(node, "a")
        await crash(node)
        assert [child.pid for child in await Supervisor.which_children(top)] == ["restarting"]
    assert random.getstate() == before


@virtual_time
async def test_a_child_is_restarted_when_its_wait_is_over_and_not_before():
    async with virtual_node() as node:
        top = await tree(node, "a")
        await crash(node)
        assert [child.pid for child in await Supervisor.which_children(top)] == ["restarting"]
        await asyncio.sleep(0.9)
        assert node.whereis("a") is None
        await asyncio.sleep(0.2)
        assert node.whereis("a").alive


@virtual_time
async def test_waits_in_a_row_grow_and_a_long_life_begins_anew():
    async with virtual_node() as node:
        await tree(node, "a", max_restarts=99)
        waited = []
        for life in (0, 0, 0, 9, 0):
            await asyncio.sleep(life)
            began = node.scheduler.clock()
            await crash(node)
            for _ in range(40):
                await asyncio.sleep(0.25 if node.whereis("a") is None else 0)
            waited.append(round(node.scheduler.clock() - began))
        assert waited == [1, 2, 4, 1, 2]


@virtual_time
async def test_each_end_counts_once_against_the_intensity():
    async with virtual_node() as node:
        top = await tree(node, "a", max_restarts=2, max_seconds=100)
        for wait in (1.1, 2.1):
            await crash(node)
            await asyncio.sleep(wait)
        assert top.alive
        await crash(node)
        assert await end_of(top) == "shutdown"


@virtual_time
async def test_a_group_is_stopped_at_once_and_started_together():
    async with virtual_node() as node:
        top = await tree(node, "a", "b", strategy="one_for_all")
        other = node.whereis("b")
        await crash(node)
        assert not other.alive
        assert [child.pid for child in await Supervisor.which_children(top)] == ["restarting", None]
        await asyncio.sleep(1.1)
        assert node.whereis("a").alive
        assert node.whereis("b").alive


@virtual_time
async def test_a_sibling_that_restarts_the_group_ends_the_wait():
    async with virtual_node() as node:
        specs = [ChildSpec("a", Obeys), ChildSpec("b", Obeys, backoff=STEADY)]
        await node.start(Supervisor(specs, strategy="rest_for_one"))
        await crash(node, "b")
        await crash(node, "a")
        second = node.whereis("b")
        assert second.alive
        await asyncio.sleep(2)
        assert node.whereis("b") == second


@virtual_time
async def test_terminate_child_calls_the_restart_off():
    async with virtual_node() as node:
        top = await tree(node, "a")
        await crash(node)
        with pytest.raises(ChildError, match="restarting"):
            await Supervisor.delete_child(top, "a")
        await Supervisor.terminate_child(top, "a")
        assert [child.pid for child in await Supervisor.which_children(top)] == [None]
        assert not top._process.extra.timers
        await Supervisor.delete_child(top, "a")
        await asyncio.sleep(2)
        assert node.whereis("a") is None
        assert top.alive


@virtual_time
async def test_shutdown_of_the_supervisor_calls_it_off():
    async with virtual_node() as node:
        top = await tree(node, "a")
        await crash(node)
        await Supervisor.terminate_child(node.root.pid, top._process.child.id)
        await asyncio.sleep(2)
        assert node.whereis("a") is None
        assert not top.alive


@virtual_time
async def test_a_restart_that_fails_waits_again():
    async with virtual_node() as node:
        top = await tree(node, "a", max_restarts=9, max_seconds=100)
        await crash(node)
        blocker = await node.start(ChildSpec("a", Obeys, restart="temporary"))  # the name is taken
        await asyncio.sleep(1.1)
        assert [child.pid for child in await Supervisor.which_children(top)] == ["restarting"]
        blocker.cast("normal")
        await end_of(blocker)
        await asyncio.sleep(1.8)
        assert node.whereis("a") is None
        await asyncio.sleep(0.3)
        assert node.whereis("a").alive


@virtual_time
async def test_an_operator_sees_that_it_waits_and_how_long_still():
    async with virtual_node() as node:
        top = await tree(node, "a", "b", name="team")
        old = node.whereis("a")
        await crash(node)
        await asyncio.sleep(0.25)
        look = Introspection(node)
        ann = Principal("ann", "id", Role.ADMIN, "test")
        team = look(TreeQuery(process="team"), ann).roots[0]
        waiting, other = team.children
        assert (waiting.status, waiting.pid) == ("restarting", None)
        assert waiting.wait_s == pytest.approx(0.75, abs=0.01)
        assert other.wait_s is None
        state = look(State(process=str(top)), ann).value
        assert state["children"][0]["restarting_in_s"] == pytest.approx(0.75, abs=0.01)
        with pytest.raises(Failure, match=r"\(a\) has ended: .*; restarting in 0\.[78] s"):
            look(Info(process="a"), ann)
        with pytest.raises(Failure, match=r"has ended.*; restarting in 0\.[78] s"):
            look(Info(process=str(old)), ann)
        look.stop()
