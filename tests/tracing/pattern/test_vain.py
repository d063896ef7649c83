"""Conditions that no event can fulfil are known; where it is not sure, nothing is said."""

import pytest

from tracing.pattern import never_there, parse


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("alice receive when took > 1s", ["took"]),
        ("alice receive when 1s < took", ["took"]),
        ("alice receive, send when took", ["took"]),
        ("alice state when waited >= 1s and state.open", ["waited"]),
        ("alice send when took > 1s or waited > 1s", ["took", "waited"]),
        ("all send when took == 1s", ["took"]),
        ("all m:f when took > 1s and waited > 1s", ["waited"]),
    ],
)
def test_what_events_of_these_kinds_never_have_is_told(text, missing):
    assert list(never_there(parse(text))) == missing


def test_the_kinds_that_have_it_are_told():
    assert "handled" in never_there(parse("alice receive when took > 1s"))["took"]


@pytest.mark.parametrize(
    "text",
    ["alice receive", "alice receive when waited > 1s", "alice receive, handled when took > 1s", "alice receive when not took > 1s",
     "alice receive when took != 1s", "alice receive when took == none", "all receive when took > 1s or message.amount > 5",
     "all m:f when took > 1s", "all m:f(_, message) when message == 1", "all events when reply == 1", "all started, span_end when took > 1s"],
)  # fmt: skip
def test_what_may_hold_is_not(text):
    assert never_there(parse(text)) == {}


def test_values_of_other_kinds_do_not_help():
    both = "all send, reply when reply == 1 and message == 1"
    assert never_there(parse(both)) == {}  # each is there, in events of one kind
