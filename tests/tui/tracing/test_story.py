"""Stories ready to be drawn: spans as a tree, arrows, episodes between timers, what was slowest by itself."""

from __future__ import annotations

from tests.support.trace_nodes import DISPATCHER, LIBRARIAN, ONE, THREE, record, review
from tui.tracing.row import rows_of
from tui.tracing.story import episode_of, slowest, story_of


def story():
    return story_of(rows_of(review()))


def test_parents_stand_before_children_and_know_how_deep_they_are():
    assert [(bar.depth, bar.who, bar.title) for bar in story().bars] == [
        (0, "dispatcher", "handle_call"), (1, "reviewer-1", "handle_info"), (2, "librarian", "handle_cast"),
        (1, "reviewer-3", "handle_info"), (2, "reviewer-3", "restarted as <0.44.0>"),
    ]  # fmt: skip


def test_a_span_knows_its_message_and_its_times():
    bar = next(bar for bar in story().bars if bar.who == "reviewer-1")
    assert bar.message == "Check(path='lib/turtle.py', part=1)"
    assert (round(bar.waited, 3), round(bar.took, 3)) == (1.69, 0.212)
    assert not bar.failed


def test_arrows_go_from_sender_to_receiver_and_answers_come_back():
    found = story()
    lanes = [found.called(pid) for pid in found.lanes]
    assert lanes == ["outside", "dispatcher", "reviewer-1", "reviewer-3", "librarian"]
    assert [(step.form, lanes[step.source], lanes[step.target]) for step in found.steps] == [
        ("arrow", "outside", "dispatcher"), ("open", "dispatcher", "reviewer-1"), ("open", "dispatcher", "reviewer-3"),
        ("bad", "reviewer-3", "reviewer-3"), ("bad", "reviewer-3", "reviewer-3"), ("note", "reviewer-3", "reviewer-3"),
        ("open", "reviewer-1", "librarian"), ("return", "dispatcher", "outside"),
    ]  # fmt: skip


def test_a_message_whose_sending_nobody_recorded_is_drawn_when_its_handling_began():
    rows = rows_of([
        record(1, 5.0, "handled", DISPATCHER, peer=ONE, span="a" * 16, took=4.0),
        record(2, 2.0, "raised", LIBRARIAN, peer=DISPATCHER, span="b" * 16, cause="a" * 16, took=0.5, values={"reason": "no"}),
    ])  # fmt: skip
    assert [(step.form, step.mono - 5_000) for step in story_of(rows).steps] == [
        ("open", 1.0),
        ("open", 1.5),
        ("bad", 2.0),
    ]


def test_when_a_process_was_at_work_is_known():
    found = story()
    assert [round(end - start, 3) for start, end in found.busy[found.lanes.index(ONE)]] == [0.212]
    assert found.busy[0] == []


def test_spans_whose_cause_is_not_there_are_orphans():
    found = story_of(rows_of([it for it in review() if it.pid not in {None, DISPATCHER}]))
    assert found.orphans == 2
    assert {bar.who for bar in found.bars if bar.orphan} == {"reviewer-1", "reviewer-3"}


def test_another_story_is_left_out():
    other = record(99, 0.5, "handled", ONE, trace="f" * 32, span="9" * 16)
    assert len(story_of(rows_of([*review(), other])).bars) == 5


def test_a_chain_of_ten_thousand_is_no_recursion():
    rows = rows_of([record(n, n / 1000, "handled", ONE, span=f"{n + 1:016x}", cause=f"{n:016x}" if n else "", took=0.001)
                    for n in range(10_000)])  # fmt: skip
    assert story_of(rows).bars[-1].depth == 9_999


def test_the_slowest_is_who_waited_or_worked_by_itself():
    """The dispatcher took longest, but only waited for the others."""
    assert [bar.who for bar in slowest(story().bars)][:2] == ["reviewer-1", "reviewer-3"]


def test_a_span_and_its_first_line_of_the_diagram_are_found():
    found = story()
    for bar in found.bars:
        assert found.bar(bar.span) is bar
    first = next(step for step in found.steps if step.span == found.bars[-1].span)
    assert found.step(first.span) is first
    assert found.bar("") is found.step("") is found.bar("f" * 16) is None


def test_whether_a_timer_has_begun_any_of_it_is_known():
    assert story_of(rows_of(ticking(2))).ticks
    assert not story().ticks


def ticking(ticks=10):
    """An agent that sets itself a timer again and again; each time it writes to another."""
    rows = []
    for n in range(ticks):
        tick, entry, before = f"{2 * n + 1:016x}", f"{2 * n + 2:016x}", f"{2 * n - 1:016x}" if n else ""
        rows += [
            record(4 * n, n, "timer", ONE, peer=ONE, span=tick, cause=before),
            record(4 * n + 1, n + 0.1, "handled", ONE, peer=ONE, span=tick, cause=before, took=0.05),
            record(4 * n + 2, n + 0.3, "handled", LIBRARIAN, peer=ONE, span=entry, cause=tick, took=0.01),
        ]
    return rows


def test_what_a_timer_sends_comes_from_no_outside():
    tick, *others = ticking(1)
    sent = record(9, 0.05, "send", None, peer=ONE, span=tick.span, cause="f" * 16)
    told = story_of(rows_of([tick, sent, *others]))
    assert "" not in told.lanes
    assert [step.form for step in told.steps] == ["open", "open"]


def test_an_episode_goes_from_a_timer_to_what_came_of_it_up_to_the_next_timer():
    whole = story_of(rows_of(ticking()))
    assert len(whole.bars) == 20
    part = episode_of(whole, f"{8:016x}")
    assert [(bar.who, bar.depth, bar.orphan) for bar in part.bars] == [
        ("reviewer-1", 0, False),
        ("librarian", 1, False),
    ]
    assert round(part.starts - 5_000) == 3


def test_a_story_without_timers_is_one_episode():
    whole = story()
    assert episode_of(whole, whole.bars[2].span) is whole
    assert episode_of(whole, "unknown") is whole


def test_what_crashes_is_marked_once():
    assert story().failed == 1
    assert [bar.pid for bar in story().bars if bar.failed] == [THREE]
