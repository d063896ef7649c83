"""The columns of the Processes page: what each shows, which key sorts by it, which go first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.port.contract import ProcessRow
from tui.elsewhere import mark
from tui.format import (
    BUSY,
    GROWTH,
    MAIL,
    NOTHING,
    OLDEST_S,
    Tone,
    change,
    clean,
    cut,
    duration,
    elide,
    growth,
    memory,
    number,
    percent,
    short,
    status,
    tone,
)
from tui.spans import Spans
from tui.upgrades import badge
from tui.widgets.table import Column

COUNTER = "counter"
CODE = "code"
MEMORY, GROWS = "memory", "growth"


@dataclass(frozen=True)
class SortKey:
    """A key that sorts."""

    key: str
    column: str
    words: str
    desc: bool
    """Whether the first press puts the greatest first."""
    delta: bool = False
    """Whether Shift sorts by change per second."""


SORT_KEYS = (
    SortKey("m", "mailbox", "mailbox", desc=True, delta=True),
    SortKey("a", "oldest", "age of the oldest message", desc=True),
    SortKey("b", "busy", "busy", desc=True),
    SortKey("r", "reductions", "reductions", desc=True, delta=True),
    SortKey("w", "memory", "memory", desc=True, delta=True),
    SortKey("x", "restarts", "restarts", desc=True, delta=True),
    SortKey("i", "pid", "pid", desc=False),
    SortKey("n", "name", "name", desc=False),
    SortKey("h", "behaviour", "behaviour", desc=False),
    SortKey("t", "status", "status", desc=False),
    SortKey("d", "doing", "doing", desc=False),
    SortKey("o", COUNTER, "the counter shown", desc=True, delta=True),
)


def columns(
    flashing: Callable[[ProcessRow], bool],
    counter: Callable[[], str],
    *,
    weighing: bool = False,
    badges: bool = False,
) -> list[Column[ProcessRow]]:
    """All columns.

    Args:
        flashing: whose restart is news.
        counter: which counter is shown.
        weighing: whether memory comes first. Optional. Defaults to False.
        badges: whether any process runs stale or old code, for which the others make room. Optional. Defaults to False.
    """

    def restarts(row: ProcessRow, _: int) -> Spans:
        return [(number(row.restarts), "flash" if flashing(row) else tone(row.restarts, NEVER))]

    def counted(row: ProcessRow, _: int) -> Spans:
        value = row.counters.get(counter())
        return [(short(value), tone(value, NEVER))]

    return [
        Column("pid", "PID", _pid, 8),
        Column("name", "NAME", _name, 9 if badges else 12, most=40, weight=4),
        Column("behaviour", "BEHAVIOUR", _behaviour, 12, most=36, weight=2, rank=8),
        Column("status", "STATUS", _status, 12),
        Column("mailbox", "MAIL", _mail, 7, right=True),
        Column("delta", "Δ/s", _delta, 6, right=True, rank=6),
        Column("oldest", "OLDEST", _oldest, 7, right=True),
        Column("busy", "BUSY", _busy, 5, right=True),
        Column("reductions", "REDS", _reductions, 6, right=True, rank=7),
        Column("restarts", "↻", restarts, 3, right=True),
        Column(MEMORY, "MEM", _memory, 7, right=True, rank=0 if weighing else 10),
        Column(GROWS, "MEM/s", _growth, 7, right=True, rank=1 if weighing else 11),
        Column(COUNTER, "", counted, 8, right=True, rank=9),
        *([Column(CODE, " CODE", _code, 8, rank=5)] if badges else []),
        Column("doing", " DOING", _doing, 7 if badges else 13, weight=8, rank=12 if weighing else 0),
    ]


NEVER = (float("inf"), float("inf"))


def _pid(row: ProcessRow, cells: int) -> Spans:
    return [(cut(row.pid, cells), "muted")]


def _name(row: ProcessRow, cells: int) -> Spans:
    """With a mark before it where the process runs elsewhere than on the loop."""
    where = mark(row.place)
    before: Spans = [(where, "accent")] if where else []
    room = cells - len(where)
    if row.name:
        return [*before, (elide(clean(row.name, 300), room), "text")]
    return [*before, (elide(clean(row.label, 300), room), "muted") if row.label else (NOTHING, "faint")]


def _behaviour(row: ProcessRow, cells: int) -> Spans:
    """`package.module:Name` in full where it fits, else the name alone."""
    text = clean(row.behaviour, 300)
    return [(text if len(text) <= cells else elide(text.rsplit(":", 1)[-1], cells), "muted")]


def _status(row: ProcessRow, _: int) -> Spans:
    return [status(row.status)]


def _mail(row: ProcessRow, cells: int) -> Spans:
    text = number(row.mailbox)
    return [(text if len(text) <= cells else short(row.mailbox), tone(row.mailbox, MAIL))]


def _delta(row: ProcessRow, _: int) -> Spans:
    text = change(row.mailbox_delta)
    grows: Tone = "warn" if (row.mailbox_delta or 0) >= 10 else "text"
    return [(text, "faint" if text in {"0", NOTHING} else grows)]


def _oldest(row: ProcessRow, _: int) -> Spans:
    return [(duration(row.oldest_s), tone(row.oldest_s, OLDEST_S))]


def _busy(row: ProcessRow, _: int) -> Spans:
    return [(percent(row.busy), tone(row.busy, BUSY))]


def _reductions(row: ProcessRow, _: int) -> Spans:
    return [(short(row.reductions), tone(row.reductions, NEVER))]


def _memory(row: ProcessRow, _: int) -> Spans:
    return [(memory(row.memory, cut=row.memory_cut), tone(row.memory, NEVER))]


def _growth(row: ProcessRow, _: int) -> Spans:
    text = growth(row.memory_delta)
    return [(text, "faint" if text in {"0", NOTHING} else tone(max(row.memory_delta or 0, 1), GROWTH))]


def _code(row: ProcessRow, _: int) -> Spans:
    return [(" ", "text"), *badge(row.code)]


def _doing(row: ProcessRow, cells: int) -> Spans:
    # One cell more than usual: what stands before it is aligned to the right.
    return [(" ", "text"), (cut(clean(row.doing), cells - 1), "text") if row.doing else (NOTHING, "faint")]
