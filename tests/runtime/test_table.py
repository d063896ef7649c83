"""The process table: numbers to processes, readable while it changes."""

import threading
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.table import PAGE, ProcessTable


@dataclass(eq=False)
class Entry:
    """As much of a process as the table looks at."""

    number: int


def filled(count):
    table = ProcessTable()
    entries = [Entry(number) for number in range(1, count + 1)]
    for entry in entries:
        table.add(entry)
    return table, entries


def test_a_process_is_found_under_its_number():
    table, entries = filled(3 * PAGE)
    for entry in entries:
        assert table.get(entry.number) is entry
    for stranger in (0, -1, 3 * PAGE + 1, 10**12):
        assert table.get(stranger) is None


def test_the_table_lists_processes_in_order_of_their_start():
    table, entries = filled(3 * PAGE)
    assert list(table) == entries
    assert len(table) == 3 * PAGE


def test_a_page_is_dropped_when_its_processes_have_ended():
    table, entries = filled(3 * PAGE)
    for entry in entries[: 2 * PAGE]:
        table.remove(entry)
    assert len(table._pages) == 2
    assert list(table) == entries[2 * PAGE :]


def test_a_reader_gets_at_most_a_page_at_a_time():
    table, _ = filled(5 * PAGE)
    assert max(len(part) for part in table.slices()) <= PAGE


def test_a_reader_may_go_on_while_processes_come_and_go():
    table, entries = filled(3 * PAGE)
    reader = iter(table)
    first = next(reader)
    for entry in entries[1:]:
        table.remove(entry)
    for number in range(10 * PAGE, 11 * PAGE):
        table.add(Entry(number))
    rest = list(reader)
    assert first is entries[0]
    assert all(entry in entries for entry in rest)


def test_readers_in_other_threads_never_fail():
    table, entries = filled(PAGE)
    stop = threading.Event()
    failures = []

    def read():
        try:
            while not stop.is_set():
                for _ in table:
                    pass
        except Exception as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(PAGE + 1, 40 * PAGE):
        table.add(Entry(number))
        if number % 2:
            table.remove(table.get(number))
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert table.get(1) is entries[0]


@settings(deadline=None, database=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2000)), max_size=300))
def test_any_sequence_of_starts_and_ends_leaves_exactly_the_living(steps):
    table, living, number = ProcessTable(), {}, 0
    for start, pick in steps:
        if start or not living:
            number += 1 + pick  # gaps: tasks take numbers too
            entry = living[number] = Entry(number)
            table.add(entry)
        else:
            victim = list(living)[pick % len(living)]
            table.remove(living.pop(victim))
    assert {entry.number for entry in table} == set(living)
    assert len(table) == len(living)


@given(st.sets(st.integers(1, 3 * PAGE)), st.integers(0, 3 * PAGE), st.integers(0, 2 * PAGE), st.booleans())
@settings(max_examples=60)
def test_a_window_is_a_stretch_of_the_living_from_either_end(ended, offset, limit, newest_first):
    table, entries = filled(3 * PAGE)
    for entry in entries:
        if entry.number in ended:
            table.remove(entry)
    living = [entry for entry in entries if entry.number not in ended]
    ordered = living[::-1] if newest_first else living
    assert table.window(offset, limit, newest_first=newest_first) == ordered[offset : offset + limit]
