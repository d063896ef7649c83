"""Which files there are: the Python files under PATH, without following anything that could go on for ever.

Only regular files count, and links to them: no pipe, socket or device, whatever it is
called. Linked directories are not entered, so no loop of links is. What a directory
refuses to show is an `Unreadable`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from demo.checks import Failed, printable, read_bytes

__all__ = ["SKIPPED", "BadPath", "OnDisk", "Target", "Unreadable", "content_digest", "files_under"]

SKIPPED = frozenset({"__pycache__", "site-packages", ".git", ".venv"})
"""Directories that are not entered: what they hold was written elsewhere, or by a tool."""


class BadPath(Exception):  # noqa: N818 - it is the answer to a user
    """Raised when there is nothing at PATH to review; says what is wrong."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file as it was when it was found."""

    path: str
    """Relative to the root. Bytes that are not UTF-8 are kept as surrogates (PEP 383)."""
    size: int = 0
    """Bytes."""
    mtime_ns: int = 0
    digest: str = ""
    """Of its content; empty for what is too large, cannot be read or has gone."""

    @property
    def stamp(self) -> tuple[int, int]:
        """What a look at the directory shows: when it is the same, the file is not read again."""
        return self.size, self.mtime_ns


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A directory that cannot be listed."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reviewed: a directory, or one file in it."""

    root: str
    only: str | None = None
    """The one file's name."""

    @classmethod
    def of(cls, path: str | Path) -> Target:
        """The target that the user named.

        Raises:
            BadPath: it is missing, cannot be read, or is neither a directory nor a file.
        """
        given = printable(str(path))
        try:
            place = Path(path).expanduser().resolve(strict=True)
            if place.is_dir():
                with os.scandir(place):
                    return cls(str(place))
            if place.is_file():
                with place.open("rb"):
                    return cls(str(place.parent), place.name)
        except FileNotFoundError:
            raise BadPath(f"{given} does not exist; give a directory or a Python file that does") from None
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BadPath(
                f"{given} cannot be read: {reason}; give a directory or a file that you may read"
            ) from None
        raise BadPath(f"{given} is neither a directory nor a regular file; give one of these")

    @property
    def package(self) -> str:
        """The dotted name of the package that the root belongs to; empty if it is none."""
        parts: list[str] = []
        folder = Path(self.root)
        while (folder / "__init__.py").is_file() and folder.name:
            parts.insert(0, folder.name)
            folder = folder.parent
        return ".".join(parts)

    @property
    def path(self) -> str:
        """What the user named, absolute."""
        return self.full(self.only) if self.only else self.root

    def full(self, path: str) -> str:
        """The file system's path of a file of this target."""
        return os.path.join(self.root, path)  # noqa: PTH118 - names that are not UTF-8 stay as they are

    def __str__(self) -> str:
        return printable(self.path)


def files_under(target: Target) -> Iterator[OnDisk | Unreadable]:
    """Every Python file of `target`, without its digest; directories in order, one at a time."""
    if target.only is not None:
        yield from (file for file in _listed(target, "")[0] if file.path in {target.only, "."})
        return
    folders = [""]
    while folders:
        folder = folders.pop()
        found, below = _listed(target, folder)
        yield from found
        folders.extend(reversed(below))


def content_digest(path: str) -> str:
    """A digest of what the file holds; empty if that cannot be told."""
    content = read_bytes(path)
    return "" if isinstance(content, Failed) else blake2b(content, digest_size=16).hexdigest()


def _listed(target: Target, folder: str) -> tuple[list[OnDisk | Unreadable], list[str]]:
    """The Python files of one directory (or the one that was asked for), and the directories in it to enter."""
    files: list[OnDisk | Unreadable] = []
    folders: list[str] = []
    try:
        with os.scandir(target.full(folder)) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED:
                        folders.append(path)
                elif (entry.name.endswith(".py") or path == target.only) and (file := _file(entry, path)):
                    files.append(file)
    except OSError as error:
        files.append(Unreadable(folder or ".", error.strerror or str(error)))
    return files, folders


def _file(entry: os.DirEntry[str], path: str) -> OnDisk | None:
    """The regular file behind an entry; None for a link that leads nowhere, and for pipes and devices."""
    try:
        if not entry.is_file():
            return None
        status = entry.stat()
    except OSError:
        # The directory says its name and nothing else: the reviewer will say why it cannot be read. A link is a loop.
        return None if entry.is_symlink() else OnDisk(path)
    return OnDisk(path, status.st_size, status.st_mtime_ns)
