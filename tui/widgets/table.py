"""A table over rows with keys: values change in place, the cursor belongs to a key.

    show(order, rows) --> the visible lines are painted anew; the cursor stays on its key
    up, down, …       --> Moved(key)          the owner holds the order while keys are pressed
    enter, click      --> Opened(key)
    beyond an end     --> Edge(direction)     the owner may fetch the next window
    a click on a title -> Titled(column)

Columns say how wide they must and may be and which go first where there is no room. The table sorts
nothing and fetches nothing: the node does.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.format import Tone
from tui.keys import MOVE
from tui.spans import Spans, fit, width
from tui.theme import palette
from tui.widgets.painted import strip

R = TypeVar("R")


@dataclass(frozen=True)
class Column(Generic[R]):
    """One column of a table."""

    key: str
    title: str
    cell: Callable[[R, int], Spans]
    """What to show of a row in so many cells."""
    least: int
    most: int = 0
    """Widest that it is worth. Optional. Defaults to `least`."""
    weight: int = 0
    """Its share of the room that is left over. Optional. Defaults to none."""
    right: bool = False
    """Whether to align to the right, as numbers are."""
    rank: int = 0
    """Where there is no room the highest rank goes first. Optional. Defaults to never."""


Placed = list[tuple[Column[R], int]]
"""Columns with their widths."""


def place(columns: Sequence[Column[R]], cells: int, widths: Mapping[str, int] | None = None) -> Placed[R]:
    """Which columns fit into `cells`, and how wide each is. One cell stands between two columns."""
    known = widths or {}
    kept = list(columns)

    def needed() -> int:
        return sum(max(column.least, known.get(column.key, 0)) + 1 for column in kept) - 1

    while needed() > cells and any(column.rank for column in kept):
        kept.remove(max(reversed(kept), key=lambda column: column.rank))
    out = {column.key: max(column.least, known.get(column.key, 0)) for column in kept}
    spare = max(0, cells - needed())
    growing: list[Column[R]] = [column for column in kept if column.weight]
    while spare and growing:
        total = sum(column.weight for column in growing)
        share = {column.key: max(1, spare * column.weight // total) for column in growing}
        for column in growing:
            limit = (column.most or cells) - out[column.key]
            more = min(share[column.key], limit, spare)
            out[column.key] += max(0, more)
            spare -= max(0, more)
        growing = [column for column in growing if out[column.key] < (column.most or cells)]
    return [(column, out[column.key]) for column in kept]


class Table(ScrollView, Generic[R], can_focus=True):
    """Rows with keys under pinned titles."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "up", show=False, group=MOVE),
        Binding("down,j", "step(1)", "down", show=False, group=MOVE),
        Binding("pageup", "page(-1)", "a page up", show=False, group=MOVE),
        Binding("pagedown", "page(1)", "a page down", show=False, group=MOVE),
        Binding("home", "end(-1)", "first", show=False, group=MOVE),
        Binding("end", "end(1)", "last", show=False, group=MOVE),
        Binding("enter", "open", "open", group=MOVE),
    ]

    cursor: reactive[str | None] = reactive(None, init=False)
    """The key that the cursor belongs to."""

    class Moved(Message):
        """The operator moved the cursor."""

        def __init__(self, table: Table[Any], key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Opened(Message):
        """The operator opened a row."""

        def __init__(self, table: Table[Any], key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class Edge(Message):
        """The operator went on where the rows end, up (-1) or down (1), by so many; 0: to the end."""

        def __init__(self, table: Table[Any], direction: int, rows: int) -> None:
            super().__init__()
            self.table = table
            self.direction = direction
            self.rows = rows

    class Titled(Message):
        """A column's title was clicked."""

        def __init__(self, table: Table[Any], column: str) -> None:
            super().__init__()
            self.table = table
            self.column = column

    def __init__(
        self, columns: Sequence[Column[R]], *, titles: bool = True, empty: str = "",
        id: str | None = None, classes: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:  # fmt: skip
        super().__init__(id=id, classes=classes)
        self.columns = list(columns)
        self.empty = empty
        """What to say where there are no rows, in as many lines as that takes."""
        self.order: Sequence[str] = []
        self.rows: Mapping[str, R] = {}
        self.widths: dict[str, int] = {}
        """Columns that their content made wider than their least."""
        self.faded: frozenset[str] = frozenset()
        """Keys of rows that are shown dim."""
        self.sorted_by = ""
        self.sort_mark = ""
        self._titles = 1 if titles else 0

    def widen(self, **contents: Iterable[str]) -> None:
        """Make columns as wide as these contents. They never shrink again, so that nothing jumps about."""
        for key, texts in contents.items():
            widest = max((cell_len(text) for text in texts), default=0)
            self.widths[key] = max(self.widths.get(key, 0), widest)

    # --- content ------------------------------------------------------------------------------

    def show(self, order: Sequence[str], rows: Mapping[str, R], faded: frozenset[str] = frozenset()) -> None:
        """Show these rows in this order. The cursor stays on its key; without one it takes the first row."""
        self.order, self.rows, self.faded = list(order), dict(rows), faded
        if self.cursor not in self.rows:
            self.cursor = self.order[0] if self.order else None
        self.virtual_size = Size(0, len(self.order) + self._titles)
        self.refresh()

    @property
    def current(self) -> R | None:
        """The row under the cursor."""
        return self.rows.get(self.cursor) if self.cursor is not None else None

    def watch_cursor(self) -> None:
        """Show the cursor where it is now."""
        self.refresh()

    def place_of(self, key: str | None) -> int:
        """Where a key stands in the order; 0 where it does not."""
        return self.order.index(key) if key is not None and key in self.rows else 0

    def reveal(self) -> None:
        """Scroll as little as needed to see the cursor."""
        if self.cursor is None or self.cursor not in self.rows:
            return
        line, rows = self.place_of(self.cursor), max(1, self.size.height - self._titles)
        top = self.scroll_offset.y
        if line < top:
            self.scroll_to(y=line, animate=False, immediate=True)
        elif line >= top + rows:
            self.scroll_to(y=line - rows + 1, animate=False, immediate=True)

    # --- keys and pointer ---------------------------------------------------------------------

    def go(self, line: int) -> None:
        """Put the cursor on the row that stands at a line now, or on the nearest."""
        if self.order:
            self.move_to(self.order[min(max(line, 0), len(self.order) - 1)])

    def move_to(self, key: str) -> None:
        """Put the cursor on a row and show it."""
        if key in self.rows:
            self.cursor = key
            self.reveal()
            self.post_message(self.Moved(self, key))

    def action_step(self, by: int) -> None:
        """One row up or down."""
        self._beyond(by)
        self.go(self.place_of(self.cursor) + by)

    def action_page(self, by: int) -> None:
        """A page up or down."""
        rows = max(1, self.size.height - self._titles - 1)
        self._beyond(by * rows)
        self.go(self.place_of(self.cursor) + by * rows)

    def action_end(self, direction: int) -> None:
        """To the first or the last row."""
        self.post_message(self.Edge(self, direction, 0))
        self.go(len(self.order) if direction > 0 else 0)

    def _beyond(self, by: int) -> None:
        line = self.place_of(self.cursor) + by
        if self.order and not 0 <= line < len(self.order):
            self.post_message(self.Edge(self, 1 if by > 0 else -1, abs(by)))

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.cursor is not None and self.cursor in self.rows:
            self.post_message(self.Opened(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A title sorts, a row takes the cursor, a second click opens it."""
        if event.y < self._titles:
            column = self._column_at(event.x)
            if column is not None:
                self.post_message(self.Titled(self, column))
            return
        line = event.y - self._titles + self.scroll_offset.y
        if line >= len(self.order):
            return
        again = self.order[line] == self.cursor and event.chain > 1
        self.go(line)
        if again:
            self.action_open()

    def _column_at(self, x: int) -> str | None:
        start = 2
        for column, cells in self._placed():
            if start <= x <= start + cells:
                return column.key
            start += cells + 1
        return None

    def cells_of(self, column: str) -> int:
        """How wide a column is, as wide as the table is now; 0 where it is not shown."""
        return next((cells for it, cells in self._placed() if it.key == column), 0)

    def has_room_for(self, column: str) -> bool:
        """Whether a column is shown, as wide as the table is now."""
        return any(it.key == column for it, _ in self._placed())

    # --- painting -----------------------------------------------------------------------------

    def _placed(self) -> Placed[R]:
        return place(self.columns, self.scrollable_content_region.width - 3, self.widths)

    def render_line(self, y: int) -> Strip:
        """One line of the window (Textual's line API)."""
        cells, colours, base = self.size.width, palette(self), self.rich_style
        if y < self._titles:
            return strip(fit(self._title_line(), cells), colours, base)
        line = y - self._titles + self.scroll_offset.y
        if line >= len(self.order):
            spans: Spans = [] if self.order else self._empty_line(line, cells)
            return strip(fit(spans, cells), colours, base)
        key = self.order[line]
        here = key == self.cursor
        over = (colours.cursor if self.has_focus else colours.cursor_idle) if here else None
        return strip(fit(self.row_line(key, here), cells), colours, base, over)

    def _empty_line(self, line: int, cells: int) -> Spans:
        room = max(16, cells - 4)
        lines = [piece for text in self.empty.splitlines() for piece in textwrap.wrap(text, room)]
        return [("  " + lines[line], "muted")] if line < len(lines) else []

    def _title_line(self) -> Spans:
        out: Spans = [("  ", "text")]
        for column, cells in self._placed():
            mine = column.key == self.sorted_by
            tone: Tone = "accent" if mine else "muted"
            out += fit([(column.title + (self.sort_mark if mine else ""), tone)], cells, right=column.right)
            out.append((" ", "text"))
        return out

    def row_line(self, key: str, here: bool) -> Spans:
        """One row as spans."""
        out: Spans = [("▸ " if here else "  ", "mark")]
        row = self.rows[key]
        for column, cells in self._placed():
            spans = fit(column.cell(row, cells), cells, right=column.right)
            out.extend([(text, "faint") for text, _ in spans] if key in self.faded else spans)
            out.append((" ", "text"))
        return out

    def text_width(self, key: str) -> int:
        """Cells that a row's text takes, for owners that look for the widest."""
        return width(self.row_line(key, here=False))

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor looks different without the keys."""
        super().watch_has_focus(has_focus)
        self.refresh(Region(0, 0, self.size.width, self.size.height))
