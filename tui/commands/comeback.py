"""A node that was lost while a command read from it, and comes back: waited for, for as long as there is time.

    lost ──> connect ──> nobody is there ──> a pause ──> connect ──> … ──> the node, or its next incarnation: opened there again
                └── a key that is refused, another version, a pattern that is wrong there: no waiting mends it, and it is raised

Where the node is looked for, `tui.reach` says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from runtime.port.contract import Code, Failure

from .context import Context

__all__ = ["comeback"]

T = TypeVar("T")
PAUSE_S: Final = 0.2
"""Between two looks. It does not grow as the console's: what a node does when it has just come back is what one waits for."""
ABSENT: Final = frozenset({Code.CANNOT_CONNECT, Code.TIMEOUT})
"""Failures of a node that is not there yet, or gone again."""


def comeback(
    context: Context, reopen: Callable[[], T], until: float, interrupted: threading.Event
) -> T | None:
    """Wait for the node, and open there again what was lost with it.

    Args:
        context: which node, and how to reach it.
        reopen: opens it.
        until: when there is no time left, by `time.monotonic`.
        interrupted: whether somebody wants no more of it.

    Returns:
        What was opened; None where it was interrupted, or the time was over, before.

    Raises:
        Failure: the node is back, and refuses.
    """
    before = context.incarnation()
    context.say(f"waiting for {context.node_name()} to come back; Ctrl-C ends it")
    while not interrupted.is_set() and (left := until - time.monotonic()) > 0:
        try:
            context.reconnect(within=left)
            opened = reopen()
        except Failure as failure:
            if failure.code not in ABSENT:
                raise
            time.sleep(min(PAUSE_S, left))
        else:
            same = context.incarnation() == before
            life = "the same incarnation" if same else "another incarnation, its pids are new"
            context.say(f"{context.node_name()} is back: {life}")
            return opened
    return None
