"""OpenTelemetry: stories as spans of the official SDK, for whichever exporter a host uses.

    export(records, OTLPSpanExporter(…))      pip install opentelemetry-sdk, and the exporter's own package

A span of ours is a message and its handling; there it is a CONSUMER's (a call's: a SERVER's) span from the beginning of its handling, whose
parent is the span that has caused it. What is sent and never handled is a PRODUCER's span that ends at once. Attributes are
those of the semantic conventions for messaging, version 1.37.0 (https://opentelemetry.io/docs/specs/semconv/messaging/), where
there are such, and `observer.…` else. No values go out: they are not redacted for anybody else's eyes.

The SDK is imported when a span is made, so that nobody needs it to have this room.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

from ..records import Record, pid_text
from ..story import Span, spans

__all__ = ["Missing", "attributes_of", "export", "sdk_spans"]

SEMCONV: Final = "https://opentelemetry.io/schemas/1.37.0"
_CONTEXTUAL: Final = frozenset({"send", "call", "timer", "receive", "handle", "handled", "reply", "spawn"})
"""Kinds that a span is made of; all others are events of it."""


class Missing(ImportError):  # noqa: N818 - what it is
    """The SDK is not installed."""


def export(records: Iterable[Record], exporter: Any, node: str = "node") -> int:
    """Hand the stories of records to an exporter of the SDK. How many spans there were.

    Raises:
        Missing: the SDK is not installed.
        RuntimeError: the exporter has not taken them.
    """
    made = sdk_spans(records, node)
    if made:
        result = exporter.export(made)
        if result.name != "SUCCESS":
            raise RuntimeError(f"the exporter {type(exporter).__name__} has not taken {len(made)} spans")
    return len(made)


def attributes_of(span: Span, node: str = "node") -> dict[str, str | int | float | bool]:
    """The attributes of a span."""
    found: dict[str, str | int | float | bool] = {
        "messaging.system": "observer",
        "messaging.operation.name": "handle" if span.began is not None else "send",
        "messaging.operation.type": "process" if span.began is not None else "send",
        "messaging.destination.name": span.name or pid_text(span.pid),
        "messaging.client.id": pid_text(span.sender) if span.sender else "outside",
        "messaging.message.id": span.span,
        "observer.node": node,
        "observer.pid": pid_text(span.pid),
    }
    if span.waited is not None:
        found["observer.waited_s"] = span.waited
    if span.principal is not None:
        found["enduser.id"] = span.principal
    return found


def sdk_spans(records: Iterable[Record], node: str = "node") -> list[Any]:
    """The stories of records as `ReadableSpan`s of the SDK.

    Raises:
        Missing: the SDK is not installed.
    """
    try:
        sdk: Any = import_module("opentelemetry.sdk.trace")
        api: Any = import_module("opentelemetry.trace")
        resources: Any = import_module("opentelemetry.sdk.resources")
        scopes: Any = import_module("opentelemetry.sdk.util.instrumentation")
    except ImportError as error:
        raise Missing("OpenTelemetry's SDK is not installed: pip install opentelemetry-sdk") from error

    resource = resources.Resource({"service.name": node})
    scope = scopes.InstrumentationScope("observer", schema_url=SEMCONV)

    def context(trace: str, span: str) -> Any:
        return api.SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=api.TraceFlags(1))

    made: list[Any] = []
    for span in spans(records):
        first = span.records[0]
        base = first.at - first.mono
        begins = span.began if span.began is not None else span.starts
        kind = api.SpanKind.PRODUCER if span.began is None else api.SpanKind.CONSUMER
        if span.began is not None and any(record.kind == "call" for record in span.records):
            kind = api.SpanKind.SERVER
        events = [
            sdk.Event(f"{record.kind} {record.text}".strip(), timestamp=_nanoseconds(base, record.mono))
            for record in span.records
            if record.kind not in _CONTEXTUAL
        ]
        made.append(
            sdk.ReadableSpan(
                name=span.title or "message",
                context=context(span.trace, span.span),
                parent=context(span.trace, span.cause) if span.cause else None,
                resource=resource,
                attributes=attributes_of(span, node),
                events=events,
                kind=kind,
                instrumentation_scope=scope,
                status=api.Status(api.StatusCode.ERROR if span.failed else api.StatusCode.UNSET),
                start_time=_nanoseconds(base, begins),
                end_time=_nanoseconds(base, max(begins, span.ended if span.ended is not None else begins)),
            )
        )
    return made


def _nanoseconds(base: float, mono: float) -> int:
    return round((base + mono) * 1e9)
