"""Where one has been, for `[` and `]`: as a browser keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Visit:
    """A page, and on the Process page the process, on the Module page the module (`name`)."""

    page: str
    pid: str = ""
    name: str = ""


class Visits:
    """Places in order, and which of them is shown. Keeps the last 100."""

    def __init__(self) -> None:
        self._places: list[Visit] = []
        self._here = -1

    def go(self, place: Visit) -> None:
        """A new place: what lay ahead is forgotten."""
        if self.here == place:
            return
        self._places = [*self._places[: self._here + 1], place][-100:]
        self._here = len(self._places) - 1

    @property
    def here(self) -> Visit | None:
        """The place that is shown."""
        return self._places[self._here] if self._places else None

    def back(self) -> Visit | None:
        """One place back; None at the first."""
        if self._here <= 0:
            return None
        self._here -= 1
        return self._places[self._here]

    def forward(self) -> Visit | None:
        """One place forward; None at the last."""
        if self._here >= len(self._places) - 1:
            return None
        self._here += 1
        return self._places[self._here]
