"""One shape for every event: what happened, when, to which process."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """An event.

    Attributes:
        seq: rises by one with every record of a recorder; a gap is a loss.
        at: seconds since the epoch.
        kind: `started`, `ended`, `crash`, `restarted`, `gave_up`, `suspended`, …
        pid: number of the process concerned, or 0 for the node itself.
        name: its registered name or label, or None.
        text: one line for people, without values that a process holds.
    """

    seq: int
    at: float
    kind: str
    pid: int
    name: str | None
    text: str
