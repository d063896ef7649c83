"""Modules of agents on disk, that tests import, edit and upgrade; and nothing of them is left afterwards."""

from __future__ import annotations

import importlib
import os
import sys
import textwrap
from pathlib import Path
from types import ModuleType

__all__ = ["Folder"]


class Folder:
    """A folder on the import path.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._before = set(sys.modules)
        sys.path.insert(0, str(path))

    def write(self, module: str, text: str) -> Path:
        """Write the source of a module; `a.b` stands in the package `a`."""
        file = self.path.joinpath(*module.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        for parent in file.relative_to(self.path).parents:
            if parent != Path() and not (self.path / parent / "__init__.py").exists():
                (self.path / parent / "__init__.py").write_text("")
        _write(file, textwrap.dedent(text))
        return file

    def edit(self, module: str, old: str, new: str) -> None:
        """Replace a piece of a module's source."""
        file = self.path.joinpath(*module.split(".")).with_suffix(".py")
        if not file.exists():
            file = self.path.joinpath(*module.split("."), "__init__.py")
        text = file.read_text()
        assert old in text
        _write(file, text.replace(old, new))

    def load(self, module: str, text: str | None = None) -> ModuleType:
        """Import a module, written first if `text` is given."""
        if text is not None:
            self.write(module, text)
        importlib.invalidate_caches()
        return importlib.import_module(module)

    def close(self) -> None:
        """Nothing of it stays."""
        sys.path.remove(str(self.path))
        for name in set(sys.modules) - self._before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(self.path):
                del sys.modules[name]


def _write(file: Path, text: str) -> None:
    """Write a source that is newer than the one before: Python takes bytecode for it that was made in the same second, of as many bytes."""
    before = file.stat().st_mtime if file.exists() else 0.0
    file.write_text(text)
    if file.stat().st_mtime < before + 1:
        os.utime(file, (before + 1, before + 1))
