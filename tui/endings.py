"""Why a child ended, in words: its own reason, or because of whom its supervisor gave up."""

from __future__ import annotations

from runtime.port.contract import Restart
from tui.format import clean

__all__ = ["why"]


def why(entry: Restart) -> str:
    """Its reason; of a supervisor that gave up, because of whom at the bottom."""
    bottom = entry.gave_up
    if bottom is None:
        return clean(entry.reason)
    return clean(f"gave up: {bottom.child} {bottom.pid} {bottom.reason}")
