"""A bar of what is used of an allowance: a supervisor's restarts in its window."""

from __future__ import annotations

from tui.format import Tone
from tui.spans import Spans

CELLS = 5
PARTS = " ▏▎▍▌▋▊▉█"


def intensity_tone(used: int, allowed: int) -> Tone:
    """Amber from half on, red when one restart or none is left."""
    if not used:
        return "muted"
    if allowed - used <= 1:
        return "bad"
    return "warn" if used * 2 >= allowed else "accent"


def intensity_bar(used: int | None, allowed: int | None, seconds: float | None) -> Spans:
    """`▌░░░░ 4/100 in 5 s`; nothing where there is no allowance."""
    if used is None or allowed is None:
        return []
    share = min(1.0, used / allowed) if allowed else 1.0
    eighths = max(1, round(share * CELLS * 8)) if used or not allowed else 0
    full, part = divmod(eighths, 8)
    drawn = "█" * full + (PARTS[part] if part else "")
    tone = intensity_tone(used, allowed)
    window = f" in {seconds:g} s" if seconds is not None else ""
    return [
        (drawn, tone),
        ("░" * (CELLS - len(drawn)), "faint"),
        (f" {used}/{allowed}", tone),
        (window, "faint"),
    ]
