"""What an isolated OS process imports is what its node runs, also where the file on disk is newer, older or gone.

node ── names and hashes ──> finder: the file has that hash? an import as ever
                                     else the node is asked for the source
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from . import versions
from .source import HASH, Source

__all__ = ["answer", "borrow", "offered"]

_OWN: Final = frozenset({"runtime", "tracing"})


def offered() -> dict[str, str]:
    """The modules whose source the node knows: name and hash."""
    return {
        name: running.source.hash
        for name, running in versions.known().items()
        if running.source is not None and name.partition(".")[0] not in _OWN
    }


def answer(name: str) -> tuple[str, bytes] | None:
    """Path and bytes of a source; None if the node has none."""
    running = versions.known().get(name)
    source = running.source if running is not None else None
    return (source.path, source.data) if source is not None else None


def borrow(hashes: Mapping[str, str], ask: Callable[[str], tuple[str, bytes] | None]) -> None:
    """Import what the node runs, from now on. `ask` gets a source from it."""
    sys.meta_path.insert(0, _Finder(hashes, ask))


class _Finder(MetaPathFinder):
    def __init__(self, hashes: Mapping[str, str], ask: Callable[[str], tuple[str, bytes] | None]) -> None:
        self._hashes = hashes
        self._ask = ask

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        wanted = self._hashes.get(fullname)
        if wanted is None:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and _hash(spec.origin) == wanted:
            return spec
        found = self._ask(fullname)
        if found is None:
            return None
        source = Source(fullname, *found)
        file = Path(source.path)
        return importlib.util.spec_from_file_location(
            fullname,
            source.path,
            loader=_Loader(source),
            submodule_search_locations=[str(file.parent)] if file.name == "__init__.py" else None,
        )


class _Loader(SourceFileLoader):
    """Executes a source that is given to it."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.module, source.path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it is the loader of one
        return self._source.code

    def exec_module(self, module: ModuleType) -> None:
        versions.put(versions.Running(module, self._source))
        super().exec_module(module)


def _hash(path: str | None) -> str | None:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:HASH] if path else None
    except OSError:
        return None
