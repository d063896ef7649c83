"""Aliases: an address that its process can take back, for answers that may come too late."""

import copy

import pytest

from runtime import Down, NoProcess
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, serve, three


@virtual_time
async def test_what_is_sent_to_an_alias_arrives_until_it_is_taken_back():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        alias = await one.call(("alias",))
        two.send(alias)
        (arrived,) = await two.call("seen")
        arrived.send("in time")
        assert await one.call(("unalias", alias))
        assert not arrived.active
        arrived.send("too late")
        assert await one.call("seen") == ("in time",)
        assert node.scheduler.dead_letters == 1
        with pytest.raises(NoProcess):
            await arrived.call("seen")


@virtual_time
async def test_an_alias_is_taken_back_once_and_by_its_own_process():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        alias = await one.call(("alias",))
        assert not await two.call(("unalias", alias))
        assert await one.call(("unalias", alias))
        assert not await one.call(("unalias", alias))


@virtual_time
async def test_one_alias_says_nothing_about_another_or_the_pid():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        first, second = await one.call(("alias",)), await one.call(("alias",))
        assert first != second
        assert copy.deepcopy(first) is first
        await one.call(("unalias", first))
        second.send(2)
        one.send(3)
        assert await one.call("seen") == (2, 3)


@virtual_time
async def test_an_alias_ends_with_its_process():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        alias = await one.call(("alias",))
        ref = await boss.call(("monitor", alias))
        one.cast("oops")
        await end_of(one)
        assert not alias.active
        alias.send("x")
        assert node.scheduler.dead_letters == 1
        assert await boss.call("seen") == (Down(ref, one, "oops"),)
