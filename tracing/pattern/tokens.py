"""The words of a pattern: its text as tokens, each with its column."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from ..records import NODE
from .errors import PatternError
from .tree import Constant, PidOf

__all__ = ["Token", "tokens"]

LONGEST: Final = 2000
"""Characters of a pattern."""
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<pid><\d{1,6}\.\d{1,12}\.0>)
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d{1,4})?)(?P<unit>us|ms|s|min)?(?!\w)
      | (?P<word>[^\W\d]\w*)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>->|==|!=|<=|>=|[<>()\[\].,:/*-])""",
    re.VERBOSE | re.DOTALL,
)
_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}
_FORMS: Final = (
    "a word",
    "a number (100, 2.5, 5ms)",
    'a text ("…")',
    "a pid (<0.42.0>)",
    "-> == != < <= > >= ( ) [ ] . , : / *",
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a sign or a literal.

    Attributes:
        form: `word`, `sign`, `number`, `text`, `pid` or `end`; in the place of the end also `gap`, which fits nowhere, so that a
            parser says what it has expected there.
        text: as it is written.
        column: where it begins, from 1 on.
        constant: the value of a literal.
    """

    form: str
    text: str
    column: int
    constant: Constant | None = None


def tokens(pattern: str, last: str = "end") -> list[Token]:
    """The tokens of a pattern; that after the last of its text has the form `last`.

    Raises:
        PatternError: there is something in it that is no token, or it is too long.
    """
    if len(pattern) > LONGEST:
        raise PatternError(
            pattern, LONGEST + 1, f"{len(pattern)} characters are too many", (f"{LONGEST} characters",)
        )
    found: list[Token] = []
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None:
            problem = (
                "this text does not end" if pattern[at] in "\"'" else f"{pattern[at]!r} means nothing here"
            )
            raise PatternError(pattern, at + 1, problem, _FORMS)
        if match["space"] is None:
            found.append(_token(pattern, match))
        at = match.end()
    found.append(Token(last, "", len(pattern) + 1))
    return found


def _token(pattern: str, match: re.Match[str]) -> Token:
    column = match.start() + 1
    if match["pid"] is not None:
        node, local, _ = match["pid"].strip("<>").split(".")
        return Token("pid", match[0], column, Constant(PidOf(int(node) * NODE + int(local))))
    if match["number"] is not None:
        return Token("number", match[0], column, Constant(_number(pattern, match)))
    if match["text"] is not None:
        return Token("text", match[0], column, Constant(_text(pattern, match)))
    return Token("word" if match["word"] is not None else "sign", match[0], column)


def _number(pattern: str, match: re.Match[str]) -> int | float:
    digits, unit = match["number"].replace("_", ""), match["unit"]
    if len(digits) > 40:
        raise PatternError(
            pattern, match.start() + 1, "a number of more than 40 characters", ("a shorter number",)
        )
    if unit is None and digits.isdigit():
        return int(digits)
    number = float(digits) * _UNITS[unit or "s"]
    if not math.isfinite(number):
        raise PatternError(pattern, match.start() + 1, "this number is too large", ("a number up to 1e308",))
    return number


def _text(pattern: str, match: re.Match[str]) -> str:
    def unescaped(escape: re.Match[str]) -> str:
        meant = _ESCAPES.get(escape[1])
        if meant is None:
            column = match.start() + 2 + escape.start()
            raise PatternError(
                pattern, column, f"{escape[0]!r} is no escape", ("\\n", "\\t", "\\\\", '\\"', "\\'")
            )
        return meant

    return re.sub(r"\\(.)", unescaped, match[0][1:-1], flags=re.DOTALL)
