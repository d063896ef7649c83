"""The groups that keys belong to: headings in the help, and in the footer what is shown as one."""

from __future__ import annotations

from textual.binding import Binding

Group = Binding.Group

PAGES = Group("Pages")
MOVE = Group("Move")
PROCESS = Group("Process")
CODE = Group("Code")
TRACE = Group("Tracing")
SORT = Group("Sort (Shift: by change per second)", compact=True)
PARTS = Group("Parts of the page")
VIEW = Group("View")

ORDER = (PAGES, MOVE, PROCESS, CODE, TRACE, PARTS, SORT, VIEW)
"""As the help lists them."""

SYMBOLS = {
    "enter": "⏎", "escape": "Esc", "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp",
    "pagedown": "PgDn", "home": "Home", "end": "End", "tab": "Tab", "shift+tab": "⇧Tab", "space": "Space",
    "question_mark": "?", "slash": "/", "colon": ":", "left_square_bracket": "[", "right_square_bracket": "]",
    "plus": "+", "equals_sign": "=", "minus": "-", "exclamation_mark": "!", "ctrl+r": "^r", "full_stop": ".", "comma": ",",
}  # fmt: skip


def symbol(binding: Binding) -> str:
    """How a key is written on screen."""
    return binding.key_display or SYMBOLS.get(binding.key, binding.key)
