"""Records in the forms in which other programs read them: what the command line offers, and how it is written.

--mermaid    a sequence diagram           stdout
--perfetto   Chrome's trace format        stdout
--otlp       OpenTelemetry                a collector
--save FILE  SQLite, beside any of them   a file
"""

from __future__ import annotations

import json
import os
import sqlite3
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, cast

from pydantic import JsonValue

from runtime.port.contract import Code, Failure, TraceRecord
from tracing.records import NODE, Json, Record, pid_text
from tracing.sinks import chrome, mermaid, otel
from tracing.store import Store, StoreError
from tui.format import plural

from .context import Context

__all__ = ["Form", "export", "export_options", "form_of", "pid_number", "ready", "save", "told"]

Form = Literal["lines", "json", "mermaid", "perfetto", "otlp"]
_ENDPOINT: Final = "http://127.0.0.1:4318"
PATIENCE_S: Final = 10.0
"""Seconds for a collector, where no time-out is asked for."""
_FORMS: Final[tuple[Form, ...]] = ("json", "mermaid", "perfetto", "otlp")


def export_options(parser: ArgumentParser, *, save: bool = True) -> None:
    """For a command whose answer is records; `--json` is every command's own, and `--save` that of those that ask a node."""
    group = parser.add_argument_group("in which form; one of these, or --json")
    group.add_argument("--mermaid", action="store_true", help="a sequence diagram for mermaid.js")
    group.add_argument(
        "--perfetto", action="store_true", help="Chrome's trace format, which ui.perfetto.dev opens"
    )
    group.add_argument("--otlp", action="store_true", help="to an OpenTelemetry collector, over OTLP/HTTP")
    group.add_argument(
        "--endpoint",
        metavar="URL",
        help=f"the collector; else $OTEL_EXPORTER_OTLP_ENDPOINT, else {_ENDPOINT}",
    )
    if save:
        group.add_argument(
            "--save", metavar="FILE", type=Path, help="keep the records in this SQLite file as well"
        )


def form_of(args: Namespace) -> Form:
    """The form that was asked for.

    Raises:
        Failure: several were.
    """
    asked: list[Form] = [form for form in _FORMS if getattr(args, form)]
    if len(asked) > 1:
        raise Failure(Code.BAD_REQUEST, f"--{asked[0]} and --{asked[1]}: an answer has one form")
    if args.endpoint is not None and "otlp" not in asked:
        raise Failure(Code.BAD_REQUEST, "--endpoint is for --otlp")
    return asked[0] if asked else "lines"


def ready(context: Context, form: Form) -> None:
    """Ask for what the answer will need while nothing has been done for it: a session that cannot be kept is none that somebody wants.

    Raises:
        Failure: the file cannot be used, or what sends to a collector is not installed.
    """
    path: Path | None = getattr(context.args, "save", None)
    try:
        if form == "otlp":
            otel.installed()
        if path is not None:
            _usable(path)
    except otel.Missing as missing:
        raise Failure(Code.REFUSED, str(missing)) from None
    except (StoreError, OSError, sqlite3.Error) as error:
        raise Failure(Code.REFUSED, f"nothing would be saved: {error}") from None


def export(context: Context, form: Form, records: Sequence[TraceRecord], name: str | None = None) -> None:
    """Write records as one document, or send them. `name` is whose they are, where that is not the node that is asked.

    Raises:
        Failure: the collector has not taken them, or what sends to it is not installed.
    """
    made = [_record(record) for record in records]
    node = name or context.node_name()
    if form == "mermaid":
        context.out.text(mermaid.diagram(made).rstrip("\n"))
    elif form == "perfetto":
        context.out.text(json.dumps(chrome.document(made, node)))
    elif form == "otlp":
        endpoint = context.args.endpoint or os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or _ENDPOINT
        try:
            sent = otel.send(made, endpoint, node, timeout=getattr(context.args, "timeout", PATIENCE_S))
        except otel.Missing as missing:
            raise Failure(Code.REFUSED, str(missing)) from None
        except RuntimeError as error:
            unsaved = getattr(context.args, "save", "") is None
            more = "; --save FILE keeps what it does not take" if unsaved else ""
            raise Failure(
                Code.CANNOT_CONNECT, f"{endpoint}: {error}. Is a collector there? --endpoint is another{more}"
            ) from None
        context.say(f"{plural(sent, 'span')} sent to {endpoint}")


def save(context: Context, sort: str, title: str, records: Sequence[TraceRecord], why: str) -> None:
    """Keep records in the file that was asked for, if one was.

    Raises:
        Failure: it cannot be used.
    """
    path: Path | None = context.args.save
    if path is None:
        return
    try:
        store = Store(path)
        try:
            number = store.keep(sort, title, [_record(record) for record in records], why)
        finally:
            store.close()
    except (StoreError, OSError, sqlite3.Error) as error:
        raise Failure(Code.REFUSED, f"nothing is saved: {error}") from None
    context.say(f"{plural(len(records), 'record')} kept in {path}, as number {number}")


def _usable(path: Path) -> None:
    """Try a store that is there. One that is not is not made, since there may be nothing to keep."""
    if path.exists():
        Store(path).close()
    elif not path.parent.is_dir():
        raise StoreError(f"there is no directory {path.parent}")
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        raise StoreError(f"{path.parent} is not writable")


def _record(record: TraceRecord) -> Record:
    values: dict[str, Json] = {**record.values}
    return Record(
        record.seq, record.at.timestamp(), record.kind, pid_number(record.pid), record.name, record.text, record.mono,
        pid_number(record.peer), record.trace, record.span, record.cause, record.principal, record.waited, record.took, values,
        tuple(record.stack), record.cut,
    )  # fmt: skip


def told(record: Record) -> TraceRecord:
    """A record of a file, as a node tells it."""
    return TraceRecord(
        seq=record.seq, at=datetime.fromtimestamp(record.at, UTC), mono=record.mono, kind=record.kind, name=record.name,
        pid=pid_text(record.pid) if record.pid else None, peer=pid_text(record.peer) if record.peer else None, text=record.text,
        trace=record.trace, span=record.span, cause=record.cause, principal=record.principal, waited=record.waited, took=record.took,
        values=cast("dict[str, JsonValue]", dict(record.values)), stack=list(record.stack), cut=record.cut,
    )  # fmt: skip


def pid_number(pid: str | None) -> int:
    """The number of a pid, as records of the floor have it; 0 for none."""
    parts = (pid or "").strip("<>").split(".")
    return (
        int(parts[0]) * NODE + int(parts[1])
        if len(parts) == 3 and parts[0].isdigit() and parts[1].isdigit()
        else 0
    )
