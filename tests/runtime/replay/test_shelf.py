"""Records outlive their node: in the store, or in a file."""

from __future__ import annotations

import stat

import pytest

from runtime.replay import Broken, Recording, fetch, keep, replay, write
from tests.runtime.replay.test_replaying import bank
from tracing.records import Record as Shown
from tracing.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "traces.db")
    yield store
    store.close()


async def test_what_is_kept_is_fetched_by_name_or_number_and_replayed(node, store, tmp_path):
    record = bank().packed()
    number = keep(store, "alice", record, [Shown(1, 5.0, "handled", 42, "alice", "handle_cast")])
    again = Store(tmp_path / "traces.db")
    for name in ("alice", str(number)):
        assert fetch(name, again) == record
        assert (await replay(node, Recording.of(fetch(name, again)))).identical
    assert [one.at for one in again.find(pid=42)] == [5.0]
    again.close()


def test_of_two_with_one_name_the_newer_is_meant(store):
    keep(store, "alice", bank().packed())
    newer = bank().packed(("send",))
    keep(store, "alice", newer)
    assert fetch("alice", store) == newer


def test_a_file_is_its_owners_alone_and_one_that_others_may_write_is_refused(tmp_path):
    path = tmp_path / "crash.record"
    record = bank().packed()
    write(path, record)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert fetch(str(path)) == record
    path.chmod(0o622)
    with pytest.raises(Broken, match="chmod 600"):
        fetch(str(path))
    path.chmod(0o600)
    path.write_text("no record")
    with pytest.raises(Broken, match="no record"):
        fetch(str(path))


def test_what_is_not_there_is_told_with_what_there_is(store):
    keep(store, "alice", bank().packed())
    store.keep("session", "all send", [])
    with pytest.raises(Broken, match="'bob'; recordings: alice"):
        fetch("bob", store)
    with pytest.raises(Broken, match="'all send'"):
        fetch("all send", store)
