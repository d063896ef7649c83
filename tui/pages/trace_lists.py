"""The smaller tables of the Trace page: examples of patterns, who traces what, what the flight recorder waits for and has kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.port.contract import Dump, Dumps, TraceSession, TraceSessions, Trigger
from tui.format import NOTHING, Tone, clean, cut, duration, elide, number, plural, time_of_day
from tui.spans import Spans
from tui.tracing.row import LOUD
from tui.widgets.table import Column

__all__ = [
    "EXAMPLES",
    "EXAMPLE_COLUMNS",
    "KEPT_COLUMNS",
    "WHO_COLUMNS",
    "Example",
    "Kept",
    "Who",
    "kept_rows",
    "who_rows",
]


@dataclass(frozen=True)
class Example:
    """A pattern to begin with."""

    pattern: str
    says: str


EXAMPLES = (
    Example("all lifecycle", "who is made, ends, crashes, is restarted"),
    Example("all messages", "who sends what to whom"),
    Example("all handled when took > 100ms", "slow handlers"),
    Example("all handled when waited > 1s", "messages that waited long"),
    Example("all raised, crash -> state, stack", "handlers that fail, and with which state"),
    Example("new spawn, ended", "processes that are made from now on"),
)
EXAMPLE_COLUMNS = [
    Column[Example](
        "pattern", "PATTERN", lambda row, cells: [(cut(row.pattern, cells), "text")], 34, most=36, weight=1
    ),
    Column[Example]("says", "TAKES", lambda row, cells: [(cut(row.says, cells), "muted")], 20, weight=2),
]


@dataclass(frozen=True)
class Who:
    """A session, seen from a moment."""

    session: TraceSession
    at: datetime


def who_rows(answer: TraceSessions) -> dict[str, Who]:
    """Sessions by number, those that run first."""
    order = sorted(answer.sessions, key=lambda it: (it.end is not None, -it.session))
    return {str(it.session): Who(it, answer.at) for it in order}


def _whose(row: Who, cells: int) -> Spans:
    it = row.session
    if it.mine:
        return [("this console", "accent")]
    return [(elide(f"{clean(it.key, 40)} {clean(it.peer, 60)}", cells), "text")]


def _stands(row: Who, cells: int) -> Spans:
    it = row.session
    if it.end is not None:
        return [("■ ", "muted"), (cut(clean(it.end.text, 200), cells - 2), "muted")]
    left = max(0.0, (it.ends - row.at).total_seconds())
    return [("● ", "accent"), (cut(f"{duration(left)} left", cells - 2), "text")]


WHO_COLUMNS = [
    Column[Who]("session", "NO", lambda row, _: [(str(row.session.session), "muted")], 4, right=True),
    Column[Who]("whose", "WHOSE", _whose, 14, most=40, weight=2),
    Column[Who]("pattern", "PATTERN", lambda row, cells: [(cut(clean(row.session.pattern, 300), cells), "text")], 18, weight=4),
    Column[Who]("taken", "TAKEN", lambda row, _: [(number(row.session.taken), "text")], 7, right=True),
    Column[Who]("limit", "OF", lambda row, _: [(number(row.session.limits.count), "muted")], 7, right=True, rank=2),
    Column[Who]("seen", "LOOKED AT", lambda row, _: [(number(row.session.seen), "muted")], 9, right=True, rank=3),
    Column[Who]("stands", "STANDS", _stands, 14, weight=3),
]  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """A trigger, or what was kept: one of the two."""

    trigger: Trigger | None = None
    dump: Dump | None = None


def kept_rows(sessions: TraceSessions | None, dumps: Dumps | None) -> dict[str, Kept]:
    """Triggers first, then dumps, newest first."""
    triggers = sessions.triggers if sessions is not None else []
    return {
        **{f"trigger {it.text}": Kept(trigger=it) for it in triggers},
        **{f"dump {it.dump}": Kept(dump=it) for it in (dumps.dumps if dumps is not None else [])},
    }


def _at(row: Kept, _: int) -> Spans:
    if row.dump is not None:
        return [(time_of_day(row.dump.at), "muted")]
    return [("waits", "accent")]


def _what(row: Kept, cells: int) -> Spans:
    dump = row.dump
    if dump is None:
        return [(cut(clean(row.trigger.text if row.trigger else "", 300), cells), "strong")]
    tone: Tone = LOUD.get(dump.kind, "text")
    kind, text = clean(dump.kind, 20), clean(dump.text, 300)
    return [(kind, tone), (cut(f" {text}", max(0, cells - len(kind))), "text")]


def _who(row: Kept, cells: int) -> Spans:
    dump = row.dump
    if dump is None:
        return [(NOTHING, "faint")]
    return [(elide(clean(dump.name or dump.pid or "the node", 200), cells), "text")]


def _many(row: Kept, _: int) -> Spans:
    if row.dump is not None:
        return [(plural(row.dump.events, "record"), "text" if row.dump.events else "faint")]
    return [(plural(row.trigger.dumps if row.trigger else 0, "dump"), "muted")]


KEPT_COLUMNS = [
    Column[Kept]("at", "AT", _at, 8),
    Column[Kept]("who", "PROCESS", _who, 12, most=24, weight=1),
    Column[Kept]("what", "WHAT", _what, 20, weight=5),
    Column[Kept]("many", "KEPT", _many, 13, right=True),
    Column[Kept]("because", " BECAUSE OF", lambda row, cells: [(" " + cut(clean(row.dump.trigger if row.dump else "", 300), cells - 1), "muted")], 30, weight=2, rank=1),
]  # fmt: skip
