"""Spans of OpenTelemetry as events of the process in whose step they begin."""

import importlib.util
from types import SimpleNamespace

import pytest

from tests.support.events import Subject
from tracing import incoming
from tracing.incoming import Incoming

STEP = (5, 6, 7, "owner")


class Step:
    """A running step, with a clock."""

    def __init__(self):
        self.events, self.now, self.context = [], 1.0, STEP

    def where(self):
        return (
            None
            if self.context is None
            else (Subject(), self.context, lambda _subject, one: self.events.append(one))
        )

    def clock(self):
        return self.now


def span(number, parent=None, name="GET", **attributes):
    context = SimpleNamespace(span_id=number)
    above = SimpleNamespace(span_id=parent) if parent is not None else None
    return SimpleNamespace(name=name, parent=above, attributes=attributes, get_span_context=lambda: context)


@pytest.fixture
def step():
    return Step()


@pytest.fixture
def processor(step):
    return Incoming(step.where, step.clock)


def test_a_span_begins_and_ends_in_the_story_of_the_message_that_is_handled(step, processor):
    one = span(11, url="/x")
    processor.on_start(one)
    step.now, step.context = 3.5, None  # the step has awaited; nobody's runs
    processor.on_end(one)
    begun, ended = step.events
    assert begun == (
        1.0,
        "span_start",
        5,
        "alice",
        "GET",
        0,
        (5, 11, 6, "owner"),
        ({"url": "/x"},),
        None,
        None,
        None,
    )
    assert (ended[0], ended[1], ended[6], ended[9]) == (3.5, "span_end", (5, 11, 6, "owner"), 2.5)


def test_a_span_within_another_is_caused_by_it(step, processor):
    processor.on_start(span(11))
    processor.on_start(span(12, parent=11))
    processor.on_start(span(13, parent=99))
    assert [one[6][2] for one in step.events] == [6, 11, 6]


def test_a_parent_in_another_story_is_no_cause(step, processor):
    processor.on_start(span(11))
    step.context = (50, 60, 0, None)
    processor.on_start(span(12, parent=11))
    assert step.events[1][6] == (50, 12, 60, None)


def test_outside_of_processes_nothing_is_recorded(step, processor):
    step.context = None
    one = span(11)
    processor.on_start(one)
    processor.on_end(one)
    assert step.events == []


def test_spans_that_never_end_are_bounded(step, processor, monkeypatch):
    monkeypatch.setattr(incoming, "MOST", 3)
    for number in range(1, 6):
        processor.on_start(span(number))
    processor.on_end(span(1))
    processor.on_end(span(5))
    assert processor.forgotten == 2
    assert [one[6][1] for one in step.events if one[1] == "span_end"] == [5]


def test_after_the_providers_end_nothing_is_kept(step, processor):
    processor.on_start(span(1))
    processor.shutdown()
    processor.on_end(span(1))
    assert len(step.events) == 1
    assert processor.force_flush()


def has_sdk():
    try:
        return importlib.util.find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.skipif(not has_sdk(), reason="opentelemetry-sdk is not installed")
def test_it_is_a_processor_for_the_official_sdk(step, processor):
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("httpx")
    with tracer.start_as_current_span("agent", attributes={"a": 1}), tracer.start_as_current_span("GET /"):
        assert [one[1] for one in step.events] == ["span_start", "span_start"]
    provider.shutdown()
    assert [(one[1], one[4]) for one in step.events] == [
        ("span_start", "agent"), ("span_start", "GET /"), ("span_end", "GET /"), ("span_end", "agent"),
    ]  # fmt: skip
    outer, inner = step.events[0][6], step.events[1][6]
    assert (outer[2], inner[2]) == (STEP[1], outer[1])
    assert step.events[0][7] == ({"a": 1},)
