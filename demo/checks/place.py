"""Where in a file a node stands: what a check may know beside the node itself."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

__all__ = ["Place", "is_public", "is_test", "top_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """The innermost scope around a node."""

    kind: Literal["module", "class", "function"]
    name: str
    """Dotted, from the module down; empty for the module."""
    public: bool
    """Whether a reader of the documentation can get here."""

    def inside(self, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Place:
        """The scope that `node` opens."""
        if not isinstance(node, ast.ClassDef):
            return Place("function", self.qualified(node.name), public=False)
        return Place("class", self.qualified(node.name), self.public and is_public(node.name))

    def qualified(self, name: str) -> str:
        """The full name of something called `name` here."""
        return f"{self.name}.{name}" if self.name else name


def is_public(name: str) -> bool:
    """Whether a name is meant for others (PEP 8: no leading underscore)."""
    return not name.startswith("_")


def is_test(path: str) -> bool:
    """Whether a file holds tests, by where it is and what it is called: its names are nobody's interface."""
    *folders, name = PurePath(path).parts
    return (
        name.startswith(("test_", "conftest"))
        or name.endswith("_test.py")
        or not {"test", "tests"}.isdisjoint(folders)
    )


def top_of(path: str) -> Place:
    """The scope of a file's module. A module is public unless it holds tests or its path has a private part."""
    parts = PurePath(path).with_suffix("").parts
    public = not is_test(path) and all(is_public(part) or part in {"__init__", "__main__"} for part in parts)
    return Place("module", "", public)
