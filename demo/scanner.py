"""The scanner: looks at the disk, and tells the dispatcher of every file that somebody has to look into.

    init ──> what the librarian knows ──> look ── Found … Scanned ──> dispatcher
                                           ^                  │
                                           └── some seconds ──┘

A look compares sizes and times, and reads only what differs in these; a file whose
content is the same after all is passed over. A file that has gone is found too: the
reviewer will see. The time between looks grows with what a look takes, so that
watching never costs more than a twentieth of a processor.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from demo.files import OnDisk, Target, Unreadable, content_digest, files_under
from demo.messages import Begins, Found, Known, Look, Scanned
from runtime import Continue, Server

__all__ = ["INTERVAL", "Scanner", "Seen"]

INTERVAL = 1.0
"""Seconds between two looks, at least."""
SHARE = 20
"""A look may take one part in so many of the time."""
SLICE = 0.005
"""Seconds of looking before others get their turn."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The disk as it was at the last look."""

    target: Target
    files: frozenset[OnDisk] = frozenset()
    unreadable: frozenset[Unreadable] = frozenset()
    looks: int = 0


class Scanner(Server[Seen]):
    """Watches the files of a target."""

    counters = ("found",)

    def init(self, target: Target) -> Continue[Seen]:
        """Begin with what has a result already."""
        return Continue("begin", Seen(target))

    async def handle_continue(self, _message: object, seen: Seen, /) -> Seen:
        """Void what an earlier scanner has found and nobody has taken, then look for the first time."""
        self.named("dispatcher").send(Begins(self.pid))
        librarian = self.named("librarian")
        known: list[OnDisk] = []
        while page := await librarian.call(Known(known[-1].path if known else ""), timeout=None):
            known.extend(page)
        return await self._look(replace(seen, files=frozenset(known)))

    async def handle_info(self, _message: Look, seen: Seen, /) -> Seen:
        """Look again."""
        return await self._look(seen)

    async def _look(self, seen: Seen) -> Seen:
        """One look at the whole target, in slices; what differs is sent at once."""
        before = {file.path: file for file in seen.files}
        now: list[OnDisk] = []
        unreadable: set[Unreadable] = set()
        changes, spent, turn = 0, 0.0, time.monotonic()
        for entry in files_under(seen.target):
            if isinstance(entry, Unreadable):
                unreadable.add(entry)
                continue
            file, differs = _compared(seen.target, entry, before.pop(entry.path, None))
            now.append(file)
            changes += self._found(file) if differs else 0
            if (passed := time.monotonic() - turn) > SLICE:
                self.progress(f"looking: {len(now):,} files")
                await asyncio.sleep(0)
                spent, turn = spent + passed, time.monotonic()
        for path in sorted(before):
            changes += self._found(OnDisk(path))
        if changes or frozenset(unreadable) != seen.unreadable or not seen.looks:
            folders = tuple(sorted(unreadable, key=lambda folder: folder.path))
            self.named("dispatcher").send(Scanned(self.pid, len(now), folders))
        self.progress(f"watching {len(now):,} files")
        self.send_after(max(INTERVAL, SHARE * (spent + time.monotonic() - turn)), Look())
        return Seen(seen.target, frozenset(now), frozenset(unreadable), seen.looks + 1)

    def _found(self, file: OnDisk) -> int:
        self.named("dispatcher").send(Found(self.pid, file))
        self.count("found")
        return 1


def _compared(target: Target, file: OnDisk, old: OnDisk | None) -> tuple[OnDisk, bool]:
    """The file with its digest, and whether its content differs from what it was."""
    if old is not None and old.stamp == file.stamp:
        return old, False
    digest = content_digest(target.full(file.path))
    return replace(file, digest=digest), old is None or not digest or digest != old.digest
