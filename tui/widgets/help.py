"""The help: every key that works on the page, read from the same bindings that the keys run."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from tui.keys import ORDER, symbol
from tui.spans import Spans, fit

from .painted import Painted

KEY_CELLS = 9
GAP = 3
TWO_COLUMNS = 64

PER_SECOND = " per second"
"""How the words of a sort by change end: they share the line, and the heading explains Shift."""


def help_groups(active: Iterable[ActiveBinding]) -> list[tuple[str, list[Spans]]]:
    """Headings with a line for every action. Keys that do the same share a line."""
    found: dict[str, dict[str, list[Binding]]] = {group.description: {} for group in ORDER}
    for entry in active:
        binding = entry.binding
        if binding.group is None or binding.group.description not in found or not entry.enabled:
            continue
        found[binding.group.description].setdefault(_kind(binding.action), []).append(binding)
    return [
        (title, [_line(same) for same in actions.values()]) for title, actions in found.items() if actions
    ]


def _kind(action: str) -> str:
    """Actions that differ only in direction share a line, as up and down; so does a sort with its Shift."""
    name, _, parameters = action.partition("(")
    return f"{name} {parameters.split(',')[0].strip(')')}" if parameters.startswith("'") else name


def _line(same: list[Binding]) -> Spans:
    keys = " ".join(dict.fromkeys(symbol(binding) for binding in same))
    words = dict.fromkeys(
        binding.description for binding in same if not binding.description.endswith(PER_SECOND)
    )
    tip = f", {same[0].tooltip}" if same[0].tooltip else ""
    return [*fit([(keys, "accent")], KEY_CELLS), (" ", "text"), (", ".join(words), "text"), (tip, "faint")]


def _broken(line: Spans, cells: int) -> list[Spans]:
    """A line in as many as it takes: what a key does goes on beneath its beginning."""
    *key, (words, _), (tip, _) = line
    out: list[Spans] = []
    whole, at = words + tip, 0
    for piece in textwrap.wrap(whole, max(12, cells - KEY_CELLS - 1)):
        at = whole.index(piece, at)
        mine = max(0, len(words) - at)
        before: Spans = [(" " * (KEY_CELLS + 1), "text")] if out else key
        out.append([*before, (piece[:mine], "text"), (piece[mine:], "faint")])
        at += len(piece)
    return out


def help_lines(groups: list[tuple[str, list[Spans]]], cells: int) -> list[Spans]:
    """In two columns where there is room for two."""
    one_column = cells < TWO_COLUMNS
    half = cells if one_column else (cells - GAP) // 2
    blocks: list[list[Spans]] = [
        [[(title, "title")], *(part for line in lines for part in _broken(line, half)), []]
        for title, lines in groups
    ]
    if one_column:
        return [line for block in blocks for line in block]
    total = sum(len(block) for block in blocks)
    left: list[Spans] = []
    right: list[Spans] = []
    for block in blocks:
        (left if len(left) + len(block) <= (total + 6) // 2 and not right else right).extend(block)
    rows = max(len(left), len(right))
    left += [[]] * (rows - len(left))
    right += [[]] * (rows - len(right))
    return [
        [*fit(one, half), (" " * GAP, "text"), *fit(two, half)] for one, two in zip(left, right, strict=True)
    ]


class HelpText(Painted):
    """The lines, as high as they are many."""

    def __init__(self, groups: list[tuple[str, list[Spans]]]) -> None:
        super().__init__()
        self._groups = groups

    def on_resize(self) -> None:
        """In one column or two."""
        self.styles.height = len(help_lines(self._groups, self.size.width))

    def paint(self, cells: int) -> list[Spans]:
        """All groups."""
        return help_lines(self._groups, cells)


class Help(ModalScreen[None]):
    """Over the page, until any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,enter", "dismiss", "close"),
    ]

    def __init__(self, title: str, active: Iterable[ActiveBinding]) -> None:
        super().__init__()
        self._title = title
        self._groups = help_groups(active)

    def compose(self) -> ComposeResult:
        """A box with a scrolling text."""
        with Vertical(id="help") as box:
            box.border_title = f" keys: {self._title} "
            box.border_subtitle = " Esc close "
            with VerticalScroll():
                yield HelpText(self._groups)
