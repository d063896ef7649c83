"""Conditions that no event can fulfil: they ask for what events of the kinds that are wanted never have.

    alice receive when took > 1s        ->  what `receive` tells has no time of work

It is told only where it is sure: a comparison of what is not there is false, `not` of it true, and any other may be either.
"""

from __future__ import annotations

from typing import Final

from ..kinds import KINDS
from .tree import And, Compare, Condition, Constant, IsA, Length, Not, Operand, Or, Path, Pattern, Truth

__all__ = ["classes", "never_there"]

_TIMES: Final = {
    "took": frozenset({
        "started", "handled", "raised", "operator", "span_end", "function_return", "function_raise"
    }),
    "waited": frozenset({"receive", "handle", "handled", "raised"}),
}  # fmt: skip
"""Kinds of events that have a time of this name; in others it is none."""
_VALUES: Final = frozenset(label for kind in KINDS.values() for label in kind.values)
_EITHER: Final = frozenset({True, False})
_FALSE: Final = frozenset({False})


def never_there(pattern: Pattern) -> dict[str, list[str]]:
    """What the condition needs and no event of the pattern's kinds has, with the kinds that do; empty where it may hold."""
    condition = pattern.condition
    if condition is None or any(True in _outcomes(condition, kind, pattern) for kind in pattern.kinds):
        return {}
    roots = sorted(_roots(condition))
    return {
        root: [kind for kind in KINDS if _has(kind, root, pattern)]
        for root in roots
        if not any(_has(kind, root, pattern) for kind in pattern.kinds)
    }


def classes(condition: Condition | None) -> list[IsA]:
    """The classes that a condition names together with their module."""
    match condition:
        case IsA(_, _, module) if module:
            return [condition]
        case Not(part):
            return classes(part)
        case And(parts) | Or(parts):
            return [found for part in parts for found in classes(part)]
        case _:
            return []


def _has(kind: str, root: str, pattern: Pattern) -> bool:
    if root in _TIMES:
        return kind in _TIMES[root]
    arguments = {argument.name for function in pattern.functions for argument in function.arguments or ()}
    return root not in _VALUES or root in KINDS[kind].values or root in arguments


def _outcomes(condition: Condition, kind: str, pattern: Pattern) -> frozenset[bool]:
    """What the condition may come to, for an event of this kind."""
    match condition:
        case Not(part):
            return frozenset(not one for one in _outcomes(part, kind, pattern))
        case And(parts) | Or(parts):
            each = [_outcomes(part, kind, pattern) for part in parts]
            decides = isinstance(condition, Or)
            found = [decides] if any(decides in one for one in each) else []
            return frozenset(found + ([not decides] if all((not decides) in one for one in each) else []))
        case Compare(sign, left, right):
            return _compared(sign, left, right, kind, pattern)
        case IsA(path):
            return _FALSE if _gone(path, kind, pattern) else _EITHER
        case Truth(path):
            return _FALSE if _gone(path, kind, pattern) or _is_none(path, kind) else _EITHER


def _compared(sign: str, left: Operand, right: Operand, kind: str, pattern: Pattern) -> frozenset[bool]:
    if _gone(left, kind, pattern) or _gone(right, kind, pattern):
        return _FALSE
    for one, other in ((left, right), (right, left)):
        ordered = sign in {"<", "<=", ">", ">="}
        same = sign == "==" and isinstance(other, Constant) and other.value is not None
        if _is_none(one, kind) and (ordered or same):
            return _FALSE
    return _EITHER


def _gone(operand: Operand, kind: str, pattern: Pattern) -> bool:
    """Whether it is a value that events of this kind do not have."""
    root = _root(operand)
    return root is not None and root not in _TIMES and not _has(kind, root, pattern)


def _is_none(operand: Operand, kind: str) -> bool:
    """Whether it is a time that events of this kind do not have."""
    return isinstance(operand, Path) and operand.root in _TIMES and kind not in _TIMES[operand.root]


def _root(operand: Operand) -> str | None:
    match operand:
        case Path(root):
            return root
        case Length(path):
            return path.root
        case _:
            return None


def _roots(condition: Condition) -> set[str]:
    match condition:
        case Not(part):
            return _roots(part)
        case And(parts) | Or(parts):
            return set[str]().union(*map(_roots, parts))
        case Compare(_, left, right):
            return {root for root in (_root(left), _root(right)) if root is not None}
        case IsA(path) | Truth(path):
            return {path.root}
