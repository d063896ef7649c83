"""Who a process is, in a few lines: the head of the Process page."""

from __future__ import annotations

import textwrap

from runtime.port.contract import ProcessCode, ProcessInfo, Wait, Zombie
from tui.elsewhere import PLACES, os_facts, thread_text
from tui.format import (
    BUSY,
    MAIL,
    NOTHING,
    OLDEST_S,
    clean,
    clock_time,
    duration,
    elide,
    memory,
    number,
    percent,
    plural,
    short,
    status,
    tone,
)
from tui.slicing import ADVICE, story
from tui.spans import Spans, flowing
from tui.upgrades import MARKS, badge, not_current


def identity(
    info: ProcessInfo, cells: int, *, ended: bool, successor: str = "", problem: str = ""
) -> list[Spans]:
    """Status and handler; parent, age, restarts; thread or OS process; mailbox and load; links, timers, source.

    Of a process that has ended, `problem` is why its name has no successor; it may wait for its restart.
    """
    row = info.row
    state: Spans = [("✗ ended", "bad")] if ended and info.zombie is None else [status(row.status)]
    coming = problem.rpartition("; ")[2]
    if ended and coming.startswith("restarting in ") and info.zombie is None:
        state.append((f", {clean(coming, 40)}", "warn"))
    head: Spans = [
        (elide(clean(row.name or row.label or NOTHING, 200), max(12, cells // 3)), "strong"),
        (f" {row.pid}", "muted"),
    ]
    first: list[Spans] = [head, state, _handler(info) if not ended else []]
    if successor:
        first.append([("now ", "muted"), (successor, "accent"), ("  F follows", "muted")])
    if info.waits_for is not None and not ended:
        first.append(_waits(info.waits_for))
    if row.doing and not ended:
        first.append([(f"“{clean(row.doing, 200)}”", "text")])
    last = flowing(_load(info), cells) if info.zombie is None else _remains(info.zombie, cells)
    where = flowing(_elsewhere(info), cells) if not ended else []
    code = info.code
    aged = _not_current(code, cells) if code is not None and code.mark is not None and not ended else []
    return [*flowing(first, cells), *flowing(_standing(info), cells), *aged, *where, *last]


def _handler(info: ProcessInfo) -> Spans:
    if info.handler is None:
        return []
    out: Spans = [("in ", "muted"), (clean(info.handler, 100), "text")]
    if info.handler_for_s is not None:
        out.append((" for ", "muted"))
        out.append((duration(info.handler_for_s), tone(info.handler_for_s, OLDEST_S)))
    if info.slices:
        out.append((f", {number(info.slices)} slices", "muted"))
    return out


def _waits(wait: Wait) -> Spans:
    return [
        ("waits for ", "muted"),
        (f"{clean(wait.callee.name or '', 60)} {wait.callee.pid}".strip(), "accent"),
        (f" for {duration(wait.for_s)}", "muted"),
    ]


def _remains(zombie: Zombie, cells: int) -> list[Spans]:
    """What to make of a process whose code does not end."""
    return [
        [("  " + line, "warn")] for line in textwrap.wrap(f"{story(zombie)} {ADVICE}", max(20, cells - 4))
    ]


def _standing(info: ProcessInfo) -> list[Spans]:
    parent: Spans = []
    if info.parent is not None:
        parent = _fact("parent", f"{clean(info.parent.name or '', 60)} {info.parent.pid}".strip())
    restarts = _fact("↻", number(info.restarts))
    if info.remaining is not None:
        window = f" in {info.window_s:g} s" if info.window_s is not None else ""
        allowed = info.remaining + 1
        restarts.append((f" ({info.remaining} left{window})", "bad" if allowed <= 2 else "muted"))
    return [
        [(clean(info.row.behaviour, 120), "muted")], _code(info.code), parent,
        _fact("up", clock_time(info.age_s) if info.age_s >= 60 else duration(info.age_s)),
        [(clean(info.restart, 20), "muted")] if info.restart else [("no supervisor", "muted")], restarts,
    ]  # fmt: skip


def _code(code: ProcessCode | None) -> Spans:
    """The version of its code, and whether that is the newest."""
    if code is None:
        return []
    version: Spans = [("code ", "faint"), (clean(code.version, 40), "text" if code.mark is None else "warn")]
    return [*version, (" ", "text"), *badge(code.mark)] if code.mark is not None else version


def _not_current(code: ProcessCode, cells: int) -> list[Spans]:
    """What is newer than its code, and why it has not got it."""
    text = f"{MARKS[code.mark or 'old'][0]} {not_current(code)}{': the Modules page (5) upgrades it' if code.mark == 'stale' else ''}"
    return [[("  " + line, "warn")] for line in textwrap.wrap(text, max(20, cells - 4))]


def _elsewhere(info: ProcessInfo) -> list[Spans]:
    """Its thread, or its OS process; or the process in which it lives."""
    process = info.os_process
    if info.lives_in is not None:
        home = f"{clean(info.lives_in.name or '', 60)} {info.lives_in.pid}".strip()
        return [[(f"{PLACES['isolated'][0]} lives in ", "accent"), (home, "accent")]]
    if info.thread is not None:
        return [[(f"{PLACES['thread'][0]} thread ", "accent"), (thread_text(info.thread), "text")]]
    if process is None:
        return []
    note: Spans = [(clean(process.note, 200), "warn")] if process.note else []
    return [
        [(f"{PLACES['isolated'][0]} isolated ", "accent"), (f"OS process {process.pid}", "text")],
        *([(f"{fact.label} ", "faint"), (fact.text, fact.tone)] for fact in os_facts(process)),
        note,
    ]


def _load(info: ProcessInfo) -> list[Spans]:
    row = info.row
    facts: list[Spans] = [
        [("mail ", "faint"), (number(row.mailbox), tone(row.mailbox, MAIL))],
        [("oldest ", "faint"), (duration(row.oldest_s), tone(row.oldest_s, OLDEST_S))],
        [("busy ", "faint"), (percent(row.busy), tone(row.busy, BUSY))],
        _fact("reds", short(row.reductions)),
        *(
            [_fact("mem", memory(row.memory, cut=row.memory_cut))]
            if row.memory is not None and info.os_process is None
            else []
        ),
        *([_fact("", plural(len(info.tasks), "task"))] if info.tasks else []),
        *(_fact(clean(name, 20), short(value)) for name, value in row.counters.items()),
        *([_fact("accepts", ", ".join(clean(name, 30) for name in info.accepts))] if info.accepts else []),
        *([_fact("", clean(info.source, 120))] if info.source else []),
    ]  # fmt: skip
    return facts


def _fact(label: str, value: str) -> Spans:
    return [(f"{label} " if label else "", "faint"), (value, "faint" if value == "0" else "text")]
