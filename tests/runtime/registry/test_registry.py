"""Registries: unique and duplicate keys, values, and entries that go with their processes."""

import asyncio
import copy
from dataclasses import dataclass
from typing import ClassVar

import pytest

from runtime import (
    AlreadyRegistered,
    ChildSpec,
    Down,
    Exit,
    NodeError,
    NoProcess,
    NotRegistered,
    NotSendable,
    Registry,
    Reply,
    Server,
    Supervisor,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet, serve, three

ROOMS = Registry[str, int]("rooms")
LISTENERS = Registry("listeners", keys="duplicate")


@dataclass(frozen=True)
class Seat:
    row: int
    number: int


@virtual_time
async def test_a_process_is_found_under_its_key_with_its_value():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        ROOMS.register(one, "lobby", 30)
        assert ROOMS.lookup(node, "lobby") == [(one, 30)]
        assert ROOMS.lookup(one, "lobby") == ROOMS.lookup(one._process.handle, "lobby") == [(one, 30)]
        assert ROOMS.lookup(node, "cellar") == []


@virtual_time
async def test_a_process_registers_itself_in_its_init():
    class Room(Server):
        def init(self, key):
            ROOMS.register(self, key, 7)
            return 0

    async with virtual_node() as node:
        pid = await serve(node, Room, "attic")
        assert ROOMS.lookup(node, "attic") == [(pid, 7)]


@pytest.mark.parametrize("key", [1, "a", None, (1, ("a", b"b")), frozenset({1}), Seat(1, 2)], ids=repr)
@virtual_time
async def test_any_immutable_value_is_a_key(key):
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        ROOMS.register(one, key)
        assert ROOMS.lookup(node, copy.deepcopy(key)) == [(one, None)]
        assert ROOMS.keys(one) == [key]


@virtual_time
async def test_what_can_change_is_no_key():
    @dataclass(frozen=True)
    class Holds:
        items: object

        def __hash__(self):
            return 1

    async with virtual_node() as node:
        one = await serve(node, Obeys)
        with pytest.raises(TypeError, match="unhashable"):
            ROOMS.register(one, ["a"])
        with pytest.raises(TypeError, match="a key is an immutable value; a Holds can change"):
            ROOMS.register(one, Holds([]))
        assert ROOMS.count(node) == 0


@virtual_time
async def test_a_unique_key_is_given_once_and_the_error_says_who_has_it():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        ROOMS.register(one, "lobby")
        for again in (one, two):
            with pytest.raises(
                AlreadyRegistered, match=f"the key lobby of the registry rooms belongs to {one}"
            ) as error:
                ROOMS.register(again, "lobby")
            assert error.value.pid == one
        assert ROOMS.lookup(node, "lobby") == [(one, None)]


@virtual_time
async def test_a_duplicate_key_belongs_to_many_and_to_one_several_times():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        for pid, value in ((one, 1), (two, 2), (one, 3)):
            LISTENERS.register(pid, "k", value)
        assert LISTENERS.lookup(node, "k") == [(one, 1), (two, 2), (one, 3)]
        assert LISTENERS.keys(one) == ["k", "k"]
        assert LISTENERS.count(node) == 3
        assert LISTENERS.unregister(one, "k")
        assert LISTENERS.lookup(node, "k") == [(two, 2)]
        assert not LISTENERS.unregister(one, "k")


@virtual_time
async def test_an_unregistered_key_is_free_for_others():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        ROOMS.register(one, "lobby")
        assert not ROOMS.unregister(two, "lobby")
        assert ROOMS.unregister(one, "lobby")
        ROOMS.register(two, "lobby")
        assert ROOMS.lookup(node, "lobby") == [(two, None)]


@virtual_time
async def test_the_same_key_in_two_registries_or_two_nodes_is_two():
    async with virtual_node("a") as node, virtual_node("b") as other:
        one, two = await serve(node, Obeys), await serve(other, Obeys)
        ROOMS.register(one, "lobby", 1)
        ROOMS.register(two, "lobby", 2)
        Registry("cellars").register(one, "lobby", 3)
        assert ROOMS.lookup(node, "lobby") == Registry("rooms").lookup(node, "lobby") == [(one, 1)]
        assert ROOMS.lookup(other, "lobby") == [(two, 2)]


@virtual_time
async def test_a_registry_has_either_kind_of_keys():
    async with virtual_node() as node:
        ROOMS.count(node)
        with pytest.raises(ValueError, match="the node has a registry 'rooms' with unique keys already"):
            Registry("rooms", keys="duplicate").count(node)
        with pytest.raises(ValueError, match="keys are unique or duplicate"):
            Registry("rooms", keys="some")


# --- values -------------------------------------------------------------------------------------------


@virtual_time
async def test_a_mutable_value_is_copied_in_and_out():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        value = {"seats": [1]}
        LISTENERS.register(one, "k", value)
        value["seats"].append(2)
        LISTENERS.lookup(node, "k")[0][1]["seats"].append(3)
        assert LISTENERS.lookup(node, "k") == [(one, {"seats": [1]})]
        with pytest.raises(NotSendable):
            LISTENERS.register(one, "k", asyncio.Lock())
        assert LISTENERS.count(node) == 1


@virtual_time
async def test_a_value_is_updated_by_the_process_that_has_it():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        ROOMS.register(one, "lobby", 30)
        assert ROOMS.update_value(one, "lobby", lambda seats: seats - 1) == (29, 30)
        assert ROOMS.lookup(node, "lobby") == [(one, 29)]
        with pytest.raises(KeyError):
            ROOMS.update_value(two, "lobby", lambda seats: seats)
        with pytest.raises(ZeroDivisionError):
            ROOMS.update_value(one, "lobby", lambda seats: seats / 0)
        assert ROOMS.lookup(node, "lobby") == [(one, 29)]
        with pytest.raises(ValueError, match="duplicate keys: which value is meant"):
            LISTENERS.update_value(one, "k", str)


@virtual_time
async def test_entries_are_found_by_value():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        for pid, key, value in ((one, "a", 1), (two, "a", 5), (two, "b", 9)):
            LISTENERS.register(pid, key, value)
        assert LISTENERS.match(node, "a", lambda value: value > 3) == [(two, 5)]
        assert LISTENERS.select(node, lambda key, value: value > 3) == [("a", two, 5), ("b", two, 9)]
        assert len(LISTENERS.select(node)) == LISTENERS.count(node) == 3


# --- ends ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["normal", "kill", "oops"])
@virtual_time
async def test_entries_go_with_their_process_however_it_ends(reason):
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        ROOMS.register(one, "lobby")
        LISTENERS.register(one, "k")
        LISTENERS.register(two, "k")
        one._process.handle.exit(one, reason)
        assert not one.alive
        assert ROOMS.lookup(node, "lobby") == []
        assert LISTENERS.lookup(node, "k") == [(two, None)]
        assert ROOMS.keys(one) == []
        tables = node.registry.tables
        assert not tables[ROOMS]._under
        assert not tables[ROOMS]._of


@virtual_time
async def test_whoever_is_told_of_an_end_finds_the_entry_gone():
    class Looks(Server):
        trap_exits = True

        def init(self):
            return ()

        def handle_call(self, message, caller, seen):
            if message == "seen":
                return Reply(seen, seen)
            self.monitor(message)
            self.link(message)
            return Reply(None, seen)

        def handle_info(self, message, seen):
            return (*seen, (type(message), ROOMS.lookup(self, "lobby")))

    async with virtual_node() as node:
        one, looks = await serve(node, Obeys), await serve(node, Looks)
        ROOMS.register(one, "lobby")
        await looks.call(one)
        one.cast("oops")
        await end_of(one)
        assert await looks.call("seen") == ((Down, []), (Exit, []))


@virtual_time
async def test_a_successor_finds_the_key_free_in_its_init():
    class Room(Server):
        def init(self):
            ROOMS.register(self, "lobby")
            return 0

    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("room", Room)]))
        old = node.whereis("room")
        old.cast("no handler: a crash")
        await end_of(old)
        await quiet(node)
        assert ROOMS.lookup(node, "lobby") == [(node.whereis("room"), None)]
        assert node.whereis("room") != old


@virtual_time
async def test_a_process_that_has_ended_registers_nothing():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        one.cast("normal")
        await end_of(one)
        with pytest.raises(NoProcess):
            ROOMS.register(one, "lobby")
        assert ROOMS.count(node) == 0


@virtual_time
async def test_a_key_whose_class_fails_to_compare_does_not_keep_a_process_from_ending():
    class Moody(str):
        __slots__ = ()
        moods: ClassVar = []

        def __hash__(self):
            if self.moods:
                raise RuntimeError("not now")
            return 1

    async with virtual_node() as node:
        boss, one, _ = await three(node)
        node.registry.tables[ROOMS] = table = ROOMS._new()
        table.add(one._process, Moody("k"))
        ref = await boss.call(("monitor", one))
        Moody.moods.append("bad")
        one.cast("normal")
        await end_of(one)
        assert await boss.call("seen") == (Down(ref, one, "normal"),)
        assert table.of(one._process) == []


@virtual_time
async def test_nothing_is_left_when_the_node_has_stopped():
    async with virtual_node() as node:
        for _ in range(3):
            LISTENERS.register(await serve(node, Obeys), "k")
    assert LISTENERS.count(node) == 0


# --- sending ------------------------------------------------------------------------------------------


@virtual_time
async def test_an_address_finds_whoever_has_the_key_at_each_send():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        lobby = ROOMS.at(node, "lobby")
        with pytest.raises(NotRegistered, match="no process is registered as lobby in the registry rooms"):
            await lobby.call("seen")
        lobby.send("lost")
        assert node.registry.dead_letters == 1
        for pid in (one, two):
            ROOMS.register(pid, "lobby")
            lobby.send("hello")
            assert await lobby.call("seen") == ("hello",)
            ROOMS.unregister(pid, "lobby")


@virtual_time
async def test_an_address_of_a_key_can_be_monitored_linked_and_sent():
    async with virtual_node() as node:
        boss, one, _ = await three(node)
        ROOMS.register(one, "lobby")
        lobby = ROOMS.at(node, "lobby")
        ref = await boss.call(("monitor", lobby))
        await boss.call(("link", lobby))
        boss.send(lobby)
        assert copy.deepcopy(lobby) == lobby
        assert len({lobby, ROOMS.at(node, "lobby")}) == 1
        one.cast("oops")
        await end_of(one)
        assert await boss.call("seen") == (lobby, Down(ref, one, "oops"), Exit(one, "oops"))


@virtual_time
async def test_duplicate_keys_have_no_address():
    async with virtual_node() as node:
        with pytest.raises(ValueError, match="no address; use dispatch"):
            LISTENERS.at(node, "k")


@virtual_time
async def test_a_message_is_dispatched_to_every_entry_of_a_key():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        for pid in (one, two, one):
            LISTENERS.register(pid, "k")
        assert LISTENERS.dispatch(node, "k", ("news",)) == 3
        assert LISTENERS.dispatch(node, "nobody's", "news") == 0
        assert await one.call("seen") == (("news",), ("news",))
        assert await two.call("seen") == (("news",),)


# --- other threads --------------------------------------------------------------------------------------


async def test_other_threads_look_and_send_but_change_nothing():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        LISTENERS.register(one, "k", 1)

        def elsewhere():
            with pytest.raises(NodeError, match="lives in another thread"):
                LISTENERS.register(one, "k")
            with pytest.raises(NodeError, match="lives in another thread"):
                LISTENERS.unregister(one, "k")
            assert LISTENERS.dispatch(node, "k", "news") == 1
            return LISTENERS.lookup(node, "k"), LISTENERS.keys(one)

        assert await asyncio.to_thread(elsewhere) == ([(one, 1)], ["k"])
        await quiet(node)
        assert await one.call("seen") == ("news",)


# --- the value that names it ----------------------------------------------------------------------------


@virtual_time
async def test_a_registry_can_be_sent_and_is_the_same_there():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        one.send(ROOMS)
        (arrived,) = await one.call("seen")
        assert arrived is ROOMS
        assert copy.copy(ROOMS) is ROOMS


def test_a_registry_is_immutable_and_says_so():
    with pytest.raises(AttributeError, match="a Registry is immutable"):
        ROOMS.name = "x"
    with pytest.raises(TypeError, match="a name is a string"):
        Registry(3)
    with pytest.raises(TypeError, match="not a place to look"):
        ROOMS.lookup("node", "k")
    with pytest.raises(TypeError, match="not a process"):
        ROOMS.register("name", "k")
