"""What is wrong, and where: the lines of the Node page's right half, each a jump to a process.

    NodeInfo.gave_up, .root_cause, .circle, .deepest, .oldest, .waited_for, .busiest, .running, .spinning, .last_crash, .restarting, .zombies  ->  Line

`verdict` says in one sentence that nothing is wrong, or how many of the lines are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.port.contract import NodeInfo, Trouble, Zombie
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
from tui.patience import CIRCLE_S, circle_text
from tui.slicing import ADVICE, SPINS_S, at_work, place, story
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
    """All lines, in the order of the eye; who gave up, who waits in a circle and what does not end only where there are such."""
    return [
        *([_gave_up(node.gave_up)] if node.gave_up is not None else []),
        *([_root_cause(node.root_cause)] if node.root_cause is not None else []),
        *([_circle(node)] if node.circle else []),
        _line("deepest", node.deepest, number, MAIL),
        _line("oldest", node.oldest, duration, OLDEST_S),
        *([_waited_for(node.waited_for)] if node.waited_for is not None and not node.circle else []),
        _busiest(node),
        _running(node),
        _crash(node.last_crash),
        _restarting(node.restarting),
        *([_zombie(node, node.zombies[0])] if node.zombies else []),
    ]


def _line(what: str, it: Trouble | None, show: Callable[[float], str], limits: tuple[float, float]) -> Line:
    if it is None or not it.value:
        return Line(what, "", "", NOTHING, "faint")
    return Line(what, it.pid, clean(it.name, 200), show(it.value), tone(it.value, limits), clean(it.text))


def _waited_for(it: Trouble) -> Line:
    """For whom a call has waited long. That alone is no trouble; waiting for each other is."""
    return Line("waited for", it.pid, clean(it.name, 200), duration(it.value), "text", clean(it.text))


def _circle(node: NodeInfo) -> Line:
    """Before the mailboxes that fill because of it."""
    first = node.circle[0]
    level: Tone = "bad" if node.circle_s >= CIRCLE_S else "text"
    text = circle_text(node.circle)
    return Line("circle", first.pid, clean(first.name or "", 200), duration(node.circle_s), level, text)


def _busiest(node: NodeInfo) -> Line:
    """With what it is busy, where that is known."""
    line, work = _line("busiest", node.busiest, percent, BUSY), at_work(node)
    if line.text or work is None or work[0].pid != line.pid:
        return line
    return replace(line, text=place(work[0]))


def _running(node: NodeInfo) -> Line:
    """Who holds the loop; else who goes on in slices."""
    work = at_work(node)
    if work is None:
        return Line("running", "", "", "idle", "faint")
    it, parked = work
    level = tone(it.for_s, SPINS_S if parked else RUNS_S)
    return Line("running", it.pid, clean(it.name or "", 200), duration(it.for_s), level, place(it))


def _zombie(node: NodeInfo, it: Zombie) -> Line:
    age = max(0.0, (node.at - it.since).total_seconds())
    others = (
        f"{node.slicing.zombies} of them. " if node.slicing is not None and node.slicing.zombies > 1 else ""
    )
    return Line(
        "zombie",
        it.pid,
        clean(it.name or "", 200),
        f"{MINUS}{duration(age)}",
        "warn",
        f"{others}{story(it)} {ADVICE}",
    )


def _gave_up(it: Trouble) -> Line:
    return Line(
        "gave up", it.pid, clean(it.name, 200), f"{MINUS}{duration(it.value)}", "bad", gave_up(it.text)
    )


def _root_cause(it: Trouble) -> Line:
    return Line(
        "root cause", it.pid, clean(it.name, 200), f"{MINUS}{duration(it.value)}", "bad", clean(it.text)
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
