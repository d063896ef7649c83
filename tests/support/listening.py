"""Who listens to a node, in tests: sessions that hear everything, what they have heard, and what the flight recorder has.

ears = listen(node)              a session without limits that matter
heard(ears)                      its events so far, oldest first
flown(node)                      those of the flight recorder
"""

from __future__ import annotations

import math
import time
from typing import Any

from tracing.limits import Limits
from tracing.records import Record, record_of
from tracing.session import Session

__all__ = ["flown", "heard", "kinds", "listen", "records", "tap_of"]


def tap_of(node: Any) -> Any:
    """The tap of a node."""
    return node.scheduler.listening.tap


def listen(node: Any, pattern: str = "all events", **limits: Any) -> Session:
    """Open a session."""
    wide = {"count": 1_000_000, "seconds": 3600.0, "rate": 1e6, "work": 1e7, "queue": 100_000, **limits}
    session: Session = tap_of(node).open(pattern, Limits(**wide), force=True)
    return session


def heard(session: Session, *kinds: str) -> list[Any]:
    """The events that wait in a session, oldest first; of these kinds, or of all."""
    return [event for event in session.look() if not kinds or event[1] in kinds]


def kinds(events: Any) -> set[str]:
    """The kinds of events."""
    return {event[1] for event in events}


def records(events: Any) -> list[Record]:
    """Events as records, without values."""
    epoch = time.time() - time.monotonic()
    return [record_of(seq, event, epoch) for seq, event in enumerate(events, 1)]


def flown(node: Any, *kinds: str) -> list[Any]:
    """The events of the flight recorder, oldest first; of these kinds, or of all."""
    flight = node.scheduler.listening.flight
    events = flight.last(math.inf, most=1_000_000, now=math.inf)
    return [event for event in events if not kinds or event[1] in kinds]
