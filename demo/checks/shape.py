"""The shape of a function's body, to tell whether two functions are one function written twice."""

from __future__ import annotations

import ast
from hashlib import blake2b
from typing import Any, cast

__all__ = ["MIN_LINES", "MIN_NODES", "shape"]

MIN_LINES = 5
MIN_NODES = 60
"""Smaller bodies are alike by chance."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def shape(function: Function) -> str | None:
    """A digest of the body that local names, docstring, annotations and layout do not change.

    None for a function of fewer than `MIN_LINES` lines or `MIN_NODES` nodes. Names of the function's own
    variables count by the order in which they appear; all other names as written.
    """
    if (function.end_lineno or 0) - function.lineno + 1 < MIN_LINES:
        return None
    nodes = _nodes(function)
    if len(nodes) < MIN_NODES:
        return None
    local = {node.arg for node in nodes if isinstance(node, ast.arg)}
    local |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    numbers: dict[str, int] = {}
    digest = blake2b(digest_size=12)
    for node in nodes:
        digest.update(_mark(node, local, numbers).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _nodes(function: Function) -> list[ast.AST]:
    """The nodes of arguments and body in a fixed order, each ahead of what it holds."""
    body: list[ast.stmt] = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    found: list[ast.AST] = []
    todo: list[ast.AST] = [*reversed(body), function.args]
    while todo:
        node = todo.pop()
        found.append(node)
        if isinstance(node, ast.arg):
            continue  # without its annotation
        for field in reversed(node._fields):
            value: Any = getattr(node, field, None)
            if isinstance(value, ast.AST):
                if field not in {"annotation", "returns", "ctx"}:
                    todo.append(value)
            elif isinstance(value, list):
                items = cast("list[object]", value)
                todo.extend(item for item in reversed(items) if isinstance(item, ast.AST))
    return found


def _mark(node: ast.AST, local: set[str], numbers: dict[str, int]) -> str:
    """What one node adds to the digest: its kind, how many nodes each list of it holds, and its plain values."""
    parts = [type(node).__name__]
    for field in node._fields:
        value: Any = getattr(node, field, None)
        if isinstance(value, list):
            items = cast("list[object]", value)
            parts.append(f"{field}{len(items)}")
        elif isinstance(value, str) and value in local and field in {"id", "arg"}:
            parts.append(f"v{numbers.setdefault(value, len(numbers))}")
        elif not isinstance(value, ast.AST):
            parts.append(f"{field}={value!r}")
    return "\0".join(parts) + "\1"
