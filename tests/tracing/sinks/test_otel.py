"""OpenTelemetry: stories as the official SDK's spans; and what is said where it is not installed."""

import gzip
import importlib.util
import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.events import agent, conversation
from tracing.records import Record, record_of
from tracing.sinks import otel
from tracing.sinks.conventions import SEMCONV
from tracing.sinks.otel import Missing, export, sdk_spans, send

ROOT = Path(otel.__file__).parent.parent.parent
SEND = """
from tests.support.events import conversation
from tracing.records import record_of
from tracing.sinks.otel import send
records = [record_of(seq, one, 1000.0, lambda _label, value, _redact: str(value)) for seq, one in enumerate(conversation(), 1)]
try:
    send(records, "{}", timeout=2)
except RuntimeError as error:
    print(error)
"""


def found(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


installed = found("opentelemetry.sdk")
with_sdk = pytest.mark.skipif(
    not (installed and found("opentelemetry.exporter.otlp.proto.common")),
    reason="opentelemetry-sdk and opentelemetry-exporter-otlp-proto-common are not installed",
)

with_exporter = pytest.mark.skipif(
    not (installed and found("opentelemetry.exporter.otlp.proto.http")),
    reason="opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http are not installed",
)


@pytest.fixture
def records():
    return [
        record_of(seq, one, 1000.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(conversation(), 1)
    ]


def test_without_the_sdk_it_is_said_how_to_get_it(records, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("tracing.sinks.otel.import_module", missing)
    for make in (sdk_spans, lambda told: send(told, "http://127.0.0.1:1"), lambda _told: otel.installed()):
        with pytest.raises(Missing, match=r"pip install \"otp-observer\[otel\]\""):
            make(records)


@with_sdk
def test_a_story_keeps_its_ids_times_and_causes_on_the_wire(records):
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    request = encode_spans(sdk_spans(records, "bank"))
    again = type(request).FromString(request.SerializeToString())
    (resource,) = again.resource_spans
    assert [
        (one.key, one.value.string_value) for one in resource.resource.attributes if one.key == "service.name"
    ] == [("service.name", "bank")]
    first, second = resource.scope_spans[0].spans
    assert first.trace_id.hex() == second.trace_id.hex() == records[0].trace
    assert (first.span_id.hex(), first.parent_span_id.hex()) == (records[0].span, "")
    assert second.parent_span_id == first.span_id
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (1001_250_000_000, 1002_000_000_000)
    assert (first.name, second.name) == ("handle_call alice", "handle_info book")
    assert (first.status.code, second.status.code) == (0, 2)
    assert [one.name for one in second.events] == ["raised handle_info", "crash ValueError"]


@with_sdk
def test_an_exporter_is_given_all_spans_and_its_refusal_is_told(records):
    from opentelemetry.sdk.trace.export import SpanExportResult
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    class Refusing:
        def export(self, spans):
            return SpanExportResult.FAILURE

    exporter = InMemorySpanExporter()
    assert export(records, exporter) == 2
    assert len(exporter.get_finished_spans()) == 2
    with pytest.raises(RuntimeError, match="Refusing has not taken 2 of 2 spans"):
        export(records, Refusing())
    assert export([], Refusing()) == 0


class Collector(BaseHTTPRequestHandler):
    """A collector: takes OTLP/HTTP, and decodes it with the official protobufs."""

    def do_POST(self):
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
            ExportTraceServiceResponse,
        )

        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.taken.append(
            (self.path, self.headers["Content-Type"], ExportTraceServiceRequest.FromString(body))
        )
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/x-protobuf")
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.taken, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def spans_of(request):
    (whole,) = request.resource_spans
    (scope,) = whole.scope_spans
    return whole, scope, list(scope.spans)


def values(attributes):
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@with_exporter
def test_a_collector_takes_what_is_sent_over_http(records, collector):
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    assert send(records, endpoint, "bank") == 2
    ((path, kind, request),) = collector.taken
    assert (path, kind) == ("/v1/traces", "application/x-protobuf")
    whole, scope, (first, second) = spans_of(request)
    assert values(whole.resource.attributes)["service.name"] == "bank"
    assert (scope.scope.name, scope.schema_url) == ("observer", SEMCONV)
    assert (first.kind, second.kind) == (first.SPAN_KIND_SERVER, first.SPAN_KIND_CONSUMER)
    assert values(second.attributes)["messaging.destination.name"] == "book"
    assert values(second.attributes)["error.type"] == "_OTHER"
    assert second.parent_span_id == first.span_id
    assert send(records, f"{endpoint}/v1/traces") == 2


@with_exporter
def test_a_collector_that_refuses_is_told(records, collector):
    collector.status = 400
    with pytest.raises(RuntimeError, match="has not taken 2 of 2 spans"):
        send(records, f"http://127.0.0.1:{collector.server_port}", timeout=1)


@with_exporter
@pytest.mark.parametrize("refuses", [True, False])
def test_why_it_failed_is_told_by_us_and_not_by_the_exporter_on_stderr(records, collector, refuses):
    collector.status = 501
    port = collector.server_port if refuses else 1
    code = SEND.format(f"http://127.0.0.1:{port}")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert ended.stderr == ""
    assert "has not taken 2 of 2 spans: " in ended.stdout
    assert ("code: 501, reason: " if refuses else "Connection refused\n") in ended.stdout
    assert "retrying" not in ended.stdout


def test_a_host_that_logs_is_told_what_the_exporter_logs(monkeypatch, caplog):
    def failing(endpoint, timeout):
        def export(_spans):
            logging.getLogger("opentelemetry.exporter").error("no %s", "luck")
            return SimpleNamespace(name="FAILURE")

        return SimpleNamespace(export=export, shutdown=lambda: None)

    monkeypatch.setattr(otel, "import_module", lambda _name: SimpleNamespace(OTLPSpanExporter=failing))
    monkeypatch.setattr(otel, "sdk_spans", lambda *_args, **_options: [1])
    with pytest.raises(RuntimeError, match="has not taken 1 of 1 spans: no luck"):
        send([], "http://127.0.0.1:1")
    assert caplog.messages == ["no luck"]
    assert logging.getLogger("opentelemetry").handlers == []


@with_exporter
def test_many_spans_are_sent_in_parts(collector):
    records = [
        Record(seq, 1.0 + seq, "send", 5, "a", "", float(seq), 6, "a" * 32, f"{seq:016x}")
        for seq in range(1, 1502)
    ]
    assert send(records, f"http://127.0.0.1:{collector.server_port}") == 1501
    assert [len(spans_of(request)[2]) for _, _, request in collector.taken] == [1000, 501]


@with_exporter
def test_models_and_tools_are_below_the_agent_that_used_them(collector):
    send(agent(), f"http://127.0.0.1:{collector.server_port}", "bank")
    ((_, _, request),) = collector.taken
    by_name = {one.name: one for one in spans_of(request)[2]}
    assert set(by_name) == {"invoke_agent alice", "chat sonnet", "execute_tool search", "GET"}
    alice, chat = by_name["invoke_agent alice"], by_name["chat sonnet"]
    assert (alice.kind, chat.kind) == (alice.SPAN_KIND_INTERNAL, alice.SPAN_KIND_CLIENT)
    assert {by_name[name].parent_span_id for name in ("chat sonnet", "execute_tool search")} == {
        alice.span_id
    }
    assert by_name["GET"].parent_span_id == by_name["execute_tool search"].span_id
    assert chat.end_time_unix_nano - chat.start_time_unix_nano == 500_000_000
    assert values(chat.attributes)["gen_ai.usage.input_tokens"] == 12
    assert "gen_ai.input.messages" not in values(chat.attributes)
