"""Patterns that are refused unless they are forced: what they would do to a node."""

from __future__ import annotations

from typing import Final

from ..kinds import GROUPS
from .tree import Pattern

__all__ = ["dangers"]

HOT: Final = frozenset({
    "_thread", "abc", "asyncio", "builtins", "codecs", "collections", "contextlib", "contextvars", "copy", "dataclasses", "encodings",
    "enum", "functools", "greenlet", "heapq", "importlib", "io", "itertools", "json", "logging", "operator", "os", "pydantic", "queue",
    "re", "rpyc", "runtime", "selectors", "signal", "socket", "sqlite3", "ssl", "sys", "threading", "time", "tracing", "types", "typing",
    "uvloop", "warnings", "weakref",
})  # fmt: skip
"""Packages that each step runs through, and those that trace."""


def dangers(pattern: Pattern) -> list[str]:
    """Why a pattern is dangerous on a live node, in sentences; empty where it is not."""
    found: list[str] = []
    everyone = any(one.form == "all" for one in pattern.whom)
    if everyone and pattern.condition is None and pattern.kinds >= GROUPS["events"]:
        found.append("it takes every event of every process; name processes, kinds of events or a condition")
    for function in pattern.functions:
        if function.module.partition(".")[0] in HOT:
            found.append(
                f"{function.text} is called all the time, and by the node itself; trace a function of your own"
            )
        elif function.name == "*" and everyone:
            found.append(
                f"{function.text} is every function of a module, in every process; name functions or processes"
            )
    return found
