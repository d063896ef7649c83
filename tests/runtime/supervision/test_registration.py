"""Children that stand under a name, under their id in a registry, or under another key of it."""

import asyncio
import sys

import pytest

from runtime import (
    AlreadyRegistered,
    ChildError,
    ChildSpec,
    DynamicSupervisor,
    Node,
    Registry,
    Reply,
    Server,
    StartError,
    Supervisor,
)
from runtime.exits import signal
from runtime.introspection.entries import entries_of, registered
from runtime.port.contract import RegistryQuery
from tests.support.eventually import eventually

ROOMS = Registry[object, None]("rooms")
LISTENERS = Registry("listeners", keys="duplicate")


class Room(Server):
    """Says under which keys it stands, as its `init` saw them."""

    def init(self, fails=False):
        if fails:
            raise RuntimeError("no room")
        return tuple(ROOMS.keys(self))

    def handle_call(self, message, caller, keys):
        return Reply(keys, keys)


class Slow(Room):
    trap_exits = True

    async def terminate(self, reason, keys):
        for _ in range(20):
            await asyncio.sleep(0)


class Changeable:
    pass


def keyed(key, behaviour=Room, *args, **options):
    return ChildSpec(key, behaviour, *args, register=ROOMS, **options)


def at(node, key):
    """Who has the key; None for nobody."""
    return next((pid for pid, _ in ROOMS.lookup(node, key)), None)


async def test_a_child_stands_under_its_id_before_its_init_runs():
    async with Node("t", introspection=False) as node:
        top = await node.start(Supervisor([keyed(("room", 7))], name="top"))
        assert await ROOMS.at(node, ("room", 7)).call("keys") == (("room", 7),)
        (info,) = await Supervisor.which_children(top)
        assert (info.id, info.pid) == (("room", 7), at(node, ("room", 7)))


async def test_a_child_may_stand_under_another_key_than_its_id_and_has_no_name_then():
    async with Node("t", introspection=False) as node:
        top = await node.start(Supervisor([ChildSpec("lobby", Room, register=(ROOMS, 1))], name="top"))
        (info,) = await Supervisor.which_children(top)
        assert (info.id, info.pid) == ("lobby", at(node, 1))
        assert node.whereis("lobby") is None
        assert at(node, "lobby") is None


@pytest.mark.parametrize("register", [ROOMS, (ROOMS, "lobby")], ids=["its id", "a key"])
async def test_a_restarted_child_has_its_key_again(register):
    async with Node("t", introspection=False) as node:
        await node.start(Supervisor([ChildSpec("lobby", Room, register=register)], name="top"))
        before = at(node, "lobby")
        signal(before._process, "kill")
        await eventually(lambda: at(node, "lobby") not in {before, None})
        assert await ROOMS.at(node, "lobby").call("keys") == ("lobby",)


async def test_a_key_that_is_taken_refuses_the_start_and_says_who_has_it():
    async with Node("t", introspection=False) as node:
        top = await node.start(Supervisor([keyed("lobby")], name="top"))
        holder = at(node, "lobby")
        with pytest.raises(StartError, match="the registry rooms belongs to") as refused:
            await Supervisor.start_child(top, ChildSpec("another", Room, register=(ROOMS, "lobby")))
        assert isinstance(refused.value.reason, AlreadyRegistered)
        assert refused.value.reason.pid == holder
        assert at(node, "lobby") == holder
        assert (await Supervisor.count_children(top)).specs == 1


async def test_a_start_that_fails_leaves_the_key_free():
    async with Node("t", introspection=False) as node:
        top = await node.start(Supervisor([], name="top"))
        with pytest.raises(StartError):
            await Supervisor.start_child(top, keyed("lobby", Room, True))
        assert at(node, "lobby") is None
        await Supervisor.start_child(top, keyed("lobby"))


async def test_dynamic_children_stand_under_keys_and_none_takes_that_of_another():
    async with Node("t", introspection=False) as node:
        top = await node.start(DynamicSupervisor(name="top"))
        one = await DynamicSupervisor.start_child(top, keyed(1))
        with pytest.raises(ChildError, match="already_started"):
            await DynamicSupervisor.start_child(top, keyed(1))
        same_id = await DynamicSupervisor.start_child(top, ChildSpec(1, Room, register=(ROOMS, 2)))
        assert (at(node, 1), at(node, 2)) == (one, same_id)
        await DynamicSupervisor.terminate_child(top, one)
        assert at(node, 1) is None
        assert at(node, 2) == same_id


async def test_a_supervisor_stands_under_a_key_like_any_child():
    async with Node("t", introspection=False) as node:
        await node.start(ChildSpec("branch", Supervisor([keyed("lobby")]), register=ROOMS))
        assert [info.id for info in await Supervisor.which_children(at(node, "branch"))] == ["lobby"]


async def test_a_killed_tree_is_replaced_although_its_children_need_time_to_free_their_keys():
    inner = Supervisor([keyed("slow", Slow), ChildSpec("slower", Slow, register=(ROOMS, "other"))])
    async with Node("t", introspection=False) as node:
        await node.start(Supervisor([ChildSpec("inner", inner)], name="top"))
        before = {at(node, "slow"), at(node, "other")}
        signal(node.whereis("inner")._process, "kill")
        await eventually(lambda: not before & {at(node, "slow"), at(node, "other")} and node.ledger.restarts)
        assert node.ledger.restarts == 1


async def test_observers_see_the_key_of_a_child():
    async with Node("t", introspection=False) as node:
        await node.start(Supervisor([keyed("lobby")], name="top"))
        process = at(node, "lobby")._process
        (entry,), more = entries_of(process, 10)
        assert (entry.kind, entry.scope, entry.key, more) == ("key", "rooms", "lobby", 0)
        (listed,) = registered(node, RegistryQuery(scope="rooms", limit=5)).entries
        assert listed == entry


def test_what_is_no_place_for_a_child_is_refused_with_the_legal_forms():
    for register in ("rooms", (ROOMS,), (ROOMS, 1, 2), ("rooms", 1), None):
        with pytest.raises(TypeError, match=r"it is True \(its id is its name\), False, a Registry"):
            ChildSpec("a", Room, register=register)
    with pytest.raises(TypeError, match="can change"):
        ChildSpec("a", Room, register=(ROOMS, Changeable()))
    for register in (LISTENERS, (LISTENERS, "a")):
        with pytest.raises(ValueError, match="duplicate keys"):
            ChildSpec("a", Room, register=register)


async def test_a_registry_that_the_node_knows_with_duplicate_keys_is_no_crash_of_the_supervisor():
    async with Node("t", introspection=False) as node:
        LISTENERS.register((await node.start(ChildSpec("a", Room))), "k")
        top = await node.start(Supervisor([], name="top"))
        with pytest.raises(StartError, match="duplicate keys already"):
            await Supervisor.start_child(top, ChildSpec("b", Room, register=Registry("listeners")))
        assert top.alive


def test_siblings_under_one_registry_share_their_terms_and_a_spec_has_grown_by_nothing():
    one, two = keyed(1), keyed(2)
    assert one.terms is two.terms
    assert one.register is ROOMS
    assert sys.getsizeof(one) == sys.getsizeof(ChildSpec(3, Room, register=False))
    assert ChildSpec(4, Room, register=(ROOMS, 5)).register == (ROOMS, 5)
