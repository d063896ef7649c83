"""Checks of statements: exceptions that are caught too widely, assertions that cannot fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from demo.checks.place import Place

__all__ = [
    "assert_on_tuple",
    "bare_except",
    "broad_except",
    "leaves_finally",
    "raises_not_implemented",
    "self_assignment",
]

Hits = Iterator[tuple[int, str]]


def bare_except(handler: ast.ExceptHandler, _place: Place) -> Hits:
    """`except:` catches SystemExit and KeyboardInterrupt too."""
    if handler.type is None and not _raises(handler):
        yield handler.lineno, "bare except also catches SystemExit and KeyboardInterrupt"


def broad_except(handler: ast.ExceptHandler, _place: Place) -> Hits:
    """`except Exception:` that neither looks at what it caught nor raises again: a mistake is lost in it."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = [
        kind.id for kind in caught if isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}
    ]
    if broad and handler.name is None and not _raises(handler):
        yield handler.lineno, f"except {broad[0]} neither looks at what it caught nor raises it again"


def assert_on_tuple(statement: ast.Assert, _place: Place) -> Hits:
    """`assert (condition, message)` is always true."""
    if isinstance(statement.test, ast.Tuple) and statement.test.elts:
        yield statement.lineno, "assert on a tuple is always true; drop the parentheses"


def raises_not_implemented(statement: ast.Raise, _place: Place) -> Hits:
    """`raise NotImplemented` raises TypeError instead."""
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    if isinstance(raised, ast.Name) and raised.id == "NotImplemented":
        yield statement.lineno, "NotImplemented is no exception; raise NotImplementedError"


def leaves_finally(statement: ast.Try | ast.TryStar, _place: Place) -> Hits:
    """`return` in `finally` discards the exception that was on its way (PEP 765)."""
    todo: list[ast.AST] = list(statement.finalbody)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return):
            yield node.lineno, "return in finally discards the exception on its way"
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            todo.extend(ast.iter_child_nodes(node))


def self_assignment(statement: ast.Assign, place: Place) -> Hits:
    """`x = x` does nothing, except in a class body, where it copies an outer name."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=value)) if (
            name == value and place.kind != "class"
        ):
            yield statement.lineno, f"{name} is assigned to itself"
        case _:
            return


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(step, ast.Raise) for step in handler.body)
