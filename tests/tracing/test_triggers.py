"""Triggers: they keep what came before, of the process and of its story, and are bounded themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import Subject, event
from tracing.context import born
from tracing.flight import Flight
from tracing.pattern import PatternError
from tracing.triggers import Triggers, read_trigger


class Aircraft:
    """A flight recorder with triggers, as the tap has them."""

    def __init__(self, *triggers, **options):
        self.recorder = Flight()
        self.triggers = Triggers(self.recorder, **options)
        for text in triggers:
            self.triggers.add(text)

    def happens(self, one, **subject):
        self.recorder.keep(one)
        if one[1] in self.triggers.kinds:
            self.triggers.offer(Subject(**subject), one)

    @property
    def kept(self):
        return [[(one[1], one[0]) for one in dump.events] for dump in self.triggers.dumps]


def test_a_trigger_says_how_much_before_what_of_whom_and_when():
    trigger = read_trigger("keep 500ms before crash, ended of under bank, bob when reason is ValueError")
    assert trigger.seconds == 0.5
    assert trigger.pattern.kinds == {"crash", "ended"}
    assert trigger.pattern == read_trigger(trigger.text).pattern
    assert [one.form for one in trigger.pattern.whom] == ["under", "name"]


def test_words_in_texts_are_no_words_of_a_trigger():
    trigger = read_trigger('keep 1s before handled of "man of when" when message == "of when of"')
    assert trigger.pattern.whom[0].name == "man of when"
    assert trigger.pattern.condition.right.value == "of when of"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("keep before crash", "keep"),
        ("keep 0s before crash", "0s"),
        ("keep 11min before crash", "11min"),
        ("keep 5s before colour", "colour"),
        ("keep 5s before crash of 5", "5"),
        ("keep 5s before crash when reply == 1", "reply"),
        ("keep 5s before crash of alice when reply == 1", "reply"),
    ],
)
def test_a_wrong_trigger_is_told_where(text, place):
    with pytest.raises(PatternError) as caught:
        read_trigger(text)
    assert caught.value.pattern == text
    assert caught.value.column - 1 == text.rfind(place)


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("keep 5s", 8, "`before EVENT` is missing"),
        ("keep 5s befor crash", 9, "`before EVENT` is missing"),
        ("keep 5s before", 15, "the event to wait for is missing"),
        ("keep 5s before of alice", 16, "the event to wait for is missing"),
        ("keep 5s before when took > 1s", 16, "the event to wait for is missing"),
        ("keep 5s before crash of", 24, "whom to trace is missing"),
        ("keep 5s before crash of when took > 1s", 25, "whom to trace is missing"),
        ("keep 5s before crash of alice,", 31, "whom to trace is missing"),
        ("keep 5s before crash of behaviour", 34, "the name of a behaviour is missing"),
        ("keep 5s before crash of alice bob", 31, "'bob' means nothing here"),
        ("keep 5s before crash,", 22, "what to trace is missing"),
        ("keep 5s before crash, of alice", 22, "what to trace is missing"),
        ("keep 5s before crash crash of crash", 22, "'crash' means nothing here"),
        ("keep 5s before crash of alice when", 35, "a value is missing"),
    ],
)
def test_what_is_missing_is_told_where_it_would_stand(text, column, problem):
    with pytest.raises(PatternError) as caught:
        read_trigger(text)
    assert (caught.value.column, caught.value.problem) == (column, problem)


@pytest.mark.parametrize("text", ["keep 5s before", "keep 5s before colour", "keep 5s before crash,"])
def test_functions_which_no_trigger_takes_are_not_offered(text):
    with pytest.raises(PatternError) as caught:
        read_trigger(text)
    assert "crash" in caught.value.legal
    assert "MODULE:FUNCTION" not in caught.value.legal


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(st.lists(st.sampled_from(["keep", "5s", "before", "crash", "of", "when", "alice", "reason", "==", '"x"', '"', ",", "->"]), max_size=10), st.booleans())  # fmt: skip
def test_no_trigger_raises_anything_but_a_pattern_error(words, begun):
    text = ("keep 5s before " if begun else "") + " ".join(words)
    try:
        read_trigger(text)
    except PatternError as error:
        column = error.column
    else:
        column = 1
    assert 1 <= column <= len(text) + 1


def test_the_seconds_before_a_crash_are_kept():
    flight = Aircraft("keep 5s before crash")
    for at in (1.0, 4.0, 8.0):
        flight.happens(event("receive", mono=at))
    flight.happens(event("crash", mono=9.0))
    flight.happens(event("receive", mono=9.5))
    assert flight.kept == [[("receive", 4.0), ("receive", 8.0), ("crash", 9.0)]]


def test_what_belongs_to_the_story_is_kept_too_and_what_does_not_is_not():
    flight, story = Aircraft("keep 5s before crash"), born()
    flight.happens(event("send", mono=1.0, pid=9, context=story))
    flight.happens(event("send", mono=2.0, pid=9, context=born()))
    flight.happens(event("crash", mono=3.0, context=story))
    assert flight.kept == [[("send", 1.0), ("crash", 3.0)]]


def test_a_slow_handler_is_a_reason():
    flight = Aircraft("keep 10s before handled when took > 100ms")
    flight.happens(event("handled", mono=1.0, took=0.05))
    flight.happens(event("handled", mono=2.0, took=0.5))
    assert [dump.event[9] for dump in flight.triggers.dumps] == [0.5]


def test_a_trigger_that_fails_harms_neither_the_step_nor_the_next_trigger():
    def fails(_value):
        raise RuntimeError("nobody has thought of this")

    aircraft = Aircraft(
        "keep 1s before handled when message == 1", "keep 1s before handled", atoms={complex: fails}
    )
    aircraft.happens(event("handled", 1j, mono=1.0))
    assert aircraft.kept == [[("handled", 1.0)]]


def test_a_trigger_is_for_those_whom_it_names():
    flight = Aircraft("keep 1s before ended of bob")
    flight.happens(event("ended"), name="alice")
    assert flight.kept == []
    flight.happens(event("ended"), name="bob")
    assert len(flight.kept) == 1


def test_a_crash_loop_is_kept_once_a_second():
    flight = Aircraft("keep 5s before crash")
    for tenth in range(25):
        flight.happens(event("crash", mono=tenth / 10))
    assert len(flight.triggers.dumps) == 3
    assert flight.triggers.passed == 22


def test_dumps_and_their_events_are_bounded():
    flight = Aircraft("keep 600s before crash", most=2, size=3, pause=0.0)
    for at in range(10):
        flight.happens(event("crash", mono=float(at)))
    assert [len(events) for events in flight.kept] == [3, 3]
    assert flight.kept[-1][-1] == ("crash", 9.0)


def test_no_trigger_pushes_out_anothers_share():
    flight = Aircraft("keep 1s before crash", "keep 1s before receive", most=4, pause=0.0)
    kinds = ["crash"] + ["receive"] * 9 + ["crash"] * 9 + ["receive"]
    kept = []
    for at, kind in enumerate(kinds):
        flight.happens(event(kind, mono=float(at)))
        kept.append([(dump.event[1], int(dump.event[0])) for dump in flight.triggers.dumps])
    assert kept[9] == [("crash", 0), ("receive", 7), ("receive", 8), ("receive", 9)]
    assert kept[18] == [("receive", 8), ("receive", 9), ("crash", 17), ("crash", 18)]
    assert kept[19] == [("receive", 9), ("crash", 17), ("crash", 18), ("receive", 19)]


def test_where_each_trigger_has_one_dump_the_oldest_goes():
    flight = Aircraft(*(f"keep {at}s before crash of p{at}" for at in range(1, 5)), most=3, pause=0.0)
    for at in range(1, 5):
        flight.happens(event("crash", mono=float(at)), name=f"p{at}")
    assert [dump.number for dump in flight.triggers.dumps] == [2, 3, 4]


def test_a_trigger_that_is_taken_away_keeps_nothing():
    flight = Aircraft("keep 5s before crash")
    assert [trigger.text for trigger in flight.triggers.all] == ["keep 5s before crash"]
    assert flight.triggers.remove("keep 5s before crash")
    assert not flight.triggers.remove("keep 5s before crash")
    flight.happens(event("crash"))
    assert (flight.kept, flight.triggers.kinds) == ([], frozenset())
