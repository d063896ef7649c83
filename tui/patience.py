"""A call that waits, in words: for how long, how long still, and where its message stands."""

from __future__ import annotations

from runtime.port.contract import Link, Wait
from tui.format import clean, duration, plural

__all__ = ["CIRCLE_S", "circle_text", "patience", "stage"]

CIRCLE_S = 1.0
"""Seconds after which processes that wait for each other are in trouble: whoever is to answer for them might have by then."""


def patience(wait: Wait) -> str:
    """All of it, as `3.2 s, gives up in 1.8 s · Deposit, 2 messages ahead`."""
    parts = [duration(wait.for_s)]
    if wait.left_s is not None:
        parts.append(f"gives up in {duration(wait.left_s)}")
    message = f"{clean(wait.message, 60)}, " if wait.message is not None else ""
    task = "" if wait.own or wait.caller is None else ", from a task"
    return f"{', '.join(parts)} · {message}{stage(wait)}{task}"


def circle_text(circle: list[Link]) -> str:
    """Processes that wait for each other, in words; empty where there are none."""
    names = [f"{clean(link.name or '', 60)} {link.pid}".strip() for link in [*circle, *circle[:1]]]
    return " waits for ".join(names)


def stage(wait: Wait) -> str:
    """Where the message stands."""
    if wait.stage == "mailbox":
        return f"{plural(wait.ahead, 'message')} ahead" if wait.ahead else "next in the mailbox"
    return "its handler runs" if wait.stage == "handling" else "to be answered later"
