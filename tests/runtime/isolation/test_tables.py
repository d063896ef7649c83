"""Registries, groups, topics, presence and addresses are the node's: alike on the loop, on a thread, and in an OS process."""

from __future__ import annotations

import logging

import pytest

from runtime import (
    CallError,
    ChildSpec,
    Down,
    Joined,
    Left,
    PartitionSupervisor,
    PresenceDiff,
    ProcessDied,
    Supervisor,
    exits,
)
from tests.support.eventually import eventually
from tests.support.isolated import Cell
from tests.support.processes import end_of, serve
from tests.support.townspeople import CROWDS, NEWS, ROLES, ROOMS, WHERE, Townsman

TAKEN = "the key cellar of the registry rooms belongs to {}; choose another, or send it to that one"
PLACES = {"loop": {}, "thread": {"thread": True}, "isolated": {"isolated": True}}


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.CRITICAL, "observer")


@pytest.fixture(params=PLACES)
async def one(node, request):
    return await serve(node, Townsman, **PLACES[request.param])


@pytest.fixture
async def other(node):
    return await serve(node, Townsman)


async def test_a_registry_is_the_nodes(node, one, other):
    await one.call(("on", ROOMS, "register", "attic", 30))
    ROOMS.register(other, "cellar", 3)
    assert ROOMS.lookup(node, "attic") == [(one, 30)]
    assert await one.call(("on", ROOMS, "lookup", "cellar")) == [(other, 3)]
    assert await one.call(("on", ROOMS, "keys")) == ["attic"]
    assert await one.call(("on", ROOMS, "count")) == 2
    assert await one.call(("adults", ROOMS, "attic")) == [(one, 30)]
    assert await one.call(("adults", ROOMS, "cellar")) == []
    assert await one.call(("all", ROOMS)) == [("attic", one, 30)]
    assert await one.call(("older", ROOMS, "attic")) == (31, 30)
    assert await one.call(("refused", ROOMS, "register", "cellar")) == (
        f"AlreadyRegistered: {TAKEN.format(other)}"
    )
    assert await one.call(("on", ROOMS, "unregister", "attic")) is True
    assert ROOMS.lookup(node, "attic") == []


async def test_its_entries_end_with_it(node, one):
    await one.call(("on", ROOMS, "register", "attic"))
    await one.call(("on", CROWDS, "join", "crowd"))
    exits.signal(one._process, "kill")
    await end_of(one)
    assert ROOMS.lookup(node, "attic") == CROWDS.get_members(node, "crowd") == []


async def test_a_message_to_all_under_a_key_reaches_it_and_is_sent_by_it(node, one, other):
    await one.call(("on", ROLES, "register", "cook"))
    ROLES.register(other, "cook")
    assert await one.call(("on", ROLES, "dispatch", "cook", "hungry")) == 2
    await eventually(lambda: other._process.state == ("hungry",))
    assert await one.call("heard") == ("hungry",)


async def test_groups_are_joined_left_and_watched(node, one, other):
    ref, members = await one.call(("on", CROWDS, "monitor", "crowd"))
    assert members == []
    CROWDS.join(other, "crowd")
    CROWDS.leave(other, "crowd")
    assert await one.call("heard") == (Joined(ref, "crowd", (other,)), Left(ref, "crowd", (other,)))
    assert await one.call(("on", CROWDS, "demonitor", ref)) is True
    await one.call(("on", CROWDS, "join", "crowd"))
    assert await one.call(("on", CROWDS, "get_members", "crowd")) == [one]
    assert await one.call(("on", CROWDS, "which_groups")) == ["crowd"]
    assert await one.call(("on", CROWDS, "leave", "crowd")) is True
    assert len(await one.call("heard")) == 2


async def test_topics_reach_it_and_it_is_left_out_where_it_says_so(node, one, other):
    await one.call(("on", NEWS, "subscribe", "weather"))
    NEWS.subscribe(other, "weather")
    assert await one.call(("tells others", NEWS, "weather", "rain")) == 1
    NEWS.broadcast(node, "weather", "sun")
    await eventually(lambda: other._process.state == ("rain", "sun"))
    assert await one.call("heard") == ("sun",)


async def test_it_is_present_and_sees_who_is(node, one, other):
    await one.call(("on", WHERE, "subscribe", "square"))
    WHERE.track(other, "square", "bob", ())
    await one.call(("on", WHERE, "track", "square", "ann", ("first",)))
    await one.call(("moves", WHERE, "square", "ann"))
    assert WHERE.list(node, "square") == {"bob": [()], "ann": [("first", "moved")]}
    assert await one.call(("on", WHERE, "list", "square")) == WHERE.list(node, "square")
    assert await one.call(("on", WHERE, "get_by_key", "square", "bob")) == [()]
    assert await one.call(("on", WHERE, "untrack", "square", "ann")) is True
    heard = await one.call("heard")
    assert [type(diff) for diff in heard] == [PresenceDiff] * 4
    assert heard[-1] == PresenceDiff("square", (), (("ann", ("first", "moved")),))


async def test_a_key_is_an_address_there_and_stays_one_when_it_is_sent(node, one, other):
    ROOMS.register(other, "cellar")
    address = ROOMS.at(node, "cellar")
    assert await one.call(("ask key", ROOMS, "cellar", "heard")) == ()
    assert await one.call(("ask", address, "heard")) == ()
    await one.call(("tell", address, address))
    await eventually(lambda: other._process.state == (address,))
    assert await one.call(("same", address, address)) is True
    exits.signal(other._process, "kill")
    with pytest.raises(ProcessDied) as died:
        await one.call(("ask key", ROOMS, "cellar", "heard"))
    assert isinstance(died.value.reason, CallError)
    assert str(died.value.reason).startswith("no process is registered as cellar in the registry rooms")


async def test_a_partition_is_an_address_there(node, one):
    await node.start(PartitionSupervisor(ChildSpec("part", Townsman), partitions=2, name="parts"))
    parts = node.named("parts")
    PartitionSupervisor.via(parts, 1).send("to the second")
    assert await one.call(("ask part", parts, 1, "heard")) == ("to the second",)
    assert await one.call(("ask", PartitionSupervisor.via(parts, 0), "heard")) == ()


async def test_an_alias_reaches_its_process_until_it_is_given_up(node, one, other):
    alias = await one.call("alias")
    assert alias.active
    await other.call(("tell", alias, "by alias"))
    assert (await one.call("heard"))[1] == "by alias"
    assert await other.call(("ask", alias, "no call")) == "what?"
    assert await one.call(("unalias", alias)) == (True, True)
    await other.call(("tell", alias, "too late"))
    assert len(await one.call("heard")) == 2


async def test_an_alias_of_another_reaches_that_one(node, one, other):
    alias = await other.call("alias")
    await one.call(("tell", alias, "by alias"))
    await eventually(lambda: other._process.state[1:] == ("by alias",))
    ref = await one.call(("monitor", alias))
    exits.signal(other._process, "kill")
    await eventually(lambda: not other.alive)
    assert await one.call("heard") == (Down(ref, other, "killed"),)


async def test_a_supervisor_answers_it_and_another_is_not_taken_for_one(node, one, other):
    top = await node.start(Supervisor([ChildSpec("a", Townsman)], name="top"))
    assert await one.call(("children", top)) == ["a"]
    with pytest.raises(ProcessDied) as died:
        await one.call(("children", other))
    assert type(died.value.reason) is TypeError
    assert "is no supervisor but tests.support.townspeople:Townsman" in str(died.value.reason)
    assert other.alive


@pytest.mark.parametrize("place", PLACES)
async def test_a_child_stands_under_its_key_wherever_it_runs_and_so_does_its_successor(node, place):
    top = Supervisor([ChildSpec("attic", Townsman, register=ROOMS, **PLACES[place])], name="top")
    await node.start(top)
    ((first, _),) = ROOMS.lookup(node, "attic")
    assert await first.call(("on", ROOMS, "keys")) == ["attic"]
    exits.signal(first._process, "kill")
    await eventually(lambda: [pid for pid, _ in ROOMS.lookup(node, "attic") if pid != first], within=10)
    assert await ROOMS.at(node, "attic").call(("on", ROOMS, "keys"), timeout=10) == ["attic"]


async def test_an_isolated_process_starts_children_under_keys(node):
    starter = await serve(node, Cell, isolated=True)
    top = await node.start(Supervisor([], name="top"))
    for spec in (
        ChildSpec("attic", Townsman, register=ROOMS),
        ChildSpec("second", Townsman, register=(ROOMS, "cellar")),
    ):
        pid = await starter.call(("start", top, spec))
        assert ROOMS.keys(pid) == ["attic" if spec.id == "attic" else "cellar"]
