"""What the running asyncio task works for."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mailbox import Entry
    from .process import Process

__all__ = ["current"]

current: ContextVar[tuple[Process, Entry | None] | None] = ContextVar("observer_current", default=None)
"""A process, and which entry its handler has; None for a coroutine process, which has none."""
