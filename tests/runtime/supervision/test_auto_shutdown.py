"""Significant children: whose end ends their supervisor. OTP 24's rules, combination by combination."""

import asyncio

import pytest

from runtime import ChildSpec, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet


def significant(name, restart="transient"):
    return ChildSpec(name, Obeys, restart=restart, significant=True)


async def tree(node, auto_shutdown, *children, **options):
    supervisor = Supervisor(children, auto_shutdown=auto_shutdown, **options)
    return await node.start(ChildSpec("top", supervisor, restart="temporary"))


@virtual_time
async def test_any_significant_child_that_ends_takes_the_supervisor_along():
    async with virtual_node() as node:
        top = await tree(node, "any_significant", significant("a"), significant("b"), ChildSpec("c", Obeys))
        other = node.whereis("c")
        node.named("a").cast("normal")
        assert await end_of(top) == "shutdown"
        assert await end_of(other) == "shutdown"


@virtual_time
async def test_with_all_significant_the_last_of_them_does():
    async with virtual_node() as node:
        top = await tree(node, "all_significant", significant("a"), significant("b"), ChildSpec("c", Obeys))
        node.named("a").cast("normal")
        await quiet(node)
        assert top.alive
        node.named("b").cast("shutdown")
        assert await end_of(top) == "shutdown"


@virtual_time
async def test_a_significant_child_that_is_restarted_ends_nothing():
    async with virtual_node() as node:
        top = await tree(node, "any_significant", significant("a"))
        first = node.whereis("a")
        first.cast("boom")
        await end_of(first)
        await quiet(node)
        assert top.alive
        assert node.whereis("a").alive


@virtual_time
async def test_a_temporary_significant_child_ends_it_by_a_crash_too():
    async with virtual_node() as node:
        top = await tree(node, "any_significant", significant("a", "temporary"))
        node.named("a").cast("boom")
        assert await end_of(top) == "shutdown"


@virtual_time
async def test_a_child_that_its_supervisor_was_asked_to_stop_ends_nothing():
    async with virtual_node() as node:
        top = await tree(node, "any_significant", significant("a"), significant("b", "temporary"))
        await Supervisor.terminate_child(top, "a")
        await Supervisor.terminate_child(top, "b")
        await quiet(node)
        assert top.alive


@virtual_time
async def test_a_temporary_child_that_goes_with_its_group_ends_nothing():
    async with virtual_node() as node:
        top = await tree(
            node,
            "any_significant",
            significant("a", "temporary"),
            ChildSpec("b", Obeys),
            strategy="one_for_all",
        )
        node.named("b").cast("boom")
        await quiet(node)
        assert top.alive
        assert node.whereis("a") is None


@virtual_time
async def test_one_that_is_not_significant_ends_nothing():
    async with virtual_node() as node:
        top = await tree(
            node, "any_significant", significant("a"), ChildSpec("b", Obeys, restart="transient")
        )
        node.named("b").cast("normal")
        await quiet(node)
        assert top.alive


@virtual_time
async def test_a_supervisor_above_restarts_one_that_is_permanent():
    async with virtual_node() as node:
        inner = Supervisor([significant("a")], auto_shutdown="any_significant")
        await node.start(Supervisor([ChildSpec("inner", inner)]))
        first = node.whereis("inner")
        node.named("a").cast("normal")
        assert await end_of(first) == "shutdown"
        await asyncio.sleep(0.1)
        assert node.whereis("inner").alive
        assert node.whereis("a").alive


def test_a_permanent_child_cannot_be_significant():
    with pytest.raises(ValueError, match="significant=True with restart='permanent'"):
        ChildSpec("a", Obeys, significant=True)


def test_a_significant_child_needs_a_supervisor_to_which_it_matters():
    with pytest.raises(ValueError, match="significant=True under auto_shutdown='never'"):
        Supervisor([significant("a")])
    with pytest.raises(ValueError, match="auto_shutdown='sometimes'; it is one of never, any_significant"):
        Supervisor([], auto_shutdown="sometimes")


@virtual_time
async def test_a_running_supervisor_refuses_it_too_and_lives():
    async with virtual_node() as node:
        top = await node.start(Supervisor([]))
        with pytest.raises(ValueError, match="under auto_shutdown='never'"):
            await Supervisor.start_child(top, significant("a"))
        assert await Supervisor.which_children(top) == []
