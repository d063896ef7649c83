"""The table of checks: what each is called, how bad its findings are, and which nodes it looks at.

A check is a pure function from a node and its place to hits (line, message); it
neither knows the file nor keeps anything. Two kinds stand apart: the check of
comments, which sees text, and that of imports, which must have seen the whole file.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from demo.checks import expressions, functions, names, statements
from demo.checks.finding import Severity
from demo.checks.place import Place

__all__ = ["BY_NODE", "CHECKS", "COMMENTS", "DOCSTRINGS", "IMPORTS", "Check"]

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = (
    *_FUNCTIONS, ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith,
    ast.Try, ast.TryStar, ast.ExceptHandler, ast.match_case,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table."""

    name: str
    severity: Severity
    nodes: tuple[type[ast.AST], ...]
    hits: Callable[[Any, Place], Iterator[tuple[int, str]]]


CHECKS = (
    Check("assert-on-tuple", _ERROR, (ast.Assert,), statements.assert_on_tuple),
    Check("duplicate-key", _ERROR, (ast.Dict,), expressions.duplicate_key),
    Check("is-literal", _ERROR, (ast.Compare,), expressions.identity_with_literal),
    Check("raise-not-implemented", _ERROR, (ast.Raise,), statements.raises_not_implemented),
    Check("bare-except", _WARNING, (ast.ExceptHandler,), statements.bare_except),
    Check("broad-except", _WARNING, (ast.ExceptHandler,), statements.broad_except),
    Check("complexity", _WARNING, _FUNCTIONS, functions.too_complex),
    Check("mutable-default", _WARNING, (*_FUNCTIONS, ast.Lambda), functions.mutable_default),
    Check("return-in-finally", _WARNING, (ast.Try, ast.TryStar), statements.leaves_finally),
    Check("unreachable", _WARNING, _BLOCKS, functions.unreachable),
    Check("equality-with-constant", _NOTE, (ast.Compare,), expressions.equality_with_constant),
    Check("f-string-without-placeholders", _NOTE, (ast.JoinedStr,), expressions.no_placeholders),
    Check("missing-docstring", _NOTE, (*_FUNCTIONS, ast.ClassDef), functions.missing_docstring),
    Check("self-assignment", _NOTE, (ast.Assign,), statements.self_assignment),
    Check("shadowed-builtin", _NOTE, (ast.arg,), names.shadowed_argument),
    Check("shadowed-builtin", _NOTE, (ast.Name,), names.shadowed_name),
    Check("shadowed-builtin", _NOTE, (*_FUNCTIONS, ast.ClassDef), names.shadowed_definition),
    Check("too-many-arguments", _NOTE, _FUNCTIONS, functions.too_many_arguments),
)  # fmt: skip
"""Every check of a node."""

COMMENTS = ("left-to-do", _NOTE)
"""The check of comments: see `comments`."""
IMPORTS = ("unused-import", _WARNING)
"""The check of imports: see `names.unused_imports`."""
DOCSTRINGS = ("missing-docstring", _NOTE)
"""The check of the module's own docstring, which stands in no node of its own."""


def _by_node() -> dict[type[ast.AST], tuple[Check, ...]]:
    kinds = {kind for check in CHECKS for kind in check.nodes}
    return {kind: tuple(check for check in CHECKS if kind in check.nodes) for kind in kinds}


BY_NODE = _by_node()
"""The checks that look at a kind of node."""
