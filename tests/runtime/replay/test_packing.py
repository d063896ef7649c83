"""Records as bytes: they come back as they were, run nothing when they are read, and what is no record is told so."""

from __future__ import annotations

import os
import pickle

import pytest

from runtime.isolation.wire import frame_of
from runtime.replay import About, Broken, Record, Recording, decode, encode, pack, processes
from runtime.replay.identities import World
from runtime.replay.packing import unpacked
from tests.runtime.replay.test_replaying import Account, Bank, Deposit, bank
from tests.support.recorded import Tale

ABOUT = {42: About("bank:Bank", "alice", "1.2")}


def test_a_record_comes_back_as_it_was():
    events = pack(bank().events)
    record = Record(events, ABOUT, 12.5, frozenset({"send"}))
    assert decode(encode(record)) == record
    recording = Recording.of(record)
    assert (recording.number, recording.about, len(recording.steps)) == (42, ABOUT[42], 3)
    assert recording.steps[0].at == pytest.approx(12.5 + events[0].mono)
    assert unpacked(recording.steps[0].message, World(42)) == Deposit(5)


class Trap:
    """Runs code where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("trapped",)


def test_reading_a_record_runs_nothing_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tale = Tale(Bank).handled("cast", Trap(), Account(), Account())
    assert Recording.of(decode(encode(tale.packed()))).steps
    body = {"format": 1, "epoch": Trap(), "about": {}, "events": []}
    with pytest.raises(Broken, match="mkdir"):
        decode(frame_of(pickle.dumps(body)))
    assert not (tmp_path / "trapped").exists()


def test_what_is_no_record_is_refused_in_words():
    good = encode(bank().packed())
    for data, why in (
        (b"", "no record"),
        (b"SQLite format 3\0" * 10, "damaged"),
        (good[:-1], "end is missing"),
        (good[:50] + bytes([good[50] ^ 1]) + good[51:], "damaged"),
        (good + good, "no record"),
        (frame_of(b"x"), "no record"),
        (frame_of(pickle.dumps({"format": 9})), "format 9"),
        (frame_of(pickle.dumps([1])), "no record"),
    ):
        with pytest.raises(Broken, match=why):
            decode(data)


def test_a_value_that_cannot_be_kept_costs_no_other():
    class Local:
        pass

    tale = (
        Tale(Bank)
        .handled("cast", Local(), Account(), Account())
        .handled("cast", Deposit(1), Account(), Account(1))
    )
    first, second = pack(tale.events)
    assert "Local cannot be kept" in first.values[0]
    assert all(isinstance(value, bytes) for value in (*first.values[1:], *second.values))


def test_a_recording_says_whose_steps_it_has():
    events = pack(
        [*bank().events, *Tale(Bank, number=43).handled("cast", Deposit(1), Account(), Account(1)).events]
    )
    record = Record(events, {**ABOUT, 43: About("bank:Bank")}, 0.0)
    assert processes(record) == [42, 43]
    with pytest.raises(Broken, match=r"2 processes; say which: <0.42.0>, <0.43.0>"):
        Recording.of(record)
    assert len(Recording.of(record, 43).steps) == 1
    with pytest.raises(Broken, match=r"no step of <0.7.0>; it has steps of: <0.42.0>, <0.43.0>"):
        Recording.of(record, 7)
    with pytest.raises(Broken, match="does not say what"):
        Recording.of(Record(events, {}, 0.0), 42)
