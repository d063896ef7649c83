"""A panel of lines that its owner composes for the room there is."""

from __future__ import annotations

from collections.abc import Callable

from tui.spans import Spans
from tui.widgets.painted import Painted


class TextPanel(Painted):
    """Lines of spans, made for a width."""

    def __init__(
        self,
        compose: Callable[[int], list[Spans]],
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(id=id)
        self._make = compose

    def paint(self, cells: int) -> list[Spans]:
        """What the owner says."""
        return self._make(cells)[: self.size.height]
