"""The widget of `values`: a table of one column whose rows unfold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import JsonValue
from rich.cells import cell_len
from textual.binding import Binding, BindingType

from tui.keys import MOVE
from tui.spans import Spans
from tui.widgets.table import Column, Table
from tui.widgets.values import Branch, TreeRow, text_of, tree_rows

MARGIN = 4
"""Cells of the cursor's mark, and at the right edge."""


def _cell(row: TreeRow, _: int) -> Spans:
    mark = ("▾ " if row.open else "▸ ") if row.foldable else "" if row.guides else "  "
    out: Spans = [(row.guides, "faint"), (mark, "muted")]
    if row.branch.label:
        label = mark + row.branch.label
        out.extend(
            [
                (row.branch.label, "flash" if row.changed else "muted"),
                (" " * max(2, row.label_cells + 2 - cell_len(label)), "text"),
            ]
        )
    body = text_of(row.branch, is_open=row.open)
    out.extend([(text, "flash") for text, _ in body] if row.changed else body)
    return out


class ValueTree(Table[TreeRow]):
    """A tree of values. Enter, Space, ← and → fold and unfold; a new value keeps the cursor and the folds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "fold", "fold or unfold", show=False, group=MOVE),
        Binding("left", "fold_to(False)", "fold", show=False, group=MOVE),
        Binding("right", "fold_to(True)", "unfold", show=False, group=MOVE),
    ]

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__([Column("value", "", _cell, 10, weight=1)], titles=False, empty=empty, id=id)
        self._roots: Sequence[Branch] = ()
        self._folded: frozenset[str] = frozenset()
        self._before: Mapping[str, JsonValue] = {}

    def show_value(self, roots: Sequence[Branch], before: Mapping[str, JsonValue] | None = None) -> None:
        """Show these roots; what differs from `before` (by root label) flashes until `calm`."""
        self._roots, self._before = roots, before or {}
        self._again()

    def on_resize(self) -> None:
        """Long texts are broken anew."""
        self._again()

    def calm(self) -> None:
        """End the flash."""
        if self._before:
            self._before = {}
            self._again()

    def forget(self) -> None:
        """Another process: folds and cursor begin anew."""
        self._folded, self.cursor = frozenset(), None
        self.scroll_to(y=0, animate=False, immediate=True)

    def _again(self) -> None:
        cells = self.scrollable_content_region.width - MARGIN
        rows = dict(tree_rows(self._roots, self._folded, self._before, max(0, cells)))
        self.show(list(rows), rows)

    def action_fold(self) -> None:
        """Fold what is open, unfold what is not."""
        if self.current is not None:
            self.action_fold_to(not self.current.open)

    def action_fold_to(self, wanted: bool) -> None:
        """Fold or unfold. On a row that is as wanted, ← goes to its parent and → to its first part."""
        row, path = self.current, self.cursor
        if row is None or path is None:
            return
        if row.foldable and row.open != wanted:
            self._folded ^= {path}
            self._again()
        elif wanted and row.open:
            self.action_step(1)
        elif not wanted and "." in path:
            self.go(self.place_of(path.rsplit(".", 1)[0]))
