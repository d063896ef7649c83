"""One line of things to try, for whoever sees the console for the first time."""

from __future__ import annotations

from collections.abc import Sequence

from tui.spans import Spans
from tui.widgets.painted import Painted

DEMO = ("3 tree", "K kill a reviewer", "g open librarian", "S suspend it: mail grows", "1 the node")
"""What the demo offers to whoever sees it first."""


class Hints(Painted):
    """`try: 3 the tree · K kill a reviewer · …`; as many as fit."""

    def __init__(self, hints: Sequence[str]) -> None:
        super().__init__()
        self._hints = hints

    def paint(self, cells: int) -> list[Spans]:
        """One line. What stands before the first space of a hint is its key."""
        line: Spans = [(" try  ", "title")]
        used = 6
        for place, hint in enumerate(self._hints):
            gap = " · " if place else ""
            if used + len(gap) + len(hint) > cells:
                break
            key, _, words = hint.partition(" ")
            line.extend([(gap, "faint"), (key, "accent"), (" " + words, "muted")])
            used += len(gap) + len(hint)
        return [line]
