"""What comes from other threads, as messages to the console's own."""

from __future__ import annotations

from textual.message import Message

from tui.feed import Fed
from tui.link import Report

__all__ = ["Brought", "Reported"]


class Reported(Message):
    """A report of the link."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


class Brought(Message):
    """What a trace session has brought."""

    def __init__(self, fed: Fed) -> None:
        super().__init__()
        self.fed = fed
