"""Events as records that an operator may see: values through the `redact` of their behaviour, then the bounded walk.

    events ──> values with a `redact` ──5 ms at a time──> the loop ──> redacted ──┐
           └── values without one ────────────────────────────────────────────────┴──> walk ──> Record ──> TraceRecord

`redact` is user code and runs on the loop. It is asked once for each value, however many events have it. Where it fails, or takes 20 ms,
its value is refused; where the loop does not come round, or all of it takes too long, the rest are. Nothing is shown raw.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import Failure, TraceRecord
from runtime.preemption.hooks import answer_of
from runtime.scheduler import TURN_S
from tracing.kinds import KINDS
from tracing.records import ABSENT, record_of

from ..lookup import pid_text, when
from ..pace import breathe
from ..posting import on_loop
from ..text import clean
from ..values import Limits, walk

if TYPE_CHECKING:
    from runtime.node import Node
    from tracing.records import Event, Json, Record, Redact
    from tracing.session import Session, Taken

    from ..shapes import Shape

__all__ = ["Showing"]

DEADLINE_S: Final = 2.0
AT_ONCE: Final = 50
"""Values that are redacted in one go of the loop, unless `TURN_S` is over before."""
LATE: Final = 5
"""Values whose `redact` was interrupted, after which no other is tried."""
WALKED: Final = Limits(depth=6, width=50, text=1000, items=1000, characters=10_000)
FEWER: Final = (12, 4)
"""Parts of a value that is larger than a record may be."""
FRAMES: Final = 50
_NOT_SHOWN: Final = object()
"""In the place of a value whose `redact` has failed."""
_REFUSED: Final[dict[str, Json]] = {
    "$text": "not shown: the behaviour's own `redact` failed, or could not run"
}
_LEFT_OUT: Final[dict[str, Json]] = {"$left_out": True}
Wants = Callable[[str, str], bool]
"""Whether a value is asked for: by the kind of its event, and its label."""


def _all(_kind: str, _label: str) -> bool:
    return True


def _none(_kind: str, _label: str) -> bool:
    return False


class Showing:
    """Makes records of a node's events. For the threads of the port."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def taken(self, session: Session, taken: list[Taken], *, values: bool) -> list[TraceRecord]:
        """What was taken from a session, as records.

        Args:
            session: it says which values are asked for, and how large a record may be.
            taken: its events.
            values: whether any value is told.
        """
        show = self._show(
            [event for _, event, _ in taken], session.wants if values else _none, session.limits.size
        )
        epoch = self._node.wall(0.0)
        return [show.told(session.as_record(each, epoch, show)) for each in taken]

    def events(self, events: list[Event], *, values: bool = True) -> list[TraceRecord]:
        """Events as records, numbered from 1 on."""
        return self.several([events], values=values)[0]

    def several(self, lists: list[list[Event]], *, values: bool = True) -> list[list[TraceRecord]]:
        """Lists of events as records, each numbered from 1 on: the loop is asked for all of them together."""
        every = [event for events in lists for event in events]
        show = self._show(every, _all if values else _none, WALKED.characters)
        epoch = self._node.wall(0.0)
        return [
            [show.told(record_of(seq, event, epoch, show)) for seq, event in enumerate(events, 1)]
            for events in lists
        ]

    def records(self, events: list[Event]) -> list[Record]:
        """Events as records that can be kept, with what `events` tells."""
        show, epoch = self._show(events, _all, WALKED.characters), self._node.wall(0.0)
        return [show.kept(record_of(seq, event, epoch, show)) for seq, event in enumerate(events, 1)]

    def _show(self, events: list[Event], wants: Wants, size: int) -> _Show:
        return _Show(self._redacted(events, wants), size, silent=wants is _none)

    def _redacted(self, events: Iterable[Event], wants: Wants) -> dict[tuple[int, int], Any]:
        """What `redact` leaves of each value, by the identities of both."""
        asked: dict[tuple[int, int], tuple[Redact, Any]] = {}
        for event in events:
            redact = event[10]
            if redact is None:
                continue
            for label, value in zip(_labels(event[1]), event[7], strict=False):
                if value is not ABSENT and value is not None and wants(event[1], label):
                    asked[id(redact), id(value)] = redact, value
        done: dict[tuple[int, int], Any] = dict.fromkeys(asked, _NOT_SHOWN)
        keys, late, until = list(asked), 0, time.monotonic() + DEADLINE_S
        while keys and late < LATE and time.monotonic() < until:
            some = keys[:AT_ONCE]
            try:
                answers, interrupted = on_loop(
                    self._node, self._step([asked[key] for key in some]), DEADLINE_S, "nothing is shown"
                )
            except Failure:  # the loop is stuck, perhaps in one of these: no other is tried
                break
            done.update(zip(some, answers, strict=False))
            late += interrupted
            keys = keys[len(answers) :]
        return done

    def _step(self, pairs: list[tuple[Redact, Any]]) -> Callable[[], tuple[list[Any], bool]]:
        """Redacts the first of them, as many as there is time for, and one at least; and tells whether the last was interrupted."""
        answers: list[Any] = []

        def redacted() -> None:
            until = time.monotonic() + TURN_S
            for redact, value in pairs:
                answers.append(_answer(redact, value))
                if time.monotonic() > until:
                    return

        def step() -> tuple[list[Any], bool]:
            owner = self._node.root
            assert owner is not None
            try:
                answer_of(owner, redacted)
            except BaseException:  # it was interrupted in the next of them: that takes too long
                return [*answers[: len(pairs) - 1], _NOT_SHOWN], True
            return answers, False

        return step


def _answer(redact: Redact, value: Any) -> Any:
    try:
        return redact(value)
    except Exception:
        return _NOT_SHOWN


def _labels(kind: str) -> tuple[str, ...]:
    return KINDS[kind].values if kind in KINDS else ()


class _Show:
    """Shows the values of one batch; knows whether something of a record was cut."""

    def __init__(self, redacted: dict[tuple[int, int], Any], size: int, *, silent: bool) -> None:
        self._redacted = redacted
        self._limits = replace(WALKED, characters=min(size, WALKED.characters))
        self._silent = silent
        self._shapes: dict[int, Shape] = {}
        self._cut = False

    def __call__(self, _label: str, value: Any, redact: Redact | None) -> Json:
        if self._silent:
            return _LEFT_OUT
        if redact is not None and value is not None:
            value = self._redacted.get((id(redact), id(value)), _NOT_SHOWN)
            if value is _NOT_SHOWN:
                return _REFUSED
        walked = walk(value, self._limits, self._shapes)
        for fewer in FEWER:
            if len(json.dumps(walked.value)) <= self._limits.characters:
                break
            walked = walk(
                value, replace(self._limits, width=fewer, text=8 * fewer, items=8 * fewer), self._shapes
            )
        self._cut |= walked.truncated
        shown: Json = walked.value
        return shown

    def told(self, record: Record) -> TraceRecord:
        """A record that this has shown the values of, as the port tells it."""
        return _told(record, cut=self._done(record))

    def kept(self, record: Record) -> Record:
        """Likewise, as a file keeps it."""
        return replace(
            record, name=_name(record.name), text=clean(record.text, 300), principal=_name(record.principal), cut=self._done(record),
        )  # fmt: skip

    def _done(self, record: Record) -> bool:
        """Whether something of it was cut; the next one begins."""
        cut, self._cut = self._cut or record.cut, False
        breathe()
        return cut


def _name(text: str | None) -> str | None:
    return clean(text, 200) if text is not None else None


def _told(record: Record, *, cut: bool) -> TraceRecord:
    return TraceRecord(
        seq=record.seq,
        at=when(record.at),
        mono=record.mono,
        kind=record.kind,
        pid=pid_text(record.pid) if record.pid else None,
        name=_name(record.name),
        text=clean(record.text, 300),
        peer=pid_text(record.peer) if record.peer else None,
        trace=record.trace,
        span=record.span,
        cause=record.cause,
        principal=_name(record.principal),
        waited=record.waited,
        took=record.took,
        values={label: value for label, value in record.values.items() if value is not _LEFT_OUT},
        stack=[clean(frame, 300) for frame in record.stack[-FRAMES:]],
        cut=cut,
    )
