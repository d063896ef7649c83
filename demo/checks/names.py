"""Checks of names: imports that nothing uses, builtins that are hidden."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import PurePath

from demo.checks.finding import Import
from demo.checks.place import Place

__all__ = ["BUILTINS", "shadowed_argument", "shadowed_definition", "shadowed_name", "unused_imports"]

Hits = Iterator[tuple[int, str]]

_ONLY_INTERACTIVE = {"copyright", "credits", "exit", "help", "license", "quit"}
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) - _ONLY_INTERACTIVE
"""The names that a module can expect to find without an import."""


def shadowed_argument(argument: ast.arg, _place: Place) -> Hits:
    """An argument that hides a builtin inside its function."""
    if argument.arg in BUILTINS:
        yield argument.lineno, f"the argument {argument.arg} hides the builtin"


def shadowed_name(name: ast.Name, place: Place) -> Hits:
    """A variable that hides a builtin. Attributes of a class hide nothing."""
    if name.id in BUILTINS and isinstance(name.ctx, ast.Store) and place.kind != "class":
        yield name.lineno, f"the variable {name.id} hides the builtin"


def shadowed_definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, place: Place) -> Hits:
    """A function or class that hides a builtin. Methods hide nothing."""
    if node.name in BUILTINS and place.kind != "class":
        yield node.lineno, f"{node.name} hides the builtin"


def unused_imports(path: str, imports: tuple[Import, ...], names: frozenset[str]) -> Hits:
    """Imports whose names the file never mentions again. A package's `__init__` imports for others."""
    if PurePath(path).name == "__init__.py":
        return
    for statement in imports:
        for name in statement.binds:
            if name not in names:
                yield statement.line, f"{name} is imported and never used"
