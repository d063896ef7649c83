"""The palette (`:`): every command of the page by name, and processes by pid or name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tui.keys import MOVE, ORDER, symbol

if TYPE_CHECKING:
    from tui.app import ObserverApp


class ConsoleCommands(Provider):
    """The bindings of the page, as commands; what is typed may also be a process to jump to."""

    async def discover(self) -> Hits:
        """All commands."""
        for words, key, run in self._commands():
            yield DiscoveryHit(f"{words}  ({key})", run, text=words)

    async def search(self, query: str) -> Hits:
        """Commands that match, then the jump."""
        matcher = self.matcher(query)
        for words, key, run in self._commands():
            score = matcher.match(words)
            if score > 0:
                yield Hit(score, matcher.highlight(f"{words}  ({key})"), run, text=words)
        console = cast("ObserverApp", self.app)
        yield Hit(0.01, f"jump to process {query!r}", partial(console.jump, query), text=query)

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[object]]]]:
        titles = {group.description for group in ORDER}
        seen: set[str] = set()
        for entry in self.screen.active_bindings.values():
            binding = entry.binding
            if binding.group is None or binding.group.description not in titles or binding.action in seen:
                continue
            seen.add(binding.action)
            if entry.enabled and binding.group is not MOVE and binding.action != "command_palette":
                group = binding.group.description.split(" (")[0].lower()
                run = partial(self.app.run_action, binding.action, entry.node)
                yield f"{group}: {binding.description}", symbol(binding), run
