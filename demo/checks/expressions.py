"""Checks of expressions: comparisons that ask the wrong question, text and tables that lose something."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from demo.checks.place import Place

__all__ = ["duplicate_key", "equality_with_constant", "identity_with_literal", "no_placeholders"]

Hits = Iterator[tuple[int, str]]


def equality_with_constant(comparison: ast.Compare, _place: Place) -> Hits:
    """`== None`, `== True`: asks the other side's `__eq__` what identity or truth would answer (PEP 8)."""
    sides = (comparison.left, *comparison.comparators)
    for index, operator in enumerate(comparison.ops):
        if isinstance(operator, ast.Eq | ast.NotEq):
            for side in sides[index : index + 2]:
                if isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, bool)):
                    word = "==" if isinstance(operator, ast.Eq) else "!="
                    yield comparison.lineno, f"{word} {side.value}: compare with is, or use the truth of it"
                    break


def identity_with_literal(comparison: ast.Compare, _place: Place) -> Hits:
    """`is "text"`, `is 5`: whether equal literals are one object is an accident of the interpreter."""
    sides = (comparison.left, *comparison.comparators)
    for index, operator in enumerate(comparison.ops):
        if isinstance(operator, ast.Is | ast.IsNot) and any(map(_is_literal, sides[index : index + 2])):
            yield comparison.lineno, "is with a literal compares identity, not value; use =="


def no_placeholders(text: ast.JoinedStr, _place: Place) -> Hits:
    """An f-string without anything to format."""
    if not any(isinstance(part, ast.FormattedValue) for part in text.values):
        yield text.lineno, "f-string without placeholders"


def duplicate_key(table: ast.Dict, _place: Place) -> Hits:
    """A dict literal that names a key twice: the first value is lost."""
    seen: set[tuple[type, object]] = set()
    for key in table.keys:
        if isinstance(key, ast.Constant):
            mark = (type(key.value), key.value)
            if mark in seen:
                yield key.lineno, f"the key {ast.unparse(key)[:40]} stands twice; the first value is lost"
            seen.add(mark)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.List | ast.Dict | ast.Set | ast.JoinedStr):
        return True
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str | bytes | int | float | complex)
        and not isinstance(node.value, bool)
    )
