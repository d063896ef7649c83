"""OpenTelemetry: stories as the official SDK's spans; and what is said where it is not installed."""

import importlib.util

import pytest

from tests.support.events import conversation
from tracing.records import record_of
from tracing.sinks.otel import Missing, attributes_of, export, sdk_spans
from tracing.story import spans


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


@pytest.fixture
def records():
    return [
        record_of(seq, one, 1000.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(conversation(), 1)
    ]


def test_attributes_are_those_of_messaging_and_hold_no_values(records):
    first, second = spans(records)
    assert attributes_of(first, "bank") == {
        "messaging.system": "observer",
        "messaging.operation.name": "handle",
        "messaging.operation.type": "process",
        "messaging.destination.name": "alice",
        "messaging.client.id": "outside",
        "messaging.message.id": first.span,
        "observer.node": "bank",
        "observer.pid": "<0.5.0>",
        "observer.waited_s": 0.25,
        "enduser.id": "owner",
    }
    assert attributes_of(second)["messaging.client.id"] == "<0.5.0>"


@pytest.mark.skipif(installed, reason="opentelemetry-sdk is installed")
def test_without_the_sdk_it_is_said_how_to_get_it(records):
    with pytest.raises(Missing, match="pip install opentelemetry-sdk"):
        sdk_spans(records)


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
    assert (first.name, second.name) == ("handle_call", "handle_info")
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
    with pytest.raises(RuntimeError, match="Refusing has not taken 2 spans"):
        export(records, Refusing())
    assert export([], Refusing()) == 0
