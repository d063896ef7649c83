"""The always-on recorder: bounded, never in the way of who writes, honest about what was missed."""

import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from tracing.context import born
from tracing.recorder import Recorder
from tracing.records import Record


def filled(count, size=10):
    clock = iter(range(1, count + 1))
    recorder = Recorder(size, clock=lambda: float(next(clock)), epoch=lambda: 1000.0)
    for n in range(1, count + 1):
        recorder.record("kind", n, f"name {n}", f"text {n}")
    return recorder


def test_a_record_has_a_number_a_time_a_kind_a_process_and_a_line_of_text():
    records, _, _ = filled(1).since(0, 10)
    assert records == [Record(seq=1, at=1001.0, kind="kind", pid=1, name="name 1", text="text 1", mono=1.0)]


def test_a_record_that_is_the_nodes_own_has_no_process():
    recorder = Recorder(clock=lambda: 5.0, epoch=lambda: 0.0)
    recorder.record("node_started")
    assert recorder.since(0, 10)[0] == [Record(1, 5.0, "node_started", 0, None, "", mono=5.0)]


def test_a_new_reader_begins_with_the_oldest_that_is_kept_and_has_missed_nothing():
    records, cursor, missed = filled(25).since(0, 100)
    assert [record.seq for record in records] == list(range(16, 26))
    assert (cursor, missed) == (26, 0)


def test_a_reader_goes_on_where_it_was():
    recorder = filled(5)
    first, cursor, _ = recorder.since(0, 3)
    second, cursor, missed = recorder.since(cursor, 3)
    assert [record.seq for record in first + second] == [1, 2, 3, 4, 5]
    assert (cursor, missed) == (6, 0)


def test_a_reader_that_has_all_gets_nothing_and_keeps_its_place():
    recorder = filled(5)
    assert recorder.since(6, 10) == ([], 6, 0)
    recorder._clock = lambda: 6.0
    recorder.record("more")
    assert [record.seq for record in recorder.since(6, 10)[0]] == [6]


def test_a_reader_that_comes_too_late_is_told_how_many_it_missed():
    records, cursor, missed = filled(25).since(3, 2)
    assert [record.seq for record in records] == [16, 17]
    assert (cursor, missed) == (18, 13)


def test_a_cursor_of_another_incarnation_begins_anew():
    records, cursor, missed = filled(5).since(900, 10)
    assert [record.seq for record in records] == [1, 2, 3, 4, 5]
    assert (cursor, missed) == (6, 0)


def test_an_empty_recorder_has_nothing_and_no_gap():
    assert Recorder().since(0, 10) == ([], 1, 0)
    assert Recorder().since(1, 10) == ([], 1, 0)


def test_times_are_those_of_the_wall_as_it_is_when_they_are_read():
    epochs = iter([100.0, 200.0])
    recorder = Recorder(clock=lambda: 5.0, epoch=lambda: next(epochs))
    recorder.record("kind")
    assert [recorder.since(0, 1)[0][0].at for _ in range(2)] == [105.0, 205.0]


def test_an_event_is_kept_as_it_came_and_shown_to_who_reads():
    recorder, context = Recorder(), born("owner")
    recorder.keep((1.0, "receive", 5, "alice", "", 4, context, ("hello",), 0.5, None, None))
    (record,), _, _ = recorder.since(0, 1, lambda label, value, _redact: f"{label}: {value}")
    assert record.values == {"message": "message: hello"}
    assert (record.trace, record.span, record.principal) == (
        f"{context[0]:032x}",
        f"{context[1]:016x}",
        "owner",
    )
    assert (record.peer, record.waited, record.took) == (4, 0.5, None)


@settings(deadline=None, database=None, derandomize=True)
@given(st.integers(1, 12), st.lists(st.tuples(st.integers(0, 8), st.integers(1, 6)), max_size=20))
def test_what_a_reader_gets_and_what_it_missed_add_up_to_all(size, steps):
    recorder, cursor, seen, lost = Recorder(size, clock=lambda: 0.0), 1, [], 0
    for written, limit in steps:
        for _ in range(written):
            recorder.record("kind")
        records, cursor, missed = recorder.since(cursor, limit)
        lost += missed
        seen += [record.seq for record in records]
        assert len(records) <= limit
    assert seen == sorted(set(seen))
    assert len(seen) + lost == cursor - 1


def test_readers_in_other_threads_never_disturb_the_writer():
    recorder, failures, stop = Recorder(50), [], threading.Event()

    def read():
        cursor = 0
        try:
            while not stop.is_set():
                records, cursor, _ = recorder.since(cursor, 20)
                assert [record.seq for record in records] == sorted(record.seq for record in records)
        except Exception as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(20_000):
        recorder.record("kind", n)
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
