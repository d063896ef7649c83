"""A count and its noun, for sentences that people read: 1 step, 2 steps."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, word: str) -> str:
    """The count, with its noun in the right number; words that end in -s get -es."""
    plural = word + ("es" if word.endswith("s") else "s")
    return f"{count:,} {word if count == 1 else plural}"
