"""How the console looks: two themes of its own, and what each tone means in the current one.

One accent, amber for what needs an eye, red for failure only. Everything else is the foreground at
three strengths. Where there is no colour (`NO_COLOR`), weight and reverse video say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import Theme
from textual.widget import Widget

from .format import Tone

DARK = Theme(
    name="observer-dark",
    primary="#4cc3b0",
    secondary="#4cc3b0",
    accent="#4cc3b0",
    warning="#e3b341",
    error="#f26a66",
    success="#4cc3b0",
    foreground="#d7dce2",
    background="#0f1317",
    surface="#151b21",
    panel="#1b232b",
    dark=True,
    variables={
        "line": "#2a343e",
        "cursor": "#1e3a3b",
        "cursor-idle": "#1c252c",
        "flash": "#24514d",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "#4cc3b0 30%",
    },
)

LIGHT = Theme(
    name="observer-light",
    primary="#00776a",
    secondary="#00776a",
    accent="#00776a",
    warning="#9a5b00",
    error="#c3272b",
    success="#00776a",
    foreground="#24292f",
    background="#fcfcfa",
    surface="#f3f4f1",
    panel="#e9ebe7",
    dark=False,
    variables={
        "line": "#d3d7d2",
        "cursor": "#cdeae4",
        "cursor-idle": "#e6ebe8",
        "flash": "#a9ddd3",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "#00776a 25%",
    },
)

COLOURLESS: dict[Tone, Style] = {
    "text": Style(),
    "strong": Style(bold=True),
    "muted": Style(),
    "faint": Style(dim=True),
    "rule": Style(dim=True),
    "accent": Style(bold=True),
    "title": Style(bold=True),
    "warn": Style(bold=True),
    "bad": Style(bold=True, underline=True),
    "mark": Style(bold=True),
    "badge": Style(reverse=True),
    "flash": Style(reverse=True),
}


@dataclass(frozen=True)
class Palette:
    """The style of every tone, and of a row under the cursor."""

    tones: Mapping[Tone, Style]
    cursor: Style
    cursor_idle: Style
    """The cursor's row while another part of the page has the keys."""

    def style(self, tone: Tone) -> Style:
        """How a tone looks."""
        return self.tones[tone]


def app_of(widget: Widget) -> App[object]:
    """The app that a widget belongs to."""
    return cast("App[object]", widget.app)  # pyright: ignore[reportUnknownMemberType] - open in Textual


def palette(widget: Widget) -> Palette:
    """The palette of the theme that the widget's app shows now."""
    app = app_of(widget)
    if app.no_color:
        return Palette(COLOURLESS, cursor=Style(reverse=True), cursor_idle=Style(underline=True))
    theme = app.current_theme
    wanted = ("foreground", "background", "accent", "warning", "error", "cursor", "cursor-idle", "flash")
    return _palette(theme.ansi, tuple((name, app.theme_variables.get(name, "")) for name in wanted))


@lru_cache(maxsize=16)
def _palette(ansi: bool, values: tuple[tuple[str, str], ...]) -> Palette:
    named = dict(values)
    if ansi:
        return _ansi_palette()
    back = _colour(named["background"], Color(0, 0, 0))
    fore = _colour(named["foreground"], Color(220, 220, 220))
    accent = _colour(named["accent"], fore)
    warn, bad = _colour(named["warning"], fore), _colour(named["error"], fore)

    def ink(colour: Color, *, bold: bool | None = None) -> Style:
        return Style(color=colour.rich_color, bold=bold)

    def ground(name: str, share: float) -> Style:
        return Style(bgcolor=_colour(named[name], back.blend(accent, share)).rich_color)

    return Palette(
        {
            "text": ink(fore),
            "strong": ink(fore, bold=True),
            "muted": ink(back.blend(fore, 0.62)),
            "faint": ink(back.blend(fore, 0.38)),
            "rule": ink(back.blend(fore, 0.16)),
            "accent": ink(accent),
            "title": ink(accent, bold=True),
            "warn": ink(warn),
            "bad": ink(bad, bold=True),
            "mark": ink(accent, bold=True),
            "badge": Style(color=back.rich_color, bgcolor=warn.rich_color, bold=True),
            "flash": ink(fore, bold=True) + ground("flash", 0.35),
        },
        cursor=ground("cursor", 0.22),
        cursor_idle=ground("cursor-idle", 0.08),
    )


def _ansi_palette() -> Palette:
    """For themes that use the terminal's own colours, which cannot be blended."""
    return Palette(
        {
            **COLOURLESS,
            "accent": Style(color="cyan"),
            "title": Style(color="cyan", bold=True),
            "mark": Style(color="cyan", bold=True),
            "warn": Style(color="yellow"),
            "bad": Style(color="red", bold=True),
            "badge": Style(color="yellow", reverse=True),
            "flash": Style(color="cyan", reverse=True),
        },
        cursor=Style(reverse=True),
        cursor_idle=Style(underline=True),
    )


def _colour(text: str, otherwise: Color) -> Color:
    try:
        return Color.parse(text) if text else otherwise
    except ColorParseError:
        return otherwise
