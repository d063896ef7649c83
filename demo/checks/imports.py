"""The import statements of some source, and whether importing the module runs them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demo.checks.finding import Import

__all__ = ["imports_in"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


@dataclass(frozen=True, slots=True)
class _Around:
    """What an import statement stands in."""

    early: bool
    probe: bool = False
    """A `try` that expects the import to fail: whether it succeeds is what the import is for."""


def imports_in(statements: Sequence[ast.stmt]) -> Iterator[Import]:
    """Every import among `statements` and below them. Only statements are visited, so this is cheap."""
    todo: list[tuple[ast.AST, _Around]] = [(statement, _Around(early=True)) for statement in statements]
    while todo:
        node, around = todo.pop()
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield _import(node, around, alias.name, 0, (), [alias])
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield _import(node, around, node.module or "", node.level, names, node.names)
        else:
            todo.extend(_below(node, around))


def _below(node: ast.AST, around: _Around) -> Iterator[tuple[ast.AST, _Around]]:
    """The statements inside a compound statement."""
    body = around
    if isinstance(node, _FUNCTIONS) or (isinstance(node, ast.If) and _is_never_imported(node.test)):
        body = _Around(early=False, probe=around.probe)
    elif isinstance(node, ast.Try | ast.TryStar) and any(map(_expects_no_module, node.handlers)):
        body = _Around(early=around.early, probe=True)
    for child in getattr(node, "body", ()) if not isinstance(node, ast.expr) else ():
        yield child, body
    for field in ("handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, field, ()) if not isinstance(node, ast.expr) else ():
            yield child, around


def _import(
    node: ast.Import | ast.ImportFrom,
    around: _Around,
    module: str,
    level: int,
    names: tuple[str, ...],
    aliases: list[ast.alias],
) -> Import:
    binds = () if around.probe or module == "__future__" else tuple(filter(None, map(_bound, aliases)))
    return Import(node.lineno, module, level, names, binds, around.early)


def _bound(alias: ast.alias) -> str | None:
    """The name that an alias makes, unless `*` or an explicit re-export (`x as x`, PEP 484)."""
    if alias.name in {"*", alias.asname}:
        return None
    return alias.asname or alias.name.partition(".")[0]


def _is_never_imported(test: ast.expr) -> bool:
    """Whether a block runs only for type checkers, or only when the file is run as a program."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.Compare(left=ast.Name(id="__name__"), comparators=[ast.Constant(value="__main__")]):
            return True
        case _:
            return False


def _expects_no_module(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in _IMPORT_ERRORS) for kind in caught)
