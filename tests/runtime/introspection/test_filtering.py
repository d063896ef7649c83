"""The filter of `ps`, page by page, against the same in one line for each process."""

from __future__ import annotations

import types

import pytest

from runtime.introspection.filtering import filter_of
from runtime.status import AWAITING, IDLE, READY, RUNNING, STATUSES, SUSPENDED


class Fox:
    pass


class Hound:
    pass


SCHED = types.SimpleNamespace(running=None)
STATES = (IDLE, READY, AWAITING, SUSPENDED)


def process(number):
    """One of many that differ."""
    kind = Fox if number % 3 else Hound
    extra = None
    if number % 7 == 0:
        label = "The Label" if number % 2 else None
        extra = types.SimpleNamespace(label=label, doing=f"Step {number}")
    return types.SimpleNamespace(
        number=number, name=f"Agent-{number}" if number % 5 else None, handle=kind(), extra=extra, sched=SCHED,
        status=STATES[number % 4], behaviour=f"{kind.__module__}:{kind.__qualname__}",
    )  # fmt: skip


PAGE = [process(number) for number in range(1, 257)]


def shown(one):
    status = RUNNING if SCHED.running is one else one.status
    extra = (one.extra.label, one.extra.doing) if one.extra is not None else ()
    texts = (f"<0.{one.number}.0>", one.name, one.behaviour, STATUSES[status], *extra)
    return [text.lower() for text in texts if text is not None]


@pytest.mark.parametrize("inverted", ["", "!"])
@pytest.mark.parametrize("running", [None, PAGE[40], process(1000)])
@pytest.mark.parametrize(
    "needle",
    ["agent-17", "AGENT", "fox", "hound", ":Fox", "0.42", "<0.2", "42", "0>", ".", "wait", "running", "suspended", "n",
     "label", "step 4", "a", "-1", "zebra"],
)  # fmt: skip
def test_a_page_is_filtered_as_each_of_it_would_be(needle, running, inverted, monkeypatch):
    monkeypatch.setattr(SCHED, "running", running)
    chosen = filter_of(inverted + needle)(PAGE)
    expected = [
        one for one in PAGE if any(needle.lower() in text for text in shown(one)) is not bool(inverted)
    ]
    assert [one.number for one in chosen] == [one.number for one in expected]


@pytest.mark.parametrize("text", ["", " ", "!", " ! "])
def test_a_filter_of_nothing_is_none(text):
    assert filter_of(text) is None


def test_an_empty_page_has_no_matches():
    assert filter_of("a")([]) == filter_of("!a")([]) == []
