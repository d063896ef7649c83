"""What happens inside an isolated process, for whoever listens to the node outside.

    node     somebody listens ── the kinds that are wanted ──> Telling: the guest's own tap hands them on
    guest    a message sent, a state, a span … ── gathered until anything else is said ──> node ──> its tap, as of the record

What the record outside knows itself is not told twice: that a message has come and has been handled, how the process begins and ends, its links.
Of the processes that the guest has started beside it, all is told but their links. There is a bound: what is more is not told, sessions
that want it are stopped, and say so. Functions of the OS process inside cannot be traced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tracing.heard import FIELDS
from tracing.kinds import GROUPS, KINDS
from tracing.records import ABSENT

from ..preemption.errand import Errand
from ..preemption.guards import boundary
from ..trace.flown import event_of
from .codec import dumps, loads

if TYPE_CHECKING:
    from tracing.context import Context
    from tracing.records import Event
    from tracing.tap import Tap

    from ..scheduler import Scheduler
    from .cell import Cell
    from .home import Home

__all__ = ["Telling", "hear", "wanted"]

OWN: Final = frozenset(
    {"send", "call", "reply", "timer", "state", "raised", "parked", "count", "span_start", "span_end"}
)
"""What the record outside does not know of the guest itself."""
HANDLING: Final = frozenset({"receive", "handle", "handled"})
KNOWN: Final = 10_000
"""Messages from outside that are remembered: no more can wait where nobody stops."""
_KNOWN: Final = GROUPS["relations"] | GROUPS["code"] | GROUPS["operators"] | {"node_started"}
TOLD: Final = frozenset(KINDS) - _KNOWN - frozenset(kind for kind in KINDS if kind.startswith("function"))
MOST: Final = 500
"""Events that are told in one window of time."""
WINDOW_S: Final = 0.1
SIZE: Final = 50_000
"""Bytes of one value; what is larger is not told."""


def wanted(sched: Scheduler) -> tuple[str, ...]:
    """The kinds that somebody wants to hear of from inside."""
    return tuple(sorted(sched.tap.kinds & TOLD)) if sched.tap is not None else ()


class Telling:
    """The side of the guest."""

    def __init__(self, home: Home) -> None:
        self._home: Final = home
        self._tap: Final[Tap] = home.sched.listening.tap
        root = home.node.root
        self._root: Final = root.number if root is not None else 0
        self._waiting: list[tuple[Event, Any]] = []
        self._came: dict[int, None] = {}
        self._until = 0.0
        self._count = 0
        self._untold: dict[str, int] = {}

    def listen(self, kinds: tuple[str, ...]) -> None:
        """From now on these are wanted outside."""
        self._tap.hand_on(frozenset(kinds), self._offer)

    def _offer(self, _subject: Any, item: Any) -> None:
        home, event = self._home, event_of(item)
        if event[2] == home.owner.number and event[1] not in OWN and self._knows(event):
            return
        if event[2] == self._root:  # of the node over there, which nobody outside knows of
            return
        if event[0] >= self._until:
            self._until, self._count = event[0] + WINDOW_S, 0
        self._count += 1
        if self._count > MOST:
            self._untold[event[1]] = self._untold.get(event[1], 0) + 1
        if not self._waiting:
            home.sched.loop.call_soon(self._turn)
        if self._count <= MOST:
            self._waiting.append((event, _address(item)))

    def came(self, context: Context | None) -> None:
        """A message comes from outside: that it is handled, the record tells."""
        if context is not None:
            self._came[context[1]] = None
            if len(self._came) > KNOWN:
                del self._came[next(iter(self._came))]

    def _knows(self, event: Event) -> bool:
        """Whether the record outside tells this itself: all but how the guest handles what it has sent itself."""
        context = event[6]
        return event[1] not in HANDLING or context is None or context[1] in self._came

    def _turn(self) -> None:
        """Values of the user's classes are packed, in a step of the guest."""
        sched = self._home.sched
        sched.enter(self._home.owner, sched.clock(), None, Errand(self.flush), ())

    @boundary
    def flush(self) -> None:
        """Tell what has been gathered."""
        waiting, self._waiting = self._waiting, []
        untold, self._untold = self._untold, {}
        if waiting or untold:
            self._home.frame(
                "told",
                [(*event[:7], self._packed(event[7]), *event[8:10], address) for event, address in waiting],
                untold,
            )

    def _packed(self, values: tuple[Any, ...]) -> tuple[bytes | None, ...]:
        return tuple(None if value is ABSENT else self._body(value) for value in values)

    def _body(self, value: Any) -> bytes | None:
        try:
            body = dumps(value, self._home)
        except Exception:  # it cannot leave this OS process
            return None
        return body if len(body) <= SIZE else None


def _address(item: Any) -> int | str | bytes | None:
    """How the node finds the other side of a message, where that is not here."""
    if len(item) != FIELDS or item[1] not in {"send", "call", "reply"}:
        return None
    other: Any = item[2] if item[1] == "reply" else item[3]
    address: int | str | bytes | None = other.address if other.far else None
    return address


def hear(cell: Cell, events: list[Any], untold: dict[str, int]) -> None:
    """The side of the node: offer what has been told to whoever listens; `untold` is how many were not, by kind. As a step of the process."""
    owner = cell.owner
    tap = cell.sched.tap
    if tap is None:
        return
    for *told, address in events:
        kind, number = told[1], told[2]
        if kind not in tap.kinds:
            continue
        subject: Any = owner
        told[3] = owner.name if number == owner.number else told[3]
        entry = owner.current
        if kind == "raised" and entry is not None and entry[5] == told[6] and number == owner.number:
            told[8] = max(0.0, told[0] - told[9] - entry[3])  # it came to the record, and not over there
        values = tuple(ABSENT if body is None else _unpacked(body, cell) for body in told[7])
        if (
            address is not None
        ):  # what is seen of a message is said by who gets it, of an answer by who gives it
            other = cell._target(address)
            if other is None:
                values = ()
            elif kind == "reply":
                subject, told[2], told[3] = other, other.number, other.name
            else:
                told[5] = other.number
            redact = other.redact if other is not None else None
        else:
            redact = owner.redact
        tap.offer(subject, (*told[:7], values, *told[8:], redact))
    if untold:
        why = f"more than {MOST / WINDOW_S:,.0f} events a second come from inside {owner!r}; {sum(untold.values()):,} were not told"
        for session in tap.sessions:
            missed = session.kinds & untold.keys()
            if missed and ("reply" in missed or session.concerns(owner)):  # a reply is told of who gives it
                session.stop("rate", why, cell.sched.clock())


def _unpacked(body: bytes, cell: Cell) -> Any:
    try:
        return loads(body, cell)
    except Exception:  # a class that only the other OS process has
        return ABSENT
