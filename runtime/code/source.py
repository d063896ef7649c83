"""The source of a module on disk: read, compiled (never from a pyc), compared with another."""

from __future__ import annotations

import ast
import difflib
import dis
import hashlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from tracing.functions.rewriting import untold

from ..errors import CodeError
from .records import Change

__all__ = ["Source", "compare", "diff", "path_of", "read", "runs"]

HASH: Final = 12
"""Digits of the hash that names a version."""


@dataclass(frozen=True, slots=False)
class Source:
    """The source of a module.

    Attributes:
        module: its name.
        path: where it stands.
        data: its bytes.
    """

    module: str
    path: str
    data: bytes

    @cached_property
    def hash(self) -> str:
        """SHA-256, shortened."""
        return hashlib.sha256(self.data).hexdigest()[:HASH]

    @cached_property
    def text(self) -> str:
        """Its text, decoded as Python does. Raises CodeError where it cannot be."""
        try:
            return importlib.util.decode_source(self.data)
        except (UnicodeDecodeError, SyntaxError, LookupError) as error:
            raise CodeError(f"{self.module}: {self.path} is no Python source: {error}") from None

    @cached_property
    def code(self) -> CodeType:
        """Compiled.

        Raises:
            CodeError: its syntax is wrong; the message says where.
        """
        try:
            return compile(self.text, self.path, "exec", dont_inherit=True)
        except SyntaxError as error:
            where = f"{self.path}, line {error.lineno}" if error.lineno else self.path
            raise CodeError(f"{self.module}: syntax error in {where}: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise CodeError(f"{self.module}: {self.path} cannot be parsed: {error}") from None

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree. To be asked for on the loop: two threads that make one at a time disturb each other. Raises as `code`."""
        _ = self.code
        return ast.parse(self.text, self.path)

    @cached_property
    def imports(self) -> frozenset[str]:
        """The modules that it imports by absolute name, when it is executed or later."""
        return frozenset(_imports(self.code))


def _imports(code: CodeType) -> Iterator[str]:
    instructions = list(dis.get_instructions(code))
    for index, step in enumerate(instructions):
        if step.opname == "IMPORT_NAME" and index > 1 and instructions[index - 2].argval == 0:
            yield step.argval
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _imports(item)


def path_of(module: ModuleType) -> str | None:
    """The file of the source that `module` was loaded from; None if it has none."""
    spec = module.__spec__
    origin = spec.origin if spec is not None and spec.has_location else getattr(module, "__file__", None)
    return origin if isinstance(origin, str) and origin.endswith(".py") else None


def read(name: str, module: ModuleType) -> Source:
    """What stands on disk now.

    Raises:
        CodeError: the module has no source, or its file is gone.
    """
    path = path_of(module)
    if path is None:
        raise CodeError(
            f"{name} has no Python source on this disk ({getattr(module, '__file__', None) or 'built in'}); only .py files are reloaded"
        )
    try:
        return Source(name, path, Path(path).read_bytes())
    except OSError as error:
        raise CodeError(
            f"{name}: {path} cannot be read: {error.strerror}; the running version stays. Put the file back, then plan again"
        ) from None


def runs(module: ModuleType, source: Source) -> bool:
    """Whether the functions of `module` are those of `source`. Its constants are not looked at."""
    try:
        known = set(_codes(source.code))
    except CodeError:
        return False
    return all(code in known for code in _functions(vars(module), module.__name__))


def _codes(code: CodeType) -> list[CodeType]:
    found: list[CodeType] = []
    for item in code.co_consts:
        if isinstance(item, CodeType):
            found += [item, *_codes(item)]
    return found


def _functions(space: dict[str, object], module: str) -> list[CodeType]:
    found: list[CodeType] = []
    for item in list(space.values()):
        item = getattr(item, "__func__", item)  # noqa: PLW2901 - static and class methods
        if getattr(item, "__module__", None) != module:
            continue
        code = getattr(item, "__code__", None)
        code = untold(code) if isinstance(code, CodeType) else None
        if code is not None and code.co_filename != "<string>" and not hasattr(item, "__wrapped__"):
            found.append(code)
        elif isinstance(item, type):
            found += [
                each for each in _functions(dict(vars(item)), module) if each.co_filename.endswith(".py")
            ]
    return found


def diff(old: str, new: str, path: str) -> str:
    """A unified diff; empty where nothing differs."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"{path} (running)", f"{path} (disk)"
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def compare(old: ast.Module | None, new: ast.Module) -> tuple[Change, ...]:
    """Which functions, classes and values of a module were added, removed, changed. Comments and layout are none of it."""
    before = _definitions(old) if old is not None else {}
    after = _definitions(new)
    changes: list[Change] = []
    for name in sorted({*before, *after}):
        kind, text = after.get(name) or before[name]
        if name not in before:
            changes.append(Change(name, kind, "added"))
        elif name not in after:
            changes.append(Change(name, kind, "removed"))
        elif before[name][1] != text:
            changes.append(Change(name, kind, "changed"))
    return tuple(changes)


def _definitions(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Kind and text of what a module defines, by qualified name."""
    found: dict[str, tuple[str, str]] = {}

    def add(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    found[prefix + name] = ("function", ast.dump(node))
                case ast.ClassDef(name=name):
                    shell = [item for item in node.body if not isinstance(item, _INNER)]
                    head = ast.dump(ast.ClassDef(name, node.bases, node.keywords, shell, node.decorator_list))
                    found[prefix + name] = ("class", head)
                    add([item for item in node.body if isinstance(item, _INNER)], f"{prefix}{name}.")
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    found[prefix + name] = ("value", ast.dump(node))
                case _:
                    pass

    add(tree.body, "")
    return found


_INNER: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
