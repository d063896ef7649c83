"""How figures and foreign text are written: durations, numbers, bytes, elision, thresholds.

Everything here is a pure function from values to plain strings (or the name of a tone). Text that comes
from a node passes through `clean` before it is shown: control characters become visible, so that an
agent's name can neither move the cursor nor colour the screen. Nothing here interprets markup.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import datetime
from typing import Literal

from rich.cells import cell_len, set_cell_size

Tone = Literal[
    "text", "strong", "muted", "faint", "rule", "accent", "title", "warn", "bad", "mark", "badge", "flash"
]  # fmt: skip
"""What a piece of text means; `tui.theme` says how it looks."""

NOTHING = "–"  # noqa: RUF001 - an en dash, as figures are set
"""Stands where there is no value."""
MINUS = "−"  # noqa: RUF001 - as wide as a plus, which a hyphen is not
TIMES = "×"  # noqa: RUF001 - not the letter
RANGE = "–"  # noqa: RUF001 - from one number to another
WITHIN = "›"  # noqa: RUF001 - between breadcrumbs

MAIL = (100.0, 1_000.0)
OLDEST_S = (1.0, 10.0)
BUSY = (0.5, 0.9)
LAG_MS = (50.0, 500.0)
GROWTH = (100e3, 1e6)
"""From the first figure on amber, from the second on red."""


def tone(value: float | None, limits: tuple[float, float]) -> Tone:
    """The tone of a figure: zeros faint, amber and red from the limits on."""
    if not value:
        return "faint"
    amber, red = limits
    return "bad" if value >= red else "warn" if value >= amber else "text"


def clean(text: str, limit: int = 4_000) -> str:
    """`text` on one line and harmless: line ends as ⏎, tabs as spaces, other control characters as ·."""
    if text.isascii() and text.isprintable():
        return text[:limit]
    return "".join(map(_visible, text[:limit]))


def _visible(character: str) -> str:
    if character == "\n":
        return "⏎"
    if character == "\t":
        return " "
    category = unicodedata.category(character)
    # Terminals disagree on how wide a composed symbol is, so its parts are shown one by one.
    if character in "\u200d\ufe0f":
        return ""
    return "·" if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} else character


def elide(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut in the middle: both ends of a name tell things apart."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    tail = (width - 1) // 2
    return head_cells(text, width - 1 - tail) + "…" + tail_cells(text, tail)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut at the end."""
    if cell_len(text) <= width:
        return text
    return head_cells(text, width - 1) + "…" if width >= 1 else ""


def ending(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut at the start: the end of a path says most."""
    return text if cell_len(text) <= width else ("…" + tail_cells(text, width - 1))[:width]


def head_cells(text: str, width: int) -> str:
    """As many characters from the start as fit into `width` cells."""
    return set_cell_size(text, width).rstrip() if width > 0 else ""


def tail_cells(text: str, width: int) -> str:
    """As many characters from the end as fit into `width` cells."""
    while cell_len(text) > width:
        text = text[1:]
    return text


def number(value: float | None) -> str:
    """A count with thousands separators."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:,.0f}"


def short(value: float | None) -> str:
    """A count in at most five characters: 950, 9.1k, 41.2k, 1.3M."""
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(value)
    for unit, scale in (("", 1), ("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)):
        scaled = size / scale
        if scaled < 999.5 or unit == "T":
            text = f"{scaled:.1f}" if unit and scaled < 99.95 else f"{scaled:.0f}"
            return f"{MINUS if value < 0 else ''}{text}{unit}"
    return NOTHING


def scale(value: float) -> str:
    """A round figure of a scale: 0.5, 10, 200, 10k, 5M."""
    text = short(value) if value >= 1 else f"{value:g}"
    return text.replace(".0", "")


def change(per_second: float | None) -> str:
    """A change per second, signed: +12, -310; a change too small to see is 0."""
    if per_second is None or not math.isfinite(per_second):
        return NOTHING
    if abs(per_second) < 0.5:
        return "0"
    return ("+" if per_second > 0 else "") + short(per_second)


def percent(share: float | None) -> str:
    """A share from 0 to 1 as a percentage; what is small but not nothing is <1%."""
    if share is None or not math.isfinite(share):
        return NOTHING
    if 0 < share < 0.01:
        return "<1%"
    return f"{share * 100:.0f}%"


def duration(seconds: float | None) -> str:
    """A length of time in at most seven characters: 0 s, 212 ms, 1.8 s, 41 s, 3:20, 2:05:10, 4 d 3 h."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 0.0005:
        return "0 s"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    return clock_time(seconds)


def clock_time(seconds: float) -> str:
    """A length of time as a clock shows it: 0:41, 2:05:10; from two days on 4 d 3 h."""
    whole = round(seconds)
    if whole >= 2 * 86_400:
        return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"
    hours, rest = divmod(whole, 3_600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: float | None) -> str:
    """A number of bytes: 812 B, 1.2 kB, 84 MB."""
    if count is None or not math.isfinite(count):
        return NOTHING
    for unit, scale in (("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        scaled = count / scale
        if scaled < 999.5 or unit == "GB":
            return f"{scaled:.1f} {unit}" if unit != "B" and scaled < 9.95 else f"{scaled:.0f} {unit}"
    return NOTHING


def memory(count: float | None, *, cut: bool = False) -> str:
    """Bytes that something takes, in at most seven characters; with ≥ where it is at least so much: 84 MB, ≥1.2 MB."""
    text = size(count)
    return f"≥{text}" if cut and text != NOTHING else text


def growth(per_second: float | None) -> str:
    """A change in bytes per second, signed: +2.1 MB; less than a kilobyte is 0."""
    if per_second is None or not math.isfinite(per_second):
        return NOTHING
    if abs(per_second) < 1_000:
        return "0"
    return ("+" if per_second > 0 else MINUS) + size(abs(per_second))


def milliseconds(value: float | None) -> str:
    """Milliseconds: 0.4 ms, 12 ms, 1.3 s."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.1f} ms" if value < 9.95 else duration(value / 1000)


def time_of_day(at: datetime) -> str:
    """A moment as the time of day, UTC, as the node's documents have it."""
    return at.strftime("%H:%M:%S")


def plural(count: int, word: str) -> str:
    """A count and its noun: 1 link, 2 links, 2 processes."""
    if count == 1:
        return f"1 {word}"
    return f"{count:,} {word}{'es' if word.endswith('s') else 's'}"


def ceiling(highest: float) -> float:
    """The next figure of the series 1, 2, 5, 10, … that is not below `highest`: the top of a scale."""
    if highest <= 0 or not math.isfinite(highest):
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    for step in (1.0, 2.0, 5.0):
        if highest <= step * power * (1 + 1e-9):
            return step * power
    return 10.0 * power


STATUS: dict[str, tuple[str, Tone]] = {
    "running": ("▶", "accent"),
    "ready": ("◆", "text"),
    "waiting": ("·", "muted"),
    "awaiting": ("○", "text"),
    "parked": ("◇", "warn"),
    "suspended": ("‖", "warn"),
    "restarting": ("↻", "warn"),
    "ended": ("✗", "muted"),
    "zombie": ("†", "warn"),
}
"""The glyph and the tone of every status; its word stands beside it."""


def gave_up(text: str) -> str:
    """Why a supervisor gave up, as part of a sentence: `child scanner, more than 3 restarts in 5 s`."""
    who, _, limit = clean(text, 300).rpartition(": ")
    return f"{who}, {limit}" if who else limit


def status(name: str) -> tuple[str, Tone]:
    """A status as glyph and word, and its tone."""
    glyph, meaning = STATUS.get(name, ("?", "text"))
    return f"{glyph} {clean(name, 20)}", meaning
