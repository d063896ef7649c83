"""What is wrong with a pattern, where, and what may stand there."""

from __future__ import annotations

from unicodedata import category, east_asian_width

__all__ = ["PatternError"]


class PatternError(ValueError):
    """A pattern that cannot be understood.

        column 12: 'recieve' is no event
            alice send, recieve
                        ^
        here may stand: send, receive, …

    Attributes:
        pattern: the text.
        column: where it goes wrong, from 1 on.
        problem: what is wrong, in a few words.
        legal: what may stand there.
    """

    def __init__(self, pattern: str, column: int, problem: str, legal: tuple[str, ...]) -> None:
        self.pattern = pattern
        self.column = column
        self.problem = problem
        self.legal = legal
        super().__init__(pattern, column, problem, legal)

    def __str__(self) -> str:
        start = max(0, self.column - 60)
        line = "".join(char if char.isprintable() else " " for char in self.pattern[start : start + 100])
        return (
            f"column {self.column}: {self.problem}\n    {line}\n    {_blank(line[: self.column - 1 - start])}^\n"
            f"here may stand: {', '.join(self.legal)}"
        )


def _blank(text: str) -> str:
    """As many spaces as the text takes in a terminal, where some characters are wide, and some are none."""
    return "".join(
        "  " if east_asian_width(char) in "WF" else "" if category(char) in {"Mn", "Me"} else " "
        for char in text
    )
