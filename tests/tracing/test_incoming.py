"""Spans of OpenTelemetry as events of the process in whose step they begin."""

import importlib.util
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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

    def here(self):
        return None if self.context is None else (Subject(), self.context)

    def offer(self, subject, one):
        assert subject.number == one[2]
        self.events.append(one)

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
    return Incoming(step.here, step.offer, step.clock)


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


def test_a_span_where_no_process_runs_belongs_to_that_of_the_span_it_is_in(step, processor):
    processor.on_start(span(11))
    step.context = None
    inner = span(12, parent=11)
    processor.on_start(inner)
    processor.on_end(inner)
    assert [(one[1], one[2], one[6]) for one in step.events[1:]] == [
        ("span_start", 5, (5, 12, 11, "owner")),
        ("span_end", 5, (5, 12, 11, "owner")),
    ]


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


def has(*modules):
    try:
        return all(importlib.util.find_spec(module) is not None for module in modules)
    except ModuleNotFoundError:
        return False


@pytest.fixture
def provider(processor):
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    provider.add_span_processor(processor)
    yield provider
    provider.shutdown()


def told(step):
    return [(one[1], one[4]) for one in step.events]


@pytest.mark.skipif(
    not has("opentelemetry.sdk", "opentelemetry.instrumentation.sqlite3"),
    reason="opentelemetry-sdk and opentelemetry-instrumentation-sqlite3 are not installed",
)
def test_what_a_database_is_asked_shows_up_under_the_agent_that_asks(step, provider):
    import sqlite3

    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor

    base = SQLite3Instrumentor().instrument_connection(sqlite3.connect(":memory:"), provider)
    cursor = base.cursor()
    cursor.execute("CREATE TABLE notes (text TEXT)")
    with pytest.raises(sqlite3.OperationalError):
        cursor.execute("SELECT nothing FROM nowhere")
    base.close()
    assert told(step) == [
        ("span_start", "CREATE"),
        ("span_end", "CREATE"),
        ("span_start", "SELECT"),
        ("span_end", "SELECT"),
    ]
    assert all(one[2] == 5 and one[6][::2] == (STEP[0], STEP[1]) for one in step.events)
    assert step.events[1][7][0]["db.statement"] == "CREATE TABLE notes (text TEXT)"
    assert "error.type" not in step.events[1][7][0]
    assert step.events[3][7][0]["error.type"]


@pytest.mark.skipif(
    not has("opentelemetry.sdk", "opentelemetry.instrumentation.httpx", "httpx"),
    reason="opentelemetry-sdk, opentelemetry-instrumentation-httpx and httpx are not installed",
)
def test_a_request_is_seen_while_it_is_under_way(step, provider):
    import httpx
    from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

    asked = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(told(step))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with httpx.Client(trust_env=False) as client:
        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=provider)
        client.get(f"http://127.0.0.1:{server.server_port}/notes")
    server.shutdown()
    thread.join()
    server.server_close()
    assert asked == [[("span_start", "GET")]]
    assert told(step) == [("span_start", "GET"), ("span_end", "GET")]
    attributes = step.events[1][7][0]
    assert 404 in attributes.values()
    assert attributes["error.type"]


@pytest.mark.skipif(not has("opentelemetry.sdk"), reason="opentelemetry-sdk is not installed")
def test_it_is_a_processor_for_the_official_sdk(step, provider):
    tracer = provider.get_tracer("httpx")
    with tracer.start_as_current_span("agent", attributes={"a": 1}), tracer.start_as_current_span("GET /"):
        assert [one[1] for one in step.events] == ["span_start", "span_start"]
    assert told(step) == [
        ("span_start", "agent"), ("span_start", "GET /"), ("span_end", "GET /"), ("span_end", "agent"),
    ]  # fmt: skip
    outer, inner = step.events[0][6], step.events[1][6]
    assert (outer[2], inner[2]) == (STEP[1], outer[1])
    assert step.events[0][7] == ({"a": 1},)
