"""Ctrl-C for commands that end in order: what is under way on the node is stopped first, and what came of it is read."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["interrupts"]


@contextmanager
def interrupts() -> Generator[threading.Event]:
    """Whether Ctrl-C was pressed: what is under way ends in order. At the second time, it ends at once."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def note(_signal: int, _frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
