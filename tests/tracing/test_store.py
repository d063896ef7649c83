"""The store: what is kept is found again, by time, process, story and kind, by readers that wait for nobody."""

import contextlib
import sqlite3
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracing.records import Record
from tracing.store import Store, StoreError

STORY = "a" * 32
ROOT = Path(__file__).parents[2]


def record(seq, at=None, kind="send", pid=1, **more):
    return Record(seq, float(seq if at is None else at), kind, pid, "alice", "text", **more)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "traces.db")
    yield store
    store.close()


def test_what_is_kept_comes_back_as_it_was(store):
    full = record(
        2, mono=1.5, peer=42 * 10**12, trace=STORY, span="b" * 16, cause="c" * 16, principal="owner", waited=0.0, took=0.25,
        values={"message": {"$type": "Deposit", "list": [1, None, True]}}, stack=("bank.py:1 f",), cut=True,
    )  # fmt: skip
    number = store.keep("session", "all send", [record(1), full], "time", at=5.0)
    assert store.find(collection=number) == [record(1), full]
    (kept,) = store.collections()
    assert (kept.at, kept.sort, kept.title, kept.why, kept.size) == (5.0, "session", "all send", "time", 2)


def seqs(store, **wanted):
    return [one.seq for one in store.find(**wanted)]


def test_records_are_found_by_time_process_story_and_kind(store):
    first = store.keep("session", "p", [record(1), record(2, pid=7), record(3, kind="crash", peer=7)])
    second = store.keep("dump", "t", [record(4, trace=STORY), record(5, kind="ended", trace=STORY, pid=7)])
    assert seqs(store) == [1, 2, 3, 4, 5]
    assert seqs(store, since=2, until=4) == [2, 3]
    assert seqs(store, pid=7) == [2, 3, 5]
    assert seqs(store, trace=STORY) == [4, 5]
    assert seqs(store, trace=STORY[:5]) == [4, 5]
    assert seqs(store, trace=f"{STORY[:5]}x") == []
    assert seqs(store, trace="") == []
    assert seqs(store, kinds=["crash", "ended"]) == [3, 5]
    assert seqs(store, kinds=[]) == []
    assert seqs(store, pid=7, collection=first) == [2, 3]
    assert seqs(store, pid=7, trace=STORY, kinds=["ended"], since=5, collection=second) == [5]
    assert seqs(store, limit=2) == [1, 2]


def test_what_looks_like_sql_is_text(store):
    store.keep("session", "'; DROP TABLE records; --", [record(1, kind="x' OR '1'='1")])
    assert seqs(store, kinds=["' OR '1'='1"]) == []
    assert seqs(store, trace="' OR 1=1 --") == []
    assert seqs(store, kinds=["x' OR '1'='1"]) == [1]


def test_a_text_that_sqlite_could_not_hold_is_kept_as_well_as_it_can_be(store):
    store.keep(
        "session", "p", [Record(1, 1.0, "send", 1, "half \ud800", "nul \x00 é", values={"\ud800": "\udfff"})]
    )
    (back,) = store.find()
    assert (back.name, back.text, back.values) == ("half ?", "nul \x00 é", {"\ud800": "\udfff"})


def test_all_of_a_collection_is_kept_or_nothing(store):
    with pytest.raises(sqlite3.IntegrityError):
        store.keep("session", "p", [record(1), record(1)])
    assert (store.collections(), store.find()) == ([], [])
    store.keep("session", "p", [record(1)])
    assert seqs(store) == [1]


def test_a_collection_can_be_dropped(store):
    number = store.keep("session", "p", [record(1)])
    assert store.forget(number)
    assert not store.forget(number)
    assert store.find() == []


def test_the_oldest_go_when_there_are_too_many_and_never_the_newest(tmp_path):
    store = Store(tmp_path / "traces.db", most=5)
    for start in (1, 3, 5):
        store.keep("session", f"from {start}", [record(start), record(start + 1)])
    assert seqs(store) == [3, 4, 5, 6]
    store.keep("session", "large", [record(seq) for seq in range(10, 20)])
    assert [kept.title for kept in store.collections()] == ["large"]
    store.close()


def test_the_file_is_its_owners_alone_and_outlives_its_node(tmp_path):
    path = tmp_path / "traces.db"
    store = Store(path)
    store.keep("session", "p", [record(1)])
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    with contextlib.closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
    again = Store(path)
    assert seqs(again) == [1]
    again.close()


def test_a_file_that_is_none_is_refused_and_left_alone(tmp_path):
    text, other, later = tmp_path / "text", tmp_path / "other.db", tmp_path / "later.db"
    text.write_text("no database, " * 100)
    base = sqlite3.connect(other)
    base.execute("CREATE TABLE mine (x)")
    base.close()
    Store(later).close()
    base = sqlite3.connect(later)
    base.execute("PRAGMA user_version = 99")
    base.close()
    for path, why in ((text, "cannot be used"), (other, "another program's"), (later, "version 99")):
        before = path.read_bytes()
        with pytest.raises(StoreError, match=why):
            Store(path)
        assert path.read_bytes() == before


def test_readers_do_not_wait_for_a_writer(tmp_path):
    writer, reader = Store(tmp_path / "traces.db"), Store(tmp_path / "traces.db")
    writer.keep("session", "p", [record(1)])
    halfway, go_on = threading.Event(), threading.Event()

    def slow():
        yield record(2)
        halfway.set()
        go_on.wait(20)

    thread = threading.Thread(target=writer.keep, args=("session", "p", slow()))
    thread.start()
    assert halfway.wait(20)
    assert seqs(reader) == [1]
    go_on.set()
    thread.join(20)
    assert seqs(reader) == [1, 2]
    writer.close()
    reader.close()


def test_a_body_is_kept_with_its_collection_and_goes_with_it(store):
    number = store.keep("recording", "alice", [record(1)], body=b"\0raw")
    plain = store.keep("session", "p", [])
    assert (store.body(number), store.body(plain), store.body(99)) == (b"\0raw", None, None)
    assert [kept.number for kept in store.collections(sort="recording")] == [number]
    assert [kept.number for kept in store.collections(title="p")] == [plain]
    store.forget(number)
    assert store.body(number) is None


def test_the_oldest_go_when_their_bodies_are_too_large(store, monkeypatch):
    monkeypatch.setattr("tracing.store._BYTES", 10)
    for name in "abc":
        store.keep("recording", name, [], body=b"12345")
    assert [kept.title for kept in store.collections()] == ["c", "b"]
    with pytest.raises(ValueError, match="11 bytes"):
        store.keep("recording", "d", [], body=b"x" * 11)


def test_a_file_of_the_version_before_is_taken_over(tmp_path):
    path = tmp_path / "traces.db"
    store = Store(path)
    store.keep("session", "p", [record(1)])
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as base:
        base.execute("DROP TABLE bodies")
        base.execute("PRAGMA user_version = 1")
    again = Store(path)
    assert seqs(again) == [1]
    again.keep("recording", "alice", [], body=b"raw")
    again.close()


WRITER = """
import sys
from pathlib import Path
from tracing.records import Record
from tracing.store import Store

def records():
    for seq in range(20):
        if seq == 10:
            print("in the middle", flush=True)
            sys.stdin.readline()
        yield Record(seq, float(seq), "send", 1, None, "")

store = Store(Path(sys.argv[1]))
for _ in range(2):
    store.keep("session", "p", records())
print("done", flush=True)
"""


def test_it_is_read_by_one_process_while_another_writes_it(tmp_path):
    path = tmp_path / "traces.db"
    reader = Store(path)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for kept in (0, 20):
        assert writer.stdout.readline() == "in the middle\n"
        assert len(reader.find()) == kept  # all of a collection, or nothing
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert writer.stdout.readline() == "done\n"
    writer.communicate(timeout=60)
    assert len(reader.find()) == 40
    reader.close()


def test_several_processes_make_it_and_write_it_at_a_time(tmp_path):
    path = tmp_path / "traces.db"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    store = Store(path)
    assert len(store.find(limit=1000)) == 120
    store.close()


def test_a_file_that_is_damaged_while_it_is_used_is_told_in_words(tmp_path):
    path = tmp_path / "traces.db"
    store = Store(path)
    store.keep("session", "p", [record(seq, values={"text": "x" * 500}) for seq in range(500)])
    store.close()
    data = bytearray(path.read_bytes())
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    path.write_bytes(data)
    damaged = Store(path)
    with pytest.raises(StoreError, match="cannot be used"):
        damaged.find()
    with pytest.raises(StoreError, match="cannot be used"):
        damaged.keep("session", "p", [record(seq, values={"text": "x" * 500}) for seq in range(500)])
    damaged.close()


def test_a_place_where_no_file_can_be_is_told_in_words(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "traces.db"):
        with pytest.raises(StoreError, match="cannot be used"):
            Store(path)


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
RECORDS = st.builds(
    Record, seq=st.just(0), at=st.floats(0, 10), kind=st.sampled_from(["send", "crash"]), pid=st.integers(0, 3), name=st.none() | TEXT,
    text=TEXT, peer=st.integers(0, 3), trace=st.sampled_from(["", STORY]), waited=st.none() | st.floats(0, 1),
    values=st.dictionaries(TEXT, st.none() | st.integers(-(2**80), 2**80) | TEXT, max_size=2),
)  # fmt: skip


@settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(RECORDS, max_size=12), st.integers(0, 3), st.floats(0, 10))
def test_a_query_finds_what_a_search_by_hand_finds(tmp_path_factory, drawn, pid, since):
    records = [replace(one, seq=seq) for seq, one in enumerate(drawn)]
    store = Store(tmp_path_factory.mktemp("store") / "traces.db")
    store.keep("session", "p", records)
    wanted = [one for one in records if pid in {one.pid, one.peer} and one.at >= since and one.trace == STORY]
    assert store.find(pid=pid, since=since, trace=STORY) == sorted(wanted, key=lambda one: (one.at, one.seq))
    store.close()


def test_who_makes_it_waits_for_another_who_makes_it(tmp_path):
    path = tmp_path / "traces.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    leaves = threading.Timer(0.2, other.execute, ["COMMIT"])
    leaves.start()
    Store(path).close()
    leaves.join(10)
    other.close()
