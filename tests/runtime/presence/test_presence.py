"""Presence: who is where, with what; and who is told."""

import asyncio

import pytest

from runtime import AlreadyTracked, NodeError, NoProcess, Presence, PresenceDiff
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, serve

ONLINE = Presence("online")


@virtual_time
async def test_a_key_has_the_metas_of_all_who_track_it():
    async with virtual_node() as node:
        phone, laptop, other = [await serve(node, Obeys) for _ in range(3)]
        ONLINE.track(phone, "room", "alice", "phone")
        ONLINE.track(laptop, "room", "alice", "laptop")
        ONLINE.track(other, "room", "bob")
        ONLINE.track(other, "hall", "bob", "away")
        assert ONLINE.list(node, "room") == {"alice": ["phone", "laptop"], "bob": [None]}
        assert ONLINE.list(node, "hall") == {"bob": ["away"]}
        assert ONLINE.list(node, "cellar") == {}
        assert ONLINE.get_by_key(node, "room", "alice") == ["phone", "laptop"]
        assert ONLINE.get_by_key(node, "room", "carol") == []


@virtual_time
async def test_each_change_is_one_diff():
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        ONLINE.subscribe(boss, "room")
        ONLINE.subscribe(boss, "room")  # once is enough
        ONLINE.track(one, "room", "alice", 1)
        ONLINE.track(one, "hall", "alice", 1)
        ONLINE.update(one, "room", "alice", 2)
        ONLINE.update(one, "room", "alice", lambda meta: meta + 1)
        assert ONLINE.untrack(one, "room", "alice")
        assert not ONLINE.untrack(one, "room", "alice")
        assert await boss.call("seen") == (
            PresenceDiff("room", (("alice", 1),), ()),
            PresenceDiff("room", (("alice", 2),), (("alice", 1),)),
            PresenceDiff("room", (("alice", 3),), (("alice", 2),)),
            PresenceDiff("room", (), (("alice", 3),)),
        )


@pytest.mark.parametrize("reason", ["normal", "kill", "oops"])
@virtual_time
async def test_the_end_of_a_process_is_one_diff_for_each_topic(reason):
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        for topic, key in (("room", "alice"), ("room", "bob"), ("hall", "alice")):
            ONLINE.track(one, topic, key, 1)
        for topic in ("room", "hall"):
            ONLINE.subscribe(boss, topic)
        one._process.handle.exit(one, reason)
        assert ONLINE.list(node, "room") == {}
        assert await boss.call("seen") == (
            PresenceDiff("room", (), (("alice", 1), ("bob", 1))),
            PresenceDiff("hall", (), (("alice", 1),)),
        )


@virtual_time
async def test_the_diff_of_an_end_comes_before_the_down():
    async with virtual_node() as node:
        boss, one = await serve(node, Obeys), await serve(node, Obeys)
        await boss.call(("monitor", one))
        ONLINE.subscribe(boss, "room")
        ONLINE.track(one, "room", "alice")
        one.cast("oops")
        await end_of(one)
        assert [type(message).__name__ for message in await boss.call("seen")] == [
            "PresenceDiff",
            "PresenceDiff",
            "Down",
        ]


@virtual_time
async def test_a_process_tracks_a_key_once_in_a_topic():
    async with virtual_node() as node:
        one, two = await serve(node, Obeys), await serve(node, Obeys)
        ONLINE.track(one, "room", "alice", 1)
        with pytest.raises(AlreadyTracked, match=f"{one} tracks alice in room already; use update"):
            ONLINE.track(one, "room", "alice", 2)
        ONLINE.track(two, "room", "alice", 3)
        with pytest.raises(KeyError):
            ONLINE.update(one, "room", "bob", 1)
        assert ONLINE.list(node, "room") == {"alice": [1, 3]}


@virtual_time
async def test_metas_cannot_change():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        with pytest.raises(TypeError, match="a meta is an immutable value; a dict can change"):
            ONLINE.track(one, "room", "alice", {})
        ONLINE.track(one, "room", "alice", 1)
        with pytest.raises(TypeError, match="a meta is an immutable value; a list can change"):
            ONLINE.update(one, "room", "alice", [])
        assert ONLINE.list(node, "room") == {"alice": [1]}


@virtual_time
async def test_who_has_unsubscribed_or_ended_is_told_nothing():
    async with virtual_node() as node:
        boss, gone, one = [await serve(node, Obeys) for _ in range(3)]
        for pid in (boss, gone):
            ONLINE.subscribe(pid, "room")
        assert ONLINE.unsubscribe(boss, "room")
        assert not ONLINE.unsubscribe(boss, "room")
        gone._process.handle.exit(gone, "kill")
        ONLINE.track(one, "room", "alice")
        assert await boss.call("seen") == ()
        assert len(node.registry.tables[ONLINE].subscribers) == 0
        with pytest.raises(NoProcess):
            ONLINE.track(gone, "room", "bob")


@virtual_time
async def test_a_process_that_listens_where_it_is_itself_hears_nothing_of_its_own_end():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        ONLINE.subscribe(one, "room")
        ONLINE.track(one, "room", "alice")
        one._process.handle.exit(one, "kill")
        assert one._process.mailbox is None


async def test_other_threads_look_but_do_not_track():
    async with virtual_node() as node:
        one = await serve(node, Obeys)
        ONLINE.track(one, "room", "alice", 1)

        def elsewhere():
            for change in (ONLINE.track, ONLINE.untrack):
                with pytest.raises(NodeError, match="lives in another thread"):
                    change(one, "room", "alice")
            return ONLINE.list(node, "room")

        assert await asyncio.to_thread(elsewhere) == {"alice": [1]}
