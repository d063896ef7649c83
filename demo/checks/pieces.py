"""Cutting source into pieces small enough to parse and walk without keeping anybody waiting.

    source  ──────────────┬───────────────────┬──────────────── … ──┐
            Piece         │ Piece             │ Piece               │
            whole         │ begins like a     │ members of a class  │
            statements    │ large class       │ that goes on        │

A piece ends before a line that begins in the first column, or, inside a large class,
before a line that begins a member. That the cut is right needs no tokenizer: when the
text before it parses, no string and no bracket is open there, so a new statement
begins. When it does not parse, the cut was wrong (it stood in a string) and the next
one is tried; only when the text up to the end of the source does not parse either is
the source in error.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

__all__ = ["PIECE", "Owner", "Piece", "Position", "next_piece"]

PIECE = 3_000
"""Characters that a piece should have: some 4 ms of parsing and checking."""

_STATEMENT = re.compile(r"^(?!else\b|elif\b|except\b|finally\b)[^\s#)\]}'\"\\]", re.MULTILINE)
_MEMBER = re.compile(r"^(?P<indent> {4}| {2}|\t)(?:def |async def |class |@)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Owner:
    """The class that a piece continues."""

    name: str
    indent: str
    """What stands ahead of its members."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the next piece begins."""

    offset: int = 0
    line: int = 1
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Some statements in their order."""

    text: str
    """What was parsed, with line numbers as in the whole source."""
    members: list[ast.stmt]
    """The rest of the class that the piece continues."""
    statements: list[ast.stmt]
    """Statements of the module."""
    end: Position


def next_piece(source: str, start: Position, size: int = PIECE) -> Piece:
    """The piece at `start`.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: the parser's, when the rest of the source does not parse.
    """
    while True:
        cut = _cut(source, start, start.offset + size)
        try:
            text, tree = _parse(source, start, cut)
        except SyntaxError:
            if cut == len(source):
                raise
        else:
            piece = _piece(source, start, cut, text, tree)
            if piece is not None:
                return piece
        # A quarter more each time, so that all the attempts together parse five times the piece at most.
        size = max(size + size // 4, cut + 1 - start.offset)


def _cut(source: str, start: Position, target: int) -> int:
    """Where the piece might end, at `target` or after it."""
    statement = _STATEMENT.search(source, target) if target < len(source) else None
    end = statement.start() if statement else len(source)
    if start.owner is None and end - target <= target - start.offset:
        return end
    member = _MEMBER.search(source, target, end)
    return member.start() if member else end


def _parse(source: str, start: Position, cut: int) -> tuple[str, ast.Module]:
    # Empty lines ahead make the parser count lines from the beginning of the file.
    text = source[start.offset : cut]
    text = (
        "\n" * (start.line - 1) + text
        if start.owner is None
        else "\n" * (start.line - 2) + "class _:\n" + text
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in a reviewed file is not this program's
        return text, ast.parse(text)


def _piece(source: str, start: Position, cut: int, text: str, tree: ast.Module) -> Piece | None:
    """The piece that ends at `cut`; None if the text there is no whole number of statements or members."""
    last = tree.body[-1] if tree.body else None
    if start.owner is None:
        members, statements = [], tree.body
    else:
        assert isinstance(tree.body[0], ast.ClassDef)
        members, statements = tree.body[0].body, tree.body[1:]
    owner = None
    inside = _MEMBER.match(source, cut)
    if inside is not None:
        if not isinstance(last, ast.ClassDef) or last.body[0].col_offset != len(inside["indent"]):
            return None
        same = start.owner is not None and not statements
        owner = Owner(start.owner.name if same and start.owner else last.name, inside["indent"])
    return Piece(
        text, members, statements, Position(cut, start.line + source.count("\n", start.offset, cut), owner)
    )
