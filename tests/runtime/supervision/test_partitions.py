"""PartitionSupervisor: N times the same child, and addresses that find one by a key."""

import subprocess
import sys

import pytest

from runtime import CallError, ChildSpec, Down, NotRegistered, PartitionSupervisor, Reply, Server, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet, serve


class Shard(Server):
    def init(self, *args):
        return args

    def handle_call(self, message, caller, args):
        return Reply((args, message), args)

    def handle_cast(self, message, args):
        raise RuntimeError(message)


async def caches(node, **options):
    settings = {"partitions": 4, "name": "caches", **options}
    return await node.start(PartitionSupervisor(ChildSpec("cache", Shard, "x"), **settings))


def numbered(args, number):
    return (*args, number)


@virtual_time
async def test_there_are_as_many_as_were_asked_for_under_their_numbers():
    async with virtual_node() as node:
        top = await caches(node)
        assert [child.id for child in await PartitionSupervisor.which_children(top)] == [0, 1, 2, 3]
        assert PartitionSupervisor.partitions(node.named("caches")) == 4
        assert node.whereis("cache") is None
        assert (await PartitionSupervisor.count_children(top)).active == 4


@virtual_time
async def test_a_number_names_its_partition_and_each_may_have_its_own_arguments():
    async with virtual_node() as node:
        top = await caches(node, with_arguments=numbered)
        for key in (0, 3, 5, -1):
            assert await PartitionSupervisor.via(top, key).call("get") == (("x", key % 4), "get")


@virtual_time
async def test_a_key_always_has_the_same_partition():
    async with virtual_node() as node:
        await caches(node, with_arguments=numbered)
        where = {}
        for key in ("alice", b"alice", ("a", 1), "bob", None):
            via = PartitionSupervisor.via(node.named("caches"), key)
            where[key] = await via.call("get")
            assert await via.call("get") == where[key]
            assert via == PartitionSupervisor.via(node.named("caches"), key)
        assert where["alice"] == where[b"alice"]


def test_a_text_has_the_same_partition_in_every_run():
    code = "from runtime.supervision.partitions import _spread; print(_spread('alice'))"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert len(set(runs)) == 1


@virtual_time
async def test_keys_spread_over_all_partitions():
    async with virtual_node() as node:
        top = await caches(node, with_arguments=numbered)
        met = {(await PartitionSupervisor.via(top, f"user-{n}").call("get"))[0][1] for n in range(100)}
        assert met == {0, 1, 2, 3}


@virtual_time
async def test_the_address_finds_the_successor_after_a_restart():
    async with virtual_node() as node:
        await caches(node)
        via = PartitionSupervisor.via(node.named("caches"), "alice")
        first = via._process.pid
        via.cast("boom")
        await end_of(first)
        await quiet(node)
        assert await via.call("get") == (("x",), "get")
        assert via._process.pid != first


@virtual_time
async def test_it_is_an_address_in_messages_monitors_and_timers():
    async with virtual_node() as node:
        await caches(node)
        obeys = await serve(node, Obeys, True)
        via = PartitionSupervisor.via(node.named("caches"), 1)
        ref = await obeys.call(("monitor", via))
        pid = via._process.pid
        via.cast("boom")
        await quiet(node)
        (down,) = await obeys.call("seen")
        assert (type(down), down.ref, down.pid) == (Down, ref, pid)


@virtual_time
async def test_where_there_is_no_partition_the_error_says_so_and_a_message_is_counted():
    async with virtual_node() as node:
        top = await caches(node)
        via = PartitionSupervisor.via(node.named("caches"), "alice")
        await Supervisor.terminate_child(top, via._process.child.id)
        with pytest.raises(NotRegistered, match=r"caches\['alice'\]"):
            await via.call("get")
        via.send("hello")
        assert node.scheduler.dead_letters == 1
        nobody = PartitionSupervisor.via(node.named("nobody"), "alice")
        with pytest.raises(CallError):
            await nobody.call("get")
        nobody.send("hello")
        assert node.registry.dead_letters == 1


@virtual_time
async def test_only_a_partition_supervisor_has_partitions():
    async with virtual_node() as node:
        top = await node.start(Supervisor([]))
        with pytest.raises(TypeError, match="is no PartitionSupervisor but"):
            PartitionSupervisor.partitions(top)
        with pytest.raises(TypeError, match="is no PartitionSupervisor but"):
            await PartitionSupervisor.via(top, 1).call("get")


def test_what_makes_no_sense_is_refused():
    for count in (0, -1, 1.5, True):
        with pytest.raises(ValueError, match="partitions="):
            PartitionSupervisor(ChildSpec("a", Shard), partitions=count)
    with pytest.raises(TypeError, match="is a ChildSpec"):
        PartitionSupervisor(Shard)
    with pytest.raises(TypeError, match="unhashable"):
        PartitionSupervisor.via(None, [])
