"""A value read from a process, as the rows of a tree that unfolds.

    ▾ ReviewerState
      ├ path    'test/test_typing.py'
      ├ budget  100000                     a field that changed since the last reading is marked
      └ ▸ seen  [214 items] ['abc', …]

Only what is unfolded is walked. The marks of the port (`$type`, `$items`, `$more`, …) are defined at
`runtime.port.contract.Value`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue
from rich.cells import cell_len

from tui.format import Tone, clean
from tui.output.values import one_line
from tui.spans import Spans

OPEN_DEPTH = 2
OPEN_ITEMS = 24
"""Unfolded at first: so deep, and where there are no more items than this."""

LINE = 72
"""A text that is longer, has several lines or no room beside its label unfolds into lines of at most this length."""

NARROWEST = 16
"""Cells of such a line at least."""


@dataclass(frozen=True)
class Branch:
    """One row of the tree: what it is called, what stands beside it, and the value below it."""

    label: str
    value: JsonValue = None
    text: Spans | None = None
    """Instead of the value's own text."""
    children: tuple[Branch, ...] | None = None
    """Instead of the value's own parts."""
    open: bool | None = None
    """Unfolded at first. Optional. Defaults to what the size of the value suggests."""


@dataclass(frozen=True)
class TreeRow:
    """One visible row."""

    guides: str
    branch: Branch
    foldable: bool
    open: bool
    changed: bool
    label_cells: int = 0
    """Cells for mark and label, so that the values of siblings stand in one column."""


LABEL_CELLS = 20
"""Beyond these a long label stands out, rather than pushing the values of its siblings away."""

MISSING = object()


def tree_rows(
    roots: Sequence[Branch],
    folded: frozenset[str] = frozenset(),
    before: Mapping[str, JsonValue] | None = None,
    cells: int = 0,
) -> Iterator[tuple[str, TreeRow]]:
    """The visible rows with their paths.

    Args:
        roots: what the tree shows.
        folded: paths that stand the other way than at first.
        before: earlier values of roots by label: what differs from them is marked as changed.
        cells: room for a row. Optional. Defaults to enough.
    """
    earlier = before or {}
    for place, root in enumerate(roots):
        was: object = earlier.get(root.label, MISSING)
        yield from _rows(root, f"{place}", "", "", 0, folded, was, 0, cells)


def _rows(
    branch: Branch,
    path: str,
    guide: str,
    below: str,
    depth: int,
    folded: frozenset[str],
    was: object,
    column: int,
    cells: int,
) -> Iterator[tuple[str, TreeRow]]:
    parts = branch.children
    if parts is None and isinstance(branch.value, str) and cells:
        label = cell_len(guide) + max(column, cell_len(branch.label) + 2) + 4  # its gap, and quotes
        parts = _lines_of(branch.value, cells - label, cells - cell_len(below) - 2)
    elif parts is None:
        parts = parts_of(branch.value)
    first = branch.open if branch.open is not None else _open_at_first(branch.value, depth, len(parts))
    is_open = bool(parts) and first != (path in folded)
    changed = was is not MISSING and was != branch.value and (not is_open or (depth == 0 and not parts))
    yield path, TreeRow(guide, branch, bool(parts), is_open, changed, column)
    if not is_open:
        return
    old = _earlier_parts(was)
    widest = max((cell_len(part.label) + 2 for part in parts if part.label), default=0)
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        yield from _rows(
            part, f"{path}.{place}", below + ("└ " if last else "├ "), below + ("  " if last else "│ "),
            depth + 1, folded, MISSING if was is MISSING else old.get(part.label),
            min(widest, LABEL_CELLS), cells,
        )  # fmt: skip


def _open_at_first(value: JsonValue, depth: int, parts: int) -> bool:
    return depth < OPEN_DEPTH and parts <= OPEN_ITEMS and not isinstance(value, str)


def _earlier_parts(was: object) -> dict[str, object]:
    if not isinstance(was, (dict, list)):
        return {}
    return {part.label: part.value for part in parts_of(cast("JsonValue", was))}


def parts_of(value: JsonValue) -> tuple[Branch, ...]:
    """A value's parts: fields, keys or items; a long text's lines."""
    if isinstance(value, str):
        return _lines_of(value, LINE, LINE)
    if isinstance(value, list):
        return tuple(_item(place, item) for place, item in enumerate(value))
    if not isinstance(value, dict) or _is_leaf(value):
        return ()
    items = value.get("$items")
    if isinstance(items, list):
        return (*(_item(place, item) for place, item in enumerate(items)), *_rest(value))
    own = tuple(Branch(_name(key), item) for key, item in value.items() if key not in {"$type", "$more"})
    return (*own, *_rest(value))


def _lines_of(text: str, beside: int, below: int) -> tuple[Branch, ...]:
    """None where it fits into so many cells beside its label; else lines for so many below it."""
    if len(text) <= LINE and cell_len(text) <= max(NARROWEST, beside) and "\n" not in text:
        return ()
    cells = min(LINE, max(NARROWEST, below))
    lines = [piece for line in text.splitlines() for piece in (textwrap.wrap(line, cells) or [""])]
    return tuple(Branch("", text=[(clean(line), "text")], children=()) for line in lines)


def _item(place: int, item: JsonValue) -> Branch:
    more = isinstance(item, dict) and set(item) == {"$more"}
    return Branch("" if more else f"[{place}]", item)


def _rest(value: dict[str, JsonValue]) -> tuple[Branch, ...]:
    return (Branch("", {"$more": value["$more"]}),) if "$more" in value else ()


def _is_leaf(value: dict[str, JsonValue]) -> bool:
    return bool({"$text", "$redacted", "$cycle"} & value.keys()) or set(value) == {"$more"} or not value


def _name(key: str) -> str:
    return clean(key[1:] if key.startswith("$$") else key, 200)


def text_of(branch: Branch, *, is_open: bool) -> Spans:
    """What stands beside a row's label."""
    if branch.text is not None:
        return branch.text
    value = branch.value
    if isinstance(value, (dict, list)) and is_open:
        return [(_kind(value), "muted")]
    if isinstance(value, str) and is_open:
        return [(f"{len(value):,} characters", "muted")]
    return [(clean(one_line(value), 500), _tone(value))]


def _kind(value: dict[str, JsonValue] | list[JsonValue]) -> str:
    if isinstance(value, list):
        return f"[{len(value)}]"
    kind = value.get("$type")
    name = clean(kind, 100) if isinstance(kind, str) else ""
    items = value.get("$items")
    if isinstance(items, list):
        return f"{name or 'set'} [{len(items)}]"
    return name or f"{{{len(value)}}}"


def _tone(value: JsonValue) -> Tone:
    if value is None or isinstance(value, bool):
        return "muted"
    if isinstance(value, dict) and ({"$redacted", "$cycle"} & value.keys() or set(value) == {"$more"}):
        return "faint"
    return "text"
