"""Conditions: the part of a pattern after `when`.

condition  = both {"or" both}
both       = single {"and" single}
single     = "not" single | "(" condition ")" | comparison
comparison = operand sign operand | operand ["not"] "in" operand | path "is" ["not"] class | path
class      = word | module ":" word {"." word}
sign       = "==" | "!=" | "<" | "<=" | ">" | ">="
operand    = path | "len" "(" path ")" | literal
path       = root {"." word | "[" (number | text) "]"}
literal    = number | time (5ms) | text | pid | "true" | "false" | "none"
"""

from __future__ import annotations

from typing import Any, Final

from ..kinds import KINDS
from .cursor import Cursor
from .tree import And, Compare, Condition, Constant, IsA, Length, Not, Operand, Or, Path, Truth

__all__ = ["ROOTS", "condition", "literal", "roots_of"]

ROOTS: Final = ("pid", "peer", "name", "kind", "text", "waited", "took", "principal", "trace")
"""What every event has."""
DEEPEST: Final = 30
"""Brackets and `not` within each other."""
_LITERALS: Final[dict[str, bool | None]] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "none": None,
    "None": None,
}
_SIGNS: Final = ("==", "!=", "<", "<=", ">", ">=")
_FORMS: Final = ("a number", "a time (5ms)", 'a text ("…")', "a pid", "true", "false", "none", "len(PATH)")
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "when", "len"})


def roots_of(kinds: frozenset[str]) -> frozenset[str]:
    """What a condition may begin a path with, for events of these kinds."""
    return frozenset(ROOTS).union(*(KINDS[kind].values for kind in kinds))


def condition(cursor: Cursor, roots: frozenset[str]) -> tuple[Condition, set[str]]:
    """Read a condition whose paths begin with `roots`; and with which of them they do.

    Raises:
        PatternError: it cannot be understood.
    """
    reader = _Reader(cursor, roots)
    return reader.either(0), reader.read


def literal(cursor: Cursor) -> Constant | None:
    """Read a literal, if one is next."""
    negative = cursor.at("-") and cursor.ahead.form == "number"
    if negative:
        cursor.take()
    token = cursor.token
    if token.constant is not None:
        cursor.take()
        value: Any = token.constant.value
        return Constant(-value) if negative else token.constant
    if token.form == "word" and token.text in _LITERALS:
        cursor.take()
        return Constant(_LITERALS[token.text])
    return None


class _Reader:
    """Reads one condition."""

    def __init__(self, cursor: Cursor, roots: frozenset[str]) -> None:
        self.cursor = cursor
        self.roots = tuple(sorted(roots))
        self.read: set[str] = set()

    def either(self, depth: int) -> Condition:
        parts = [self.both(depth)]
        while self.cursor.skip("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self, depth: int) -> Condition:
        parts = [self.single(depth)]
        while self.cursor.skip("and"):
            parts.append(self.single(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def single(self, depth: int) -> Condition:
        if depth > DEEPEST:
            self.cursor.wrong(f"brackets more than {DEEPEST} deep", "a flatter condition")
        if self.cursor.skip("not"):
            return Not(self.single(depth + 1))
        if self.cursor.skip("("):
            inner = self.either(depth + 1)
            self.cursor.expect(")", "and", "or")
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        cursor, first = self.cursor, self.cursor.token
        left = self.operand()
        sign = cursor.token
        if cursor.skip(*_SIGNS):
            return Compare(sign.text, left, self.operand())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # one of _SIGNS
        if cursor.skip("in"):
            return Compare("in", left, self.operand())
        if cursor.at("not") and cursor.ahead.text == "in":
            cursor.take()
            cursor.take()
            return Not(Compare("in", left, self.operand()))
        if not isinstance(left, Path):
            cursor.wrong("a comparison is missing", *_SIGNS, "in", "not in")
        if cursor.skip("is"):
            return self.is_a(left)
        if sign.form not in {"end", "word", "sign"}:
            cursor.wrong(
                f"{sign.text[:30]!r} after {first.text!r}", *_SIGNS, "in", "not in", "is", "and", "or"
            )
        return Truth(left)

    def is_a(self, path: Path) -> Condition:
        negated = self.cursor.skip("not")
        legal = ("a class", "none", "not")
        if self.cursor.at("none", "None"):
            self.cursor.take()
            same: Condition = Compare("==", path, Constant(None))
        else:
            same = self.a_class(path, legal)
        return Not(same) if negated else same

    def a_class(self, path: Path, legal: tuple[str, ...]) -> IsA:
        cursor, token = self.cursor, self.cursor.token
        name = cursor.dotted("the name of a class", *legal)
        if cursor.skip(":"):
            return IsA(path, cursor.dotted("the name of a class", "a class"), name)
        if "." in name:
            module, _, last = name.rpartition(".")
            cursor.wrong(f"{name[:60]!r} is not the name of a class", last, f"{module}:{last}", token=token)
        return IsA(path, name)

    def operand(self) -> Operand:
        cursor = self.cursor
        if cursor.at("len") and cursor.ahead.text == "(":
            cursor.take()
            cursor.take()
            path = self.path()
            cursor.expect(")")
            return Length(path)
        return literal(cursor) or self.path()

    def path(self) -> Path:
        cursor, token = self.cursor, self.cursor.token
        legal = (*self.roots, *_FORMS)
        if token.form != "word" or token.text in _RESERVED:
            cursor.wrong("a value is missing", *legal)
        root = cursor.take().text
        if root not in self.roots:
            cursor.wrong(f"events of these kinds have no {root[:60]!r}", *legal, token=token)
        self.read.add(root)
        steps: list[str | int] = []
        while True:
            if cursor.skip("."):
                steps.append(cursor.word("the name of a field", "a field"))
            elif cursor.skip("["):
                steps.append(self.index())
            else:
                return Path(root, tuple(steps))

    def index(self) -> str | int:
        token, constant = self.cursor.token, literal(self.cursor)
        step = constant.value if constant is not None else None
        if isinstance(step, bool) or not isinstance(step, int | str):
            self.cursor.wrong("an index is missing", "a whole number", 'a text ("…")', token=token)
        self.cursor.expect("]")
        return step
