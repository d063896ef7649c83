"""Text that a terminal can be trusted with, however long it is.

Names, labels, reasons and values come from agents, and so from anywhere. A terminal
obeys control characters that it is sent; here they become visible escapes, because a
log of this output should still say which they were. Figures and widths are `tui.format`'s.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from tui.format import number

__all__ = ["clock", "harmless", "lines", "quantity"]


def harmless(text: str) -> str:
    r"""`text` on one line, with nothing in it that a terminal obeys: `\x1b[2J` becomes seven visible characters."""
    return text if text.isprintable() else "".join(map(_shown, text))


def lines(text: str) -> list[str]:
    """The lines of `text`, each harmless, tabs as spaces."""
    return [harmless(line.expandtabs(4)) for line in text.split("\n")]


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    return " " if unicodedata.category(char) == "Zs" else char.encode("unicode_escape").decode("ascii")


def clock(at: datetime, now: datetime) -> str:
    """A time in UTC, as the node's documents have it; with its date where that is not today's."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    return f"{at:%H:%M:%SZ}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%SZ}"


def quantity(value: float | None) -> str:
    """A counter's figure: whole ones as counts, others with two digits."""
    return number(value) if value is None or value == int(value) else f"{value:,.2f}"
