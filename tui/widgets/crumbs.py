"""The second line: where one is, how much is shown, and what needs an eye; or that it is stale."""

from __future__ import annotations

from collections.abc import Sequence

from tui.format import WITHIN
from tui.session import Session
from tui.spans import Spans, clip, spread, width
from tui.widgets.painted import Painted, zone_of


class Crumbs(Painted):
    """Breadcrumbs on the left, the alert or the banner on the right."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._path: Sequence[str] = ()
        self._notes: Spans = []

    def show(self, path: Sequence[str], notes: Spans) -> None:
        """`path` from the page inwards; `notes` say how much of it is shown."""
        self._path, self._notes = path, notes
        self.repaint()

    def paint(self, cells: int) -> list[Spans]:
        """One line."""
        left: Spans = [(" ", "text")]
        for place, crumb in enumerate(self._path):
            last = place == len(self._path) - 1
            left.extend([(f" {WITHIN} ", "faint")] if place else [])
            left.append((crumb, "title" if last else "muted"))
        left.extend([("   ", "text"), *self._notes])
        banner = self._session.banner()
        if banner:
            return [spread(left if width(banner) + 20 < cells else [], banner, cells)]
        alert = self._session.alert()
        if alert is None:
            return [left]
        room = max(cells // 3, cells - width(left) - 3)
        right = clip([(alert.text, alert.tone)], room)
        self.zones = [zone_of(0, cells - width(right) - 1, right, "screen.open_alert")]
        return [spread(left, [*right, (" ", "text")], cells)]
