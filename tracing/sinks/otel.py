"""OpenTelemetry: stories as spans of the official SDK, for whichever exporter a host uses.

    export(records, OTLPSpanExporter(endpoint=…))      pip install "otp-observer[otel]"
    send(records, "http://127.0.0.1:4318")             the same, over OTLP/HTTP

A span of ours is a message and its handling; there it is a CONSUMER's (a call's: a SERVER's) span from the beginning of its handling, whose
parent is the span that has caused it. What is sent and never handled is a PRODUCER's span that ends at once. Spans of the user's, and of
libraries that are instrumented, are below the handling in which they ran. Names and attributes: `conventions`.
Of messages, states and replies no values go out: they are not redacted for anybody else's eyes.

The SDK is imported when a span is made, so that nobody needs it to have this room.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib import import_module
from threading import get_ident
from typing import Any, Final

from ..records import Record
from ..story import Span, spans
from .conventions import SEMCONV, attributes_of, is_model, kind_of, name_of

__all__ = ["Missing", "export", "installed", "sdk_spans", "send"]

_CONTEXTUAL: Final = frozenset({
    "send", "call", "timer", "receive", "handle", "handled", "reply", "spawn", "span_start", "span_end",
})  # fmt: skip
"""Kinds that a span is made of; all others are events of it."""
_EXPORTER: Final = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
AT_ONCE: Final = 1000
"""Spans that an exporter is handed at a time: collectors bound the size of a request."""


class Missing(ImportError):  # noqa: N818 - what it is
    """The SDK, or an exporter, is not installed."""


_PARTS: Final = (
    "opentelemetry.trace",
    "opentelemetry.sdk.trace",
    "opentelemetry.sdk.resources",
    "opentelemetry.sdk.util.instrumentation",
    _EXPORTER,
)


def installed() -> None:
    """Whether `send` finds what it needs, without sending anything.

    Raises:
        Missing: the SDK or its exporter is not installed.
    """
    try:
        for part in _PARTS:
            import_module(part)
    except ImportError as error:
        raise Missing(_HOW) from error


def export(records: Iterable[Record], exporter: Any, node: str = "node", *, contents: bool = False) -> int:
    """Hand the stories of records to an exporter of the SDK. How many spans there were.

    Args:
        records: in any order.
        exporter: a `SpanExporter`.
        node: the name of the node. Optional.
        contents: whether attributes go out that hold what models were told and have said. Optional. Defaults to False.

    Raises:
        Missing: the SDK is not installed.
        RuntimeError: the exporter has not taken them.
    """
    made = sdk_spans(records, node, contents=contents)
    for start in range(0, len(made), AT_ONCE):
        part = made[start : start + AT_ONCE]
        if exporter.export(part).name != "SUCCESS":
            raise RuntimeError(
                f"the exporter {type(exporter).__name__} has not taken {len(made) - start} of {len(made)} spans"
            )
    return len(made)


def send(
    records: Iterable[Record],
    endpoint: str,
    node: str = "node",
    *,
    timeout: float = 10.0,
    contents: bool = False,
) -> int:
    """Send the stories of records to a collector over OTLP/HTTP. How many spans there were.

    Args:
        records: in any order.
        endpoint: of the collector, `http://127.0.0.1:4318`; `/v1/traces` is added where it has no path.
        node: the name of the node. Optional.
        timeout: seconds. Optional. Defaults to 10.
        contents: as in `export`.

    Raises:
        Missing: the SDK or its exporter is not installed.
        RuntimeError: the collector has not taken them. It says why, as far as the exporter has logged that.
    """
    try:
        exporters: Any = import_module(_EXPORTER)
    except ImportError as error:
        raise Missing(_HOW) from error
    _, _, path = endpoint.partition("://")[2].partition("/")
    exporter = exporters.OTLPSpanExporter(
        endpoint=endpoint if path else f"{endpoint.rstrip('/')}/v1/traces", timeout=timeout
    )
    heard = _Heard()
    log = logging.getLogger("opentelemetry")
    log.addHandler(heard)
    try:
        return export(records, exporter, node, contents=contents)
    except RuntimeError as error:
        raise RuntimeError(f"{error}: {heard.why}") from None
    finally:
        exporter.shutdown()
        log.removeHandler(heard)


class _Heard(logging.Handler):
    """What the exporter logs: the only place where it says why it failed.

    A host's own handlers get it as well. Where there are none, Python would write it on stderr, and does not since there is this one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._thread = get_ident()
        self._errors: list[str] = []
        self._told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            args = record.args if isinstance(record.args, tuple) else ()
            self._errors += [_bottom(each) for each in args if isinstance(each, BaseException)]
            self._told.append(record.getMessage().rstrip("."))

    @property
    def why(self) -> str:
        """What was at the bottom of it; where it was no exception, all that was logged."""
        return "; ".join(dict.fromkeys(self._errors or self._told)) or "it does not say why"


def _bottom(error: BaseException) -> str:
    """In the words of the exception that others were raised for."""
    for _ in range(_DEEPEST):
        inner = (error.__cause__, getattr(error, "reason", None), error.args[0] if error.args else None)
        below = next((each for each in inner if isinstance(each, BaseException)), None)
        if below is None:
            break
        error = below
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


_DEEPEST: Final = 10
_HOW: Final = 'OpenTelemetry\'s SDK is not installed: pip install "otp-observer[otel]"'


def sdk_spans(records: Iterable[Record], node: str = "node", *, contents: bool = False) -> list[Any]:
    """The stories of records as `ReadableSpan`s of the SDK. Arguments as for `export`.

    Raises:
        Missing: the SDK is not installed.
    """
    try:
        sdk: Any = import_module("opentelemetry.sdk.trace")
        api: Any = import_module("opentelemetry.trace")
        resources: Any = import_module("opentelemetry.sdk.resources")
        scopes: Any = import_module("opentelemetry.sdk.util.instrumentation")
    except ImportError as error:
        raise Missing(_HOW) from error

    resource = resources.Resource({"service.name": node})
    scope = scopes.InstrumentationScope("observer", schema_url=SEMCONV)

    def context(trace: str, span: str) -> Any:
        return api.SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=api.TraceFlags(1))

    found = spans(records)
    agents = {(span.trace, span.cause) for span in found if is_model(span)}
    made: list[Any] = []
    for span in found:
        agent = (span.trace, span.span) in agents and span.began is not None
        base = span.records[0].at - span.records[0].mono
        begins = span.began if span.began is not None else span.starts
        made.append(
            sdk.ReadableSpan(
                name=name_of(span, agent=agent),
                context=context(span.trace, span.span),
                parent=context(span.trace, span.cause) if span.cause else None,
                resource=resource,
                attributes=attributes_of(span, node, agent=agent, contents=contents),
                events=_events(sdk, span, base),
                kind=api.SpanKind[kind_of(span, agent=agent)],
                instrumentation_scope=scope,
                status=api.Status(api.StatusCode.ERROR if span.failed else api.StatusCode.UNSET),
                start_time=_nanoseconds(base, begins),
                end_time=_nanoseconds(base, max(begins, span.ended if span.ended is not None else begins)),
            )
        )
    return made


def _events(sdk: Any, span: Span, base: float) -> list[Any]:
    return [
        sdk.Event(f"{record.kind} {record.text}".strip(), timestamp=_nanoseconds(base, record.mono))
        for record in span.records
        if record.kind not in _CONTEXTUAL
    ]


def _nanoseconds(base: float, mono: float) -> int:
    return round((base + mono) * 1e9)
