"""What the console knows about its node: the last figures, 60 samples of each, and how fresh they are.

    link's reports -> hear / lose -> header, alert, banner, sparklines

No thread, no Textual: a plain object on the console's thread, with the clock handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from runtime.port.contract import Code, Failure, NodeInfo, PortRequest, Trouble
from tui.format import TIMES, Tone, clean, duration, gave_up
from tui.patience import CIRCLE_S, circle_text
from tui.slicing import HOLDS_LOOP_S, PARKED, SPINS_S, ZOMBIE, at_work, fate
from tui.spans import Spans
from tui.widgets.sparkline import SAMPLES

Figure = Literal["messages", "crashes", "lag", "memory"]
FIGURES: tuple[Figure, ...] = ("messages", "crashes", "lag", "memory")

INTERVALS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between two polls, as `+` and `-` step through them."""

STALLED_S = 3.0
"""A node that has not answered for this long, and for two and a half intervals, is stale."""

NEWS_S = 60.0
"""For how long a new zombie comes before what passes; later it comes last."""

REBORN_S = 30.0
"""How long a new incarnation is marked in the header."""


@dataclass(frozen=True)
class Alert:
    """What needs an eye most, in one line, and the process behind it."""

    tone: Tone
    text: str
    pid: str
    name: str = ""
    """By which its successor is found, where it has ended meanwhile."""


class Session:
    """One console's knowledge of one node."""

    def __init__(
        self, clock: Callable[[], float], *, address: str = "", read_only: bool = False, interval: float = 1.0
    ) -> None:
        """`clock`: seconds, monotonic. `address`: what was asked for, shown until the node says its name."""
        self.clock = clock
        self.address = address
        self.read_only = read_only
        self.interval = interval
        self.paused = False
        self.counter = ""
        """The counter that the operator chose to see. Until then the first one."""
        self.node: NodeInfo | None = None
        self.heard: float | None = None
        """When the node answered last, by the clock."""
        self.attempt = 0
        """How often a new connection was tried since the last answer."""
        self.failure: Failure | None = None
        self.incarnations = 0
        self.reborn: float | None = None
        self._sampled: NodeInfo | None = None
        self._sampled_at: float | None = None
        self.series: dict[Figure, deque[float | None]] = {name: deque(maxlen=SAMPLES) for name in FIGURES}

    # --- reports ------------------------------------------------------------------------------

    def touch(self) -> None:
        """The node has answered something."""
        self.heard, self.attempt, self.failure = self.clock(), 0, None

    def hear(self, node: NodeInfo) -> bool:
        """The node has said how it is. Whether this is another incarnation than before."""
        before, self.node = self.node, node
        self.touch()
        reborn = before is not None and before.incarnation != node.incarnation
        if before is None:
            self.incarnations = 1
        elif reborn:
            self.incarnations += 1
            self.reborn = self.clock()
        self._sample(node, anew=reborn)
        return reborn

    def lose(self, failure: Failure, attempt: int) -> None:
        """The connection broke, or could not be made."""
        self.failure, self.attempt = failure, attempt

    def _sample(self, node: NodeInfo, *, anew: bool) -> None:
        """One sample an interval, however often the node is asked; blanks for those that are missing."""
        now = self.clock()
        before, last = (None if anew else self._sampled), self._sampled_at
        passed = (now - last) / self.interval if last is not None else 1.0
        if passed < 0.5:
            return
        self._sampled, self._sampled_at = node, now
        figures: dict[Figure, float | None] = {"messages": None, "crashes": None}
        seconds = (node.at - before.at).total_seconds() if before is not None else 0.0
        if before is not None and seconds > 0:
            figures["messages"] = max(0, node.messages_handled - before.messages_handled) / seconds
            figures["crashes"] = max(0, node.crashes - before.crashes) / seconds
        figures |= {"lag": node.lag_ms, "memory": float(node.rss_bytes)}
        for name in FIGURES:
            self.series[name].extend([None] * (min(SAMPLES, round(passed)) - 1))
            self.series[name].append(figures[name])

    # --- what follows from it -----------------------------------------------------------------

    @property
    def stale_s(self) -> float | None:
        """Seconds since the node answered last, where that is too long ago; None where all is well."""
        if self.heard is None:
            return None
        silent = self.clock() - self.heard
        if self.attempt or silent > max(STALLED_S, 2.5 * self.interval):
            return silent
        return None

    @property
    def newly_born(self) -> bool:
        """Whether a new incarnation was met a moment ago."""
        return self.reborn is not None and self.clock() - self.reborn < REBORN_S

    def banner(self) -> Spans:
        """What to say of a node that does not answer; nothing where it does."""
        stale = self.stale_s
        if stale is None:
            return []
        said = "idle"
        work = at_work(self.node) if self.node is not None else None
        if work is not None:
            said = f"running {work[0].pid}"
        parts = [f"stale {duration(float(int(stale)))}"]
        if self.failure is not None and self.failure.code in {Code.DENIED, Code.VERSION}:
            parts.append(clean(self.failure.message))
        elif self.attempt:
            parts.append(f"reconnecting ({self.attempt})")
        else:
            parts.append("no answer")
        return [(f" {' · '.join([*parts, f'node last said: {said}'])} ", "badge")]

    def alert(self) -> Alert | None:
        """What needs an eye most, if anything does."""
        node = self.node
        if node is None:
            return None
        gone = node.gave_up
        if gone is not None:
            return _gave_up(gone, node.root_cause)
        return (
            _at_work(node)
            or _circle(node)
            or _zombie(node, newest=NEWS_S)
            or self._passing(node)
            or _zombie(node)
        )

    def _passing(self, node: NodeInfo) -> Alert | None:
        """What will be over in a while: restarts, a crash."""
        again = node.restarting
        if again is not None:
            what = clean(again.text) or f"restarted {again.value:.0f}{TIMES}"
            return Alert("warn", f"▲ {clean(again.name)} {again.pid} · {what}", again.pid, again.name)
        crash = node.last_crash
        if crash is not None and crash.value < 10:
            text = f"▲ {clean(crash.name)} {crash.pid} crashed: {clean(crash.text)}"
            return Alert("warn", text, crash.pid, crash.name)
        return None

    def may(self, request: type[PortRequest[Any]]) -> bool:
        """Whether this console may ask that: the key's role, the node's capabilities, `--read-only`."""
        if self.node is None:
            return not request.action
        if self.node.capabilities and request.op not in self.node.capabilities:
            return False
        return self.node.role.includes(request.role) and not (request.action and self.read_only)

    def why_not(self, request: type[PortRequest[Any]]) -> str:
        """Why this console may not ask that; empty where it may."""
        node = self.node
        if self.may(request) or node is None:
            return ""
        if node.capabilities and request.op not in node.capabilities:
            return f"this node does not offer `{request.op}`"
        if not node.role.includes(request.role):
            return f"{request.op} needs the role {request.role.value}; this console's key is a {node.role.value}'s"
        return f"{request.op} changes the node, and this console is --read-only"

    def shown_counter(self) -> str:
        """The counter to show as a column; nothing where no process declares one."""
        names = self.counters()
        return self.counter if self.counter in names else names[0] if names else ""

    def counters(self) -> list[str]:
        """The names of all counters that processes declare."""
        return sorted(self.node.counters) if self.node is not None else []

    def next_counter(self) -> str:
        """Choose the next counter."""
        names = self.counters()
        shown = self.shown_counter()
        if shown:
            self.counter = names[(names.index(shown) + 1) % len(names)]
        return self.counter

    def slower(self) -> None:
        """The next longer interval."""
        self.interval = next((step for step in INTERVALS if step > self.interval + 1e-9), INTERVALS[-1])

    def faster(self) -> None:
        """The next shorter interval."""
        self.interval = next(
            (step for step in reversed(INTERVALS) if step < self.interval - 1e-9), INTERVALS[0]
        )


def _at_work(node: NodeInfo) -> Alert | None:
    """Who holds the loop, or spins in slices."""
    work = at_work(node)
    if work is None:
        return None
    it, parked = work
    who = f"{clean(it.name or '')} {it.pid}".strip()
    if not parked and it.for_s >= HOLDS_LOOP_S:
        return Alert("bad", f"▶ {who} holds the loop {duration(it.for_s)}", it.pid, it.name or "")
    if parked and it.for_s >= SPINS_S[1]:
        text = f"{PARKED} {who} spins for {duration(it.for_s)} in {clean(it.handler or 'its step')}"
        return Alert("bad", text, it.pid, it.name or "")
    return None


def _gave_up(gone: Trouble, bottom: Trouble | None) -> Alert:
    """Who gave up, and where that began: its page has the crash, the supervisor's has nothing."""
    if bottom is None:
        return Alert("bad", f"▲ {clean(gone.name)} gave up: {gave_up(gone.text)}", gone.pid, gone.name)
    text = f"▲ {clean(gone.name)} gave up: {clean(bottom.name)} {bottom.pid} {clean(bottom.text)}"
    return Alert("bad", text, bottom.pid, bottom.name)


def _circle(node: NodeInfo) -> Alert | None:
    """Processes that wait for each other, if nobody has opened the circle for a while."""
    if not node.circle or node.circle_s < CIRCLE_S:
        return None
    first = node.circle[0]
    text = f"▲ circle for {duration(node.circle_s)}: {circle_text(node.circle)}"
    return Alert("bad", text, first.pid, first.name or "")


def _zombie(node: NodeInfo, newest: float | None = None) -> Alert | None:
    """The newest zombie, if it is not older than `newest` seconds. Optional. Defaults to any age."""
    if not node.zombies:
        return None
    it = node.zombies[0]
    if newest is not None and (node.at - it.since).total_seconds() > newest:
        return None
    who = f"{clean(it.name or '')} {it.pid}".strip()
    return Alert(
        "warn", f"{ZOMBIE} {who} is a zombie: {fate(it)}, and its code does not end", it.pid, it.name or ""
    )
