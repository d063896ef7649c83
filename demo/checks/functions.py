"""Checks of functions: how tangled they are, what they take, what they never reach."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, cast

from demo.checks.place import Place, is_public

__all__ = [
    "MAX_ARGUMENTS",
    "MAX_COMPLEXITY",
    "complexity",
    "missing_docstring",
    "mutable_default",
    "too_complex",
    "too_many_arguments",
    "unreachable",
]

MAX_COMPLEXITY = 15
"""Independent paths through a function (McCabe 1976)."""
MAX_ARGUMENTS = 7
"""Arguments that a caller has to keep apart, without `self` and `cls`."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Hits = Iterator[tuple[int, str]]

_BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.IfExp,
    ast.ExceptHandler,
    ast.comprehension,
    ast.match_case,
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_MUTABLE_CALLS = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "deque", "OrderedDict", "Counter"}
)


def complexity(function: Function) -> int:
    """One more than the number of decisions in a function, those of inner functions left out."""
    decisions = 0
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, _BRANCHES):
            decisions += 1
        elif isinstance(node, ast.BoolOp):
            decisions += len(node.values) - 1
        todo.extend(ast.iter_child_nodes(node))
    return decisions + 1


def too_complex(function: Function, place: Place) -> Hits:
    """A function with more than `MAX_COMPLEXITY` independent paths."""
    # A function with fewer lines than that cannot have as many branches worth telling, and most have fewer.
    if (function.end_lineno or 0) - function.lineno < MAX_COMPLEXITY // 2:
        return
    paths = complexity(function)
    if paths > MAX_COMPLEXITY:
        yield (
            function.lineno,
            f"{place.qualified(function.name)} has {paths} paths, more than {MAX_COMPLEXITY}",
        )


def too_many_arguments(function: Function, place: Place) -> Hits:
    """A function with more than `MAX_ARGUMENTS` arguments."""
    arguments = function.args
    positional = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)]
    if place.kind == "class" and positional[:1] in (["self"], ["cls"]):
        positional = positional[1:]
    count = len(positional) + len(arguments.kwonlyargs)
    if count > MAX_ARGUMENTS:
        yield (
            function.lineno,
            f"{place.qualified(function.name)} takes {count} arguments, more than {MAX_ARGUMENTS}",
        )


def mutable_default(function: Function | ast.Lambda, _place: Place) -> Hits:
    """A default that is made once and shared by all calls."""
    for default in (*function.args.defaults, *function.args.kw_defaults):
        if isinstance(default, _MUTABLE) or (
            isinstance(default, ast.Call) and _callee(default) in _MUTABLE_CALLS
        ):
            yield default.lineno, f"the default {ast.unparse(default)[:40]} is shared by all calls"


def missing_docstring(node: Function | ast.ClassDef, place: Place) -> Hits:
    """A public class, function or method that says nothing about itself."""
    if not place.public or not is_public(node.name) or ast.get_docstring(node, clean=False) is not None:
        return
    if any(_last_name(decorator) in {"overload", "setter", "deleter"} for decorator in node.decorator_list):
        return
    yield node.lineno, f"{place.qualified(node.name)} has no docstring"


def unreachable(node: ast.AST, _place: Place) -> Hits:
    """A statement after `return`, `raise`, `break` or `continue`."""
    for field in ("body", "orelse", "finalbody"):
        block: Any = getattr(node, field, None)
        if not isinstance(block, list):
            continue  # the body of a lambda or of a conditional expression is no block
        for before, after in pairwise(cast("list[ast.stmt]", block)):
            if isinstance(before, _LEAVES):
                yield after.lineno, f"never reached: line {before.lineno} leaves the block"
                break


def _callee(call: ast.Call) -> str:
    return _last_name(call.func)


def _last_name(node: ast.expr) -> str:
    """The last part of a dotted name, or nothing."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return _last_name(function)
        case _:
            return ""
