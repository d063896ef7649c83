"""The dispatcher's decisions."""

from dataclasses import replace

import pytest

from demo.board import Assign, Board, Job, Watch, step
from demo.checks import OverBudget
from demo.files import OnDisk
from demo.messages import Begins, Done, Found, Joins, Lost, NotReviewed, Ready, Scanned, Settled, WhenSettled
from runtime import Down

A, B = OnDisk("a.py", 1, 1, "a"), OnDisk("b.py", 1, 1, "b")


def play(*messages, board=None):
    """The board after some messages, and all that was done."""
    board = board or Board()
    done = []
    for message in messages:
        board, effects = step(board, message)
        done.extend(effects)
    return board, done


def down(reviewer, reason):
    return Down(None, reviewer, reason)


BEGUN = (Begins("scanner"), Ready("r1"))


def found(file):
    return Found("scanner", file)


def test_a_reviewer_that_joins_is_watched_and_gets_nothing_before_it_is_ready():
    board, done = play(Begins("scanner"), Joins("r1"), found(A))
    assert done == [Watch("r1")]
    assert play(Ready("r1"), board=board)[1] == [Assign("r1", Job(A))]


def test_an_idle_reviewer_gets_the_file_that_was_found():
    board, done = play(*BEGUN, found(A))
    assert done[-1] == Assign("r1", Job(A))
    assert Job(A).budget == 10_000
    assert not board.takes_more


def test_a_busy_reviewer_gets_nothing_more_until_it_is_done():
    board, done = play(*BEGUN, found(A), found(B))
    assert Assign("r1", Job(B)) not in done
    assert play(Done("r1"), board=board)[1] == [Assign("r1", Job(B))]


def test_a_file_over_budget_is_tried_again_with_ten_times_as_much():
    board, _ = play(*BEGUN, found(A))
    board, done = play(down("r1", OverBudget(10_000)), board=board)
    assert done == [Lost("a.py", "OverBudget(10000)")]
    _, done = play(Ready("r2"), board=board)
    assert done == [Assign("r2", Job(A, attempt=2))]
    assert Job(A, attempt=2).budget == 100_000


def test_the_second_failure_of_a_file_is_a_result():
    board, _ = play(*BEGUN, found(A), down("r1", OverBudget(10_000)), Ready("r2"))
    board, done = play(down("r2", OverBudget(100_000)), board=board)
    assert done == [Lost("a.py", "OverBudget(100000)"), NotReviewed(A, "more than 100,000 AST nodes")]
    assert play(Ready("r3"), board=board)[1] == []


def test_another_crash_counts_as_an_attempt_too():
    board, _ = play(*BEGUN, found(A), down("r1", ValueError("x")), Ready("r2"))
    _, done = play(down("r2", ValueError("y")), board=board)
    assert done[-1] == NotReviewed(A, "its review failed 2 times, at last with ValueError('y')")


@pytest.mark.parametrize("reason", ["killed", "boom", ("by", "hand"), "noproc"])
def test_a_reviewer_ended_by_hand_has_not_failed(reason):
    board, _ = play(*BEGUN, found(A), down("r1", OverBudget(10_000)), Ready("r2"))
    board, _ = play(down("r2", reason), board=board)
    assert play(Ready("r3"), board=board)[1] == [Assign("r3", Job(A, attempt=2))]


@pytest.mark.parametrize("reason", ["shutdown", ("shutdown", "restart")])
def test_a_reviewer_that_was_shut_down_is_no_loss(reason):
    board, _ = play(*BEGUN, found(A))
    board, done = play(down("r1", reason), board=board)
    assert done == []
    assert board.again == (Job(A),)


def test_an_idle_reviewer_that_ends_gets_no_more_files():
    board, done = play(*BEGUN, down("r1", "killed"))
    assert done[-1] == Lost(None, "killed")
    assert not board.takes_more


def test_what_is_tried_again_goes_ahead_of_what_waits():
    board, _ = play(*BEGUN, found(A), found(B), down("r1", "killed"))
    assert play(Ready("r2"), board=board)[1][-1] == Assign("r2", Job(A))


def test_a_file_is_never_with_two_reviewers():
    newer = replace(A, digest="newer")
    board, done = play(*BEGUN, Ready("r2"), found(A), found(newer))
    assert Assign("r2", Job(newer)) not in done
    assert play(Done("r1"), board=board)[1] == [Assign("r2", Job(newer))]


def test_a_file_that_changed_under_a_failing_review_begins_anew():
    newer = replace(A, digest="newer")
    board, _ = play(*BEGUN, found(A), found(newer), down("r1", OverBudget(10_000)))
    assert board.again == (Job(newer),)


def test_what_a_replaced_scanner_has_found_is_void():
    _, done = play(*BEGUN, Begins("next"), found(A), Scanned("scanner", 1))
    assert done == []


def test_the_crew_is_settled_once_everything_found_is_done():
    board, done = play(*BEGUN, found(A), Scanned("scanner", 1))
    assert Settled(1) not in done
    board, done = play(Done("r1"), board=board)
    assert done == [Settled(1)]
    assert play(Ready("r2"), board=board)[1] == []


def test_the_crew_is_not_settled_while_a_file_is_to_be_tried_again():
    board, _ = play(*BEGUN, found(A), Scanned("scanner", 1), down("r1", OverBudget(10_000)))
    _, done = play(Ready("r2"), Done("r2"), board=board)
    assert done[-1] == Settled(1)
    assert done.count(Settled(1)) == 1


def test_a_new_reporter_is_told_again():
    board, _ = play(*BEGUN, Scanned("scanner", 0))
    assert play(WhenSettled(), board=board)[1] == [Settled(0)]
    assert play(WhenSettled())[1] == []


def test_a_change_unsettles_the_crew():
    board, _ = play(*BEGUN, Scanned("scanner", 1))
    board, done = play(found(A), Done("r1"), board=board)
    assert done == [Assign("r1", Job(A))]
    assert play(Scanned("scanner", 1), board=board)[1] == [Settled(1)]
