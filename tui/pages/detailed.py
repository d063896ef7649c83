"""A page with a list and, where it was asked for, one of its rows in full: beside the list, or on narrow screens in its place.

⏎ opens it, Esc closes it, Tab goes from one to the other, `,` and `.` take the row before and the next
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from tui.keys import MOVE, PROCESS
from tui.spans import Spans
from tui.widgets.table import Table
from tui.widgets.value_tree import ValueTree
from tui.widgets.values import Branch

from .page import Page

__all__ = ["DetailedPage"]


class DetailedPage(Page):
    """Subclasses yield `self.detail` in a container called `detail-side`, the lists in one called `list-side`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "up", "back", show=False, group=MOVE),
        Binding("tab,shift+tab", "other_side", "the list, or the row in full", show=False, group=MOVE),
        Binding("K", "kill", "kill", show=False, group=PROCESS, tooltip="asks first"),
        Binding("S", "suspend", "suspend", show=False, group=PROCESS, tooltip="or resume; asks first"),
        Binding("full_stop", "neighbour(1)", "next row", show=False, group=MOVE),
        Binding("comma", "neighbour(-1)", "row before", show=False, group=MOVE),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.detail = ValueTree(empty="nothing is selected", id="record")
        self.detailed = False
        self._shown_detail = ""

    # --- what pages say -----------------------------------------------------------------------

    def list_table(self) -> Table[Any]:
        """The list with the keys."""
        raise NotImplementedError

    def in_full(self) -> Sequence[Branch]:
        """The tree of the row under the cursor; empty where it has none."""
        raise NotImplementedError

    def leave(self) -> None:
        """Esc where nothing is open: back to where one came from. Optional."""
        self.console.action_visit(-1)

    # --- shared -------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """One column or two."""
        if not self.query("#list-side"):
            return  # not composed yet, or no more
        wide = self.has_class("-wide")
        self.query_one("#list-side").display = wide or not self.detailed
        self.query_one("#detail-side").display = self.detailed
        if not self.focused_on_input():
            (self.detail if self.detailed and not wide else self.list_table()).focus()
        self.show_detail()

    def focused_on_input(self) -> bool:
        """Whether something is being typed."""
        return self.has_class("-prompting") or self.has_class("-patterning")

    def show_detail(self) -> None:
        """The row under the cursor in full, if that is wanted; another row begins anew."""
        if not self.detailed:
            return
        key = f"{self.list_table().id} {self.list_table().cursor}"
        if key != self._shown_detail:
            self._shown_detail = key
            self.detail.forget()
        self.detail.show_value(self.in_full())

    def on_resize(self) -> None:
        """One column or two."""
        self.call_after_refresh(self.lay_out)

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """The row in full follows the cursor of the list."""
        event.stop()
        if event.table is not self.detail:
            self.cursor_moved()
            self.show_detail()
            self.refresh_bindings()

    def cursor_moved(self) -> None:
        """The operator has moved the list's cursor. Optional."""

    def way_back(self) -> Spans:
        """How to get back to the list, where the row in full has taken its place."""
        if not self.detailed or self.has_class("-wide"):
            return []
        return [("  Esc", "accent"), (" list", "muted")]

    def open_detail(self) -> None:
        """Show the row under the cursor in full."""
        if self.list_table().cursor is not None:
            self.detailed = True
            self.lay_out()
            self.frame()

    def close_detail(self) -> bool:
        """Whether it was open."""
        was, self.detailed = self.detailed, False
        if was:
            self.lay_out()
            self.frame()
        return was

    def action_up(self) -> None:
        """Close what is open; then back."""
        if not self.close_detail():
            self.leave()

    def action_other_side(self) -> None:
        """The keys to the other side."""
        if self.detailed and self.has_class("-wide"):
            (self.list_table() if self.focused is self.detail else self.detail).focus()
        else:
            self.next_list()

    def next_list(self) -> None:
        """Tab where there is one side only. Optional."""

    def action_neighbour(self, by: int) -> None:
        """The row before or the next one, in full or not."""
        table = self.list_table()
        table.go(table.place_of(table.cursor) + by)
