"""The call handling as it stands on disk: a package of its own in a temporary folder, into which its versions are copied.

    with installed() as software:            exchange/calls.py is v1
        software.put("v2")                   … is v2: stale, until the node upgrades `exchange.calls`

The installed files are never changed; an upgrade reads nothing but what stands at `software.path`, as everywhere.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any, Final

from runtime import StateMachine

__all__ = ["MODULE", "VERSIONS", "Software", "installed"]

PACKAGE: Final = "exchange"
MODULE: Final = f"{PACKAGE}.calls"
"""What the module is called at the node."""
VERSIONS: Final = Path(__file__).parent / "versions"


class Software:
    """What stands on disk.

    Attributes:
        path: the file of the module.
        on_disk: the version that was put there last.
    """

    def __init__(self, folder: Path, versions: Path) -> None:
        self._versions = versions
        self.path = folder / PACKAGE / "calls.py"
        self.path.parent.mkdir()
        (folder / PACKAGE / "__init__.py").touch()
        self.on_disk = ""
        self.put("v1")

    def put(self, version: str) -> None:
        """Put a version in the place of whatever is there."""
        self.path.write_bytes((self._versions / f"{version}.py").read_bytes())
        self.on_disk = version

    def handling(self) -> type[StateMachine[Any]]:
        """What handles calls."""
        kind: type[StateMachine[Any]] = import_module(MODULE).Call
        return kind


@contextmanager
def installed(versions: Path = VERSIONS) -> Generator[Software]:
    """Version 1, where this interpreter imports it from. Afterwards there is none of it any more."""
    with tempfile.TemporaryDirectory(prefix="observer-exchange-") as folder:
        _forget()
        sys.path.insert(0, folder)
        invalidate_caches()
        try:
            yield Software(Path(folder), versions)
        finally:
            sys.path.remove(folder)
            _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]:
        del sys.modules[name]
