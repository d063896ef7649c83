"""The last line: the keys that matter here, read from the same bindings that the keys run."""

from __future__ import annotations

from typing import Any

from textual.app import App, ScreenError
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from tui.keys import symbol
from tui.spans import Spans, width
from tui.widgets.painted import Painted, zone_of

ALWAYS = ("help", "leave")
"""Actions that keep their place where there is no room for all."""


class KeyFooter(Painted):
    """Shown bindings of the screen and of what has the keys."""

    def on_mount(self) -> None:
        """Follow the bindings."""
        screen: Any = self.screen
        screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[Any]) -> None:
        if self.is_attached and self.screen is screen:
            self.repaint()

    def paint(self, cells: int) -> list[Spans]:
        """One line; each key can be clicked."""
        kept = [item for item in self._items() if item[1].split(".")[-1] in ALWAYS]
        room = cells - 1 - sum(width(label) + 2 for label, _ in kept)
        first: list[tuple[Spans, str]] = []
        for label, action in self._items():
            if action.split(".")[-1] in ALWAYS:
                continue
            if room < width(label) + 2:
                break
            room -= width(label) + 2
            first.append((label, action))
        line: Spans = [(" ", "text")]
        for label, action in [*first, *kept]:
            self.zones.append(zone_of(0, width(line), label, action))
            line.extend([*label, ("  ", "text")])
        return [line]

    def _items(self) -> list[tuple[Spans, str]]:
        out: dict[str, tuple[list[Binding], str]] = {}
        try:
            active = self.screen.active_bindings
        except ScreenError:
            return []
        for entry in active.values():
            binding = entry.binding
            if not binding.show or not entry.enabled:
                continue
            group = binding.group
            name = "sort" if group is not None and group.compact else binding.action
            out.setdefault(name, ([], self._addressed(entry.node, binding.action)))[0].append(binding)
        return [(_label(bindings), action) for bindings, action in out.values()]

    def _addressed(self, node: DOMNode, action: str) -> str:
        """The action as a click on the footer can run it: said to whom it belongs."""
        if "." in action:
            return action
        owner = "app" if isinstance(node, App) else "screen" if isinstance(node, Screen) else "focused"
        return f"{owner}.{action}"


def _label(bindings: list[Binding]) -> Spans:
    keys = " ".join(symbol(binding) for binding in bindings)
    words = "sort" if len(bindings) > 1 else bindings[0].description
    return [(keys, "accent"), (" " + words, "muted")]
