"""The limit of a mailbox, in words."""

from __future__ import annotations

from runtime.port.contract import Bound

from .format import clean, number

__all__ = ["bound_text"]


def bound_text(bound: Bound) -> str:
    """A limit, its policy, and what has come of it: `100, refuse, 3 refused`."""
    counts = (
        (bound.refused, "refused"),
        (bound.dropped, "dropped"),
        (bound.blocked, "had to wait"),
        (bound.waiting, "waiting now"),
    )
    told = [f"{number(count)} {what}" for count, what in counts if count]
    return ", ".join([number(bound.limit), clean(bound.policy, 40), *told])
