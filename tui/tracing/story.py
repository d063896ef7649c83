"""One story, ready to be drawn: its spans as a tree by cause, its arrows from process to process, and what it all adds up to.

    rows --tracing.story--> spans --by cause--> waterfall: parents before children, each with its depth
         `----------------> arrows and notes, in the order of time ----> diagram

It is made in one go, on a thread of its own where it is long; nothing of it changes afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tracing import story as floor
from tracing.records import NODE, Record
from tui.format import clean

from .row import Row

__all__ = ["Bar", "Step", "Story", "episode_of", "slowest", "story_of"]

_NOTES: Final = frozenset({
    "ended", "crash", "restarted", "gave_up", "raised", "code_changed", "operator", "suspended", "resumed", "zombie", "overflow",
    "span_start", "function_raise",
})  # fmt: skip
_HANDLING: Final = frozenset({"receive", "handle", "handled", "raised"})
_ABOUT: Final = frozenset({"send", "call", "timer", "receive", "handle", "handled", "raised", "state"})
"""Kinds whose most telling value is the message of their span."""
_BAD: Final = frozenset({"crash", "raised", "gave_up", "zombie", "function_raise"})


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of the waterfall. Times are seconds of the node's monotonic clock.

    Attributes:
        number: its place from the top.
        depth: how many spans have led to it.
        title: what its handler or its sending is called.
        message: what it is about, where values were told.
        starts, ends: the first and the last that is known of it.
    """

    number: int
    span: str
    cause: str
    depth: int
    pid: str
    name: str
    sender: str
    title: str
    message: str
    sent: float | None
    began: float | None
    ended: float | None
    starts: float
    ends: float
    failed: bool
    orphan: bool
    tick: bool
    """Whether a timer has begun it."""

    @property
    def who(self) -> str:
        """Its process: the name where it has one."""
        return self.name or self.pid

    @property
    def waited(self) -> float | None:
        """Seconds from sending to the beginning of its handling."""
        return max(0.0, self.began - self.sent) if self.sent is not None and self.began is not None else None

    @property
    def took(self) -> float | None:
        """Seconds of handling."""
        return self.ended - self.began if self.began is not None and self.ended is not None else None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the diagram.

    Attributes:
        number: its place from the top.
        form: `arrow`, `return`, `open` (a message nobody waits for), `birth`, `note` or `bad`.
        source, target: lanes; of a note both are its own.
        row: place of the record among the story's rows.
    """

    number: int
    form: str
    mono: float
    source: int
    target: int
    text: str
    span: str
    row: int


@dataclass(frozen=True)
class Story:
    """Everything with one trace id.

    Attributes:
        lanes: pids in the order in which they appear; empty for the world outside.
        names: of processes, by pid.
        busy: for each lane when it was at work: (began, ended), in order.
        waited, took: seconds of all spans together.
    """

    trace: str = ""
    principal: str = ""
    rows: Sequence[Row] = ()
    bars: list[Bar] = field(default_factory=list[Bar])
    steps: list[Step] = field(default_factory=list[Step])
    lanes: list[str] = field(default_factory=list[str])
    names: dict[str, str] = field(default_factory=dict[str, str])
    busy: list[list[tuple[float, float]]] = field(default_factory=list[list[tuple[float, float]]])
    starts: float = 0.0
    ends: float = 0.0
    waited: float = 0.0
    took: float = 0.0
    failed: int = 0
    orphans: int = 0

    def called(self, pid: str) -> str:
        """What to call a process."""
        return self.names.get(pid, pid) or "outside"

    def lane_title(self, pid: str) -> str:
        """What to call its lane: with its pid where another has that name, as one that was started again has."""
        name = self.called(pid)
        return f"{name} {pid}" if self._names_of_lanes[name] > 1 else name

    @cached_property
    def _names_of_lanes(self) -> Counter[str]:
        return Counter(self.called(pid) for pid in self.lanes)

    @cached_property
    def ticks(self) -> bool:
        """Whether a timer has begun any of it."""
        return any(bar.tick for bar in self.bars)

    @cached_property
    def slowest(self) -> list[Bar]:
        """The spans that waited or worked longest, the longest first."""
        return slowest(self.bars)

    @cached_property
    def _bar_of(self) -> dict[str, Bar]:
        return {bar.span: bar for bar in self.bars}

    @cached_property
    def _step_of(self) -> dict[str, Step]:
        return {step.span: step for step in reversed(self.steps)}

    def index(self) -> None:
        """Make what keys ask for, on the thread that has made the story: of a long one it takes longer than a frame."""
        _ = self.ticks, self.slowest, self._bar_of, self._step_of, self._names_of_lanes

    def bar(self, span: str) -> Bar | None:
        """A span of the waterfall."""
        return self._bar_of.get(span) if span else None

    def step(self, span: str) -> Step | None:
        """The first line of the diagram about a span."""
        return self._step_of.get(span) if span else None

    def records_of(self, span: str) -> list[Row]:
        """The records of one span, oldest first."""
        return [row for row in self.rows if row.span == span] if span else []


def story_of(rows: Iterable[Row], beyond: frozenset[str] = frozenset()) -> Story:
    """The story that rows tell; those of other stories are left out, the first that has one says which it is.

    Args:
        rows: in any order.
        beyond: spans that are known, though not told here: who was caused by one is no orphan. Optional. Defaults to none.
    """
    ordered = sorted(rows, key=lambda row: (row.mono, row.number))
    trace = next((row.trace for row in ordered if row.trace), "")
    mine = [row for row in ordered if row.trace == trace] if trace else ordered
    if not mine:
        return Story()
    names = {row.pid: row.name for row in mine if row.name}
    messages = {row.span: row.told for row in reversed(mine) if row.told and row.kind in _ABOUT}
    found = floor.spans(_record(place, row) for place, row in enumerate(mine))
    orphans = {span.span for span in floor.orphans(found) if span.cause not in beyond}
    ticks = {row.span for row in mine if row.kind == "timer"}
    bars = _tree(
        [
            _bar(it, messages.get(it.span, ""), orphan=it.span in orphans, tick=it.span in ticks)
            for it in found
        ]
    )
    steps, lanes = _steps(mine)
    return Story(
        trace=trace,
        principal=next((row.principal for row in mine if row.principal), ""),
        rows=mine, bars=bars, steps=steps, lanes=lanes, names=names, busy=_busy(bars, lanes),
        starts=min((bar.starts for bar in bars), default=mine[0].mono),
        ends=max((bar.ends for bar in bars), default=mine[-1].mono),
        waited=sum(bar.waited or 0.0 for bar in bars), took=sum(bar.took or 0.0 for bar in bars),
        failed=sum(bar.failed for bar in bars), orphans=len(orphans),
    )  # fmt: skip


def _record(place: int, row: Row) -> Record:
    return Record(
        place, row.at.timestamp(), row.kind, _number(row.pid), row.name or None, row.text, row.mono, _number(row.peer),
        row.trace, row.span, row.cause, row.principal or None, row.waited, row.took,
    )  # fmt: skip


def _number(pid: str) -> int:
    parts = pid.strip("<>").split(".")
    return (
        int(parts[0]) * NODE + int(parts[1])
        if len(parts) == 3 and parts[0].isdigit() and parts[1].isdigit()
        else 0
    )


def _pid(number: int) -> str:
    return f"<{number // NODE}.{number % NODE}.0>" if number else ""


def _bar(span: floor.Span, message: str, *, orphan: bool, tick: bool) -> Bar:
    return Bar(
        0, span.span, span.cause, 0, _pid(span.pid), clean(span.name or "", 200), _pid(span.sender), clean(span.title, 200), message, span.sent,
        span.began, span.ended, span.starts, span.ends, span.failed, orphan, tick,
    )  # fmt: skip


def _tree(bars: list[Bar]) -> list[Bar]:
    """Parents before children, children in the order in which they begin. No recursion: a chain may be long."""
    below: dict[str, list[Bar]] = {}
    known = {bar.span for bar in bars}
    for bar in bars:
        below.setdefault(bar.cause if bar.cause in known and bar.cause != bar.span else "", []).append(bar)
    out: list[Bar] = []
    waiting = [(bar, 0) for bar in reversed(below.get("", []))]
    while waiting:
        bar, depth = waiting.pop()
        out.append(_placed(bar, len(out), depth))
        waiting.extend((child, depth + 1) for child in reversed(below.get(bar.span, ())))
    return out


def _placed(bar: Bar, number: int, depth: int) -> Bar:
    return Bar(
        number, bar.span, bar.cause, depth, bar.pid, bar.name, bar.sender, bar.title, bar.message, bar.sent, bar.began, bar.ended, bar.starts, bar.ends,
        bar.failed, bar.orphan, bar.tick,
    )  # fmt: skip


def episode_of(story: Story, span: str) -> Story:
    """The part of a story that belongs together.

    It goes from the timer or the message from outside that has led to a span, to all that came of it, up to the next timer. A
    process that works by a clock of its own is in one story for as long as it lives.
    """
    of = {bar.span: bar for bar in story.bars}
    top = of.get(span)
    if top is None:
        return story
    while not top.tick and top.cause in of:
        top = of[top.cause]
    below: dict[str, list[str]] = {}
    for bar in story.bars:
        if not bar.tick:
            below.setdefault(bar.cause, []).append(bar.span)
    mine = {top.span}
    waiting = [top.span]
    while waiting:
        found = below.get(waiting.pop(), ())
        waiting.extend(it for it in found if it not in mine)
        mine.update(found)
    if len(mine) == len(of):
        return story
    return story_of((row for row in story.rows if row.span in mine), frozenset(of))


def slowest(bars: Sequence[Bar], most: int = 100) -> list[Bar]:
    """Spans by how long they waited, or worked without what they have caused meanwhile; the longest first."""
    inside: dict[str, float] = {}
    until: dict[str, float] = {}
    of = {bar.span: bar for bar in bars}
    for bar in sorted(bars, key=lambda bar: bar.starts):
        parent = of.get(bar.cause)
        if parent is None or parent.began is None or parent.ended is None:
            continue
        start = max(bar.starts, parent.began, until.get(parent.span, 0.0))
        end = min(bar.ends, parent.ended)
        if end > start:
            inside[parent.span] = inside.get(parent.span, 0.0) + end - start
            until[parent.span] = end

    def own(bar: Bar) -> float:
        return max(bar.waited or 0.0, (bar.took or 0.0) - inside.get(bar.span, 0.0))

    return sorted(bars, key=own, reverse=True)[:most]


# --- the diagram ---------------------------------------------------------------------------------------


Drawn = tuple[float, str, str, str, str, str, int]
"""(moment, form, from whom, to whom, text, span, place of the record)."""


def _steps(rows: Sequence[Row]) -> tuple[list[Step], list[str]]:
    """Arrows and notes in the order of time, and the lanes between which they go."""
    known = {row.span for row in rows if row.kind in {"send", "call", "timer", "spawn"} and row.span}
    ticks = {row.span for row in rows if row.kind == "timer"}
    drawn: list[Drawn] = []
    for place, row in enumerate(rows):
        form = _form(row)
        if row.kind == "send" and not row.pid and row.span in ticks:
            continue  # by the timer, which is told
        if form:
            source, target = (row.peer, row.pid) if row.kind == "spawn" else (row.pid, row.peer)
            drawn.append((row.mono, form, source, target, row.what or row.kind, row.span, place))
        elif row.kind in _HANDLING and row.span not in known:
            known.add(row.span)
            began = row.mono - (row.took or 0.0)
            drawn.append(
                (began, "open", row.peer, row.pid, row.told or row.what or row.kind, row.span, place)
            )
        if row.kind in _NOTES:
            note = "bad" if row.kind in _BAD else "note"
            drawn.append(
                (row.mono, note, row.pid, row.pid, f"{row.kind} {row.what}".strip(), row.span, place)
            )
    drawn.sort(key=lambda it: it[0])
    lanes: dict[str, int] = {}
    for _, _, source, target, *_ in drawn:
        lanes.setdefault(source, len(lanes))
        lanes.setdefault(target, len(lanes))
    steps = [
        Step(number, form, mono, lanes[source], lanes[target], text, span, place)
        for number, (mono, form, source, target, text, span, place) in enumerate(drawn)
    ]
    return steps, list(lanes)


def _form(row: Row) -> str:
    """How a record is drawn that is an arrow by itself. A message that was handled, and whose sending nobody recorded, is another."""
    return {"call": "arrow", "reply": "return", "spawn": "birth", "send": "open", "timer": "open"}.get(
        row.kind, ""
    )


def _busy(bars: Sequence[Bar], lanes: Sequence[str]) -> list[list[tuple[float, float]]]:
    by_pid: dict[str, list[tuple[float, float]]] = {pid: [] for pid in lanes}
    for bar in bars:
        if bar.began is not None and bar.pid in by_pid:
            by_pid[bar.pid].append((bar.began, bar.ended if bar.ended is not None else bar.ends))
    return [sorted(by_pid[pid]) for pid in lanes]
