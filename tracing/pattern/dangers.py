"""Patterns that are refused unless they are forced: what they would do to a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..kinds import GROUPS, KINDS
from .tree import Function, Pattern

__all__ = ["AT_ANY_TIME", "dangers", "hot", "trigger_dangers"]

HOT: Final = frozenset({
    "_collections_abc", "_thread", "_weakrefset", "abc", "annotated_types", "anyio", "ast", "asyncio", "atexit", "bisect", "builtins",
    "codecs", "collections", "concurrent", "contextlib", "contextvars", "copy", "copyreg", "dataclasses", "datetime", "decimal", "difflib",
    "dis", "encodings", "enum", "fnmatch", "functools", "gc", "genericpath", "greenlet", "heapq", "importlib", "inspect", "io", "itertools",
    "json", "keyword", "linecache", "locale", "logging", "marshal", "math", "multiprocessing", "numbers", "opcode", "operator", "os", "pathlib",
    "pickle", "posixpath", "ntpath", "pydantic", "pydantic_core", "queue", "random", "re", "reprlib", "rpyc", "runtime", "selectors", "signal",
    "site", "sniffio", "socket", "sqlite3", "ssl", "stat", "string", "struct", "sys", "textwrap", "threading", "time", "token", "tokenize",
    "traceback", "tracing", "types", "typing", "typing_extensions", "typing_inspection", "uvloop", "warnings", "weakref", "zipimport",
})  # fmt: skip
"""Packages that each step runs through, and those that trace."""
AT_ANY_TIME: Final = frozenset({
    "__bool__", "__class_getitem__", "__contains__", "__del__", "__delattr__", "__eq__", "__format__", "__ge__", "__get__", "__getattr__",
    "__getattribute__", "__getitem__", "__gt__", "__hash__", "__instancecheck__", "__iter__", "__le__", "__len__", "__lt__", "__ne__", "__next__",
    "__repr__", "__set__", "__setattr__", "__str__", "__subclasscheck__", "__subclasshook__",
})  # fmt: skip
"""Methods that the interpreter calls by itself, in the middle of others' work: of dicts, sorts, finalizers."""

USUAL: Final = (
    GROUPS["messages"] | GROUPS["handlers"] | GROUPS["states"] | GROUPS["spans"] | GROUPS["counters"]
) - {"raised"}
"""Kinds of what happens as long as a node has anything to do."""


def hot(module: str) -> bool:
    """Whether the functions of a module are called all the time, and by the node itself."""
    return module.partition(".")[0] in HOT


def dangers(pattern: Pattern) -> list[str]:
    """Why a pattern is dangerous on a live node, in sentences; empty where it is not."""
    found: list[str] = []
    everyone = any(one.form == "all" for one in pattern.whom)
    if everyone and pattern.condition is None and pattern.kinds >= GROUPS["events"]:
        found.append("it takes every event of every process; name processes, kinds of events or a condition")
    for function in pattern.functions:
        found += _of_function(function, everyone=everyone)
    return found


def trigger_dangers(pattern: Pattern) -> list[str]:
    """Why a trigger that waits for a pattern is dangerous, in sentences: what is for a session, and what would fire it all the time."""
    found = dangers(pattern)
    usual = [kind for kind in KINDS if kind in USUAL & pattern.kinds]
    if not found and usual and pattern.condition is None and any(one.form == "all" for one in pattern.whom):
        kinds = ", ".join(usual[:3]) + (", …" if len(usual) > 3 else "")
        found.append(
            f"it fires each second, as long as anything happens: it waits for {kinds} of every process; "
            "name processes, rarer events or a condition"
        )
    return found


def _of_function(function: Function, *, everyone: bool) -> Iterator[str]:
    if hot(function.module):
        yield f"{function.text} is called all the time, and by the node itself; trace a function of your own"
    elif function.name == "*" and everyone:
        yield f"{function.text} is every function of a module, in every process; name functions or processes"
    elif function.name.rpartition(".")[2] in AT_ANY_TIME:
        yield (
            f"{function.text} is called by the interpreter, at any time and in the middle of others' work; "
            "trace the function that needs it"
        )
