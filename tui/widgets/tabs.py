"""A line of tabs, each with its key and, where it has one, a count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.spans import Spans, width
from tui.widgets.painted import Painted, zone_of


@dataclass(frozen=True)
class Tab:
    """One tab."""

    id: str
    key: str
    title: str


class TabLine(Painted):
    """Tabs, the chosen one marked."""

    def __init__(self, tabs: Sequence[Tab], *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.tabs = list(tabs)
        self.chosen = tabs[0].id if tabs else ""
        self.counts: Mapping[str, str] = {}

    def show(self, tabs: Sequence[Tab], chosen: str, counts: Mapping[str, str]) -> None:
        """Show these tabs."""
        self.tabs, self.chosen, self.counts = list(tabs), chosen, counts
        self.repaint()

    def paint(self, cells: int) -> list[Spans]:
        """One line. Without room for all titles, counts go first."""
        line = self._line(counts=True)
        if width(line) > cells:
            self.zones = []
            line = self._line(counts=False)
        return [line]

    def _line(self, *, counts: bool) -> Spans:
        line: Spans = [(" ", "text")]
        for tab in self.tabs:
            label = self._label(tab, counts=counts)
            self.zones.append(zone_of(0, width(line), label, f"screen.part('{tab.id}')"))
            line.extend([*label, ("  ", "text")])
        return line

    def _label(self, tab: Tab, *, counts: bool) -> Spans:
        chosen = tab.id == self.chosen
        count = self.counts.get(tab.id, "") if counts else ""
        return [
            (tab.key, "accent"),
            (" " + tab.title, "title" if chosen else "muted"),
            (f" {count}" if count else "", "text" if chosen else "faint"),
        ]
