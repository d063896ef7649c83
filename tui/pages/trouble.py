"""What is wrong, and where: the lines of the Node page's right half, each a jump to a process.

    NodeInfo.gave_up, .deepest, .oldest, .busiest, .running, .last_crash, .restarting  ->  Line

`verdict` says in one sentence that nothing is wrong, or how many of the lines are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.port.contract import NodeInfo, Trouble
from tui.format import (
    BUSY,
    LAG_MS,
    MAIL,
    MINUS,
    NOTHING,
    OLDEST_S,
    TIMES,
    Tone,
    clean,
    duration,
    gave_up,
    milliseconds,
    number,
    percent,
    tone,
)
from tui.spans import Spans

RUNS_S = (0.1, 1.0)
"""A step that runs longer than a slice is worth an eye; longer than a second it harms."""

RECENT_S = 60.0
"""A crash that is older is history."""


@dataclass(frozen=True)
class Line:
    """One line of trouble."""

    what: str
    pid: str
    name: str
    value: str
    tone: Tone
    text: str = ""

    @property
    def wrong(self) -> bool:
        """Whether it counts as trouble."""
        return self.tone in {"warn", "bad"}


def lines(node: NodeInfo) -> list[Line]:
    """All lines, in the order of the eye; who gave up has one only where somebody did."""
    return [
        *([_gave_up(node.gave_up)] if node.gave_up is not None else []),
        _line("deepest", node.deepest, number, MAIL),
        _line("oldest", node.oldest, duration, OLDEST_S),
        _line("busiest", node.busiest, percent, BUSY),
        _running(node),
        _crash(node.last_crash),
        _restarting(node.restarting),
    ]


def _line(what: str, it: Trouble | None, show: Callable[[float], str], limits: tuple[float, float]) -> Line:
    if it is None or not it.value:
        return Line(what, "", "", NOTHING, "faint")
    return Line(what, it.pid, clean(it.name, 200), show(it.value), tone(it.value, limits), clean(it.text))


def _running(node: NodeInfo) -> Line:
    it = node.running
    if it is None:
        return Line("running", "", "", "idle", "faint")
    where = f"{it.stack[-1].function} at {it.stack[-1].file}:{it.stack[-1].line}" if it.stack else ""
    text = " in ".join(part for part in (it.handler, where) if part)
    return Line(
        "running", it.pid, clean(it.name or "", 200), duration(it.for_s), tone(it.for_s, RUNS_S), clean(text)
    )


def _gave_up(it: Trouble) -> Line:
    return Line(
        "gave up", it.pid, clean(it.name, 200), f"{MINUS}{duration(it.value)}", "bad", gave_up(it.text)
    )


def _crash(it: Trouble | None) -> Line:
    if it is None:
        return Line("crashed", "", "", "never", "faint")
    level: Tone = "bad" if it.value < RECENT_S else "text"
    return Line("crashed", it.pid, clean(it.name, 200), f"{MINUS}{duration(it.value)}", level, clean(it.text))


def _restarting(it: Trouble | None) -> Line:
    if it is None:
        return Line("restarts", "", "", "none", "faint")
    return Line("restarts", it.pid, clean(it.name, 200), f"{it.value:.0f}{TIMES}", "warn", clean(it.text))


def worst(node: NodeInfo) -> Line:
    """The line to look at first: the first that is bad, else the first that is wrong, else the first."""
    found = lines(node)
    bad = (line for line in found if line.tone == "bad")
    return next(bad, next((line for line in found if line.wrong), found[0]))


def verdict(node: NodeInfo) -> Spans:
    """In a few words: how bad is it?"""
    wrong = [line for line in lines(node) if line.wrong]
    lag = tone(node.lag_ms, LAG_MS)
    if not wrong and lag not in {"warn", "bad"}:
        return [("✓ ", "accent"), ("nothing is wrong", "text")]
    if not wrong:
        return [(f"▲ the loop lags {milliseconds(node.lag_ms)}", lag)]
    worst: Tone = "bad" if any(line.tone == "bad" for line in wrong) else "warn"
    return [(f"▲ {len(wrong)} {'needs' if len(wrong) == 1 else 'need'} a look", worst)]


def explanation(node: NodeInfo) -> str:
    """Why nothing is wrong, in figures."""
    oldest = duration(node.oldest.value) if node.oldest and node.oldest.value else "0 s"
    deepest = number(node.deepest.value) if node.deepest else "0"
    return (
        f"nothing is wrong: deepest mailbox {deepest}, oldest message {oldest}, "
        f"loop lag {milliseconds(node.lag_ms)}, no crash within {RECENT_S:.0f} s"
    )
