"""What the system tells of another OS process: memory, processor time, open files. Read from /proc, where there is one.

A look costs some ten microseconds, and reads no more than 20,000 entries however many there are. What cannot be read is None.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["MISSING", "Figures", "figures_of", "resident"]

_PROC: Final = Path("/proc")
FILES: Final = 20_000
"""Open files that are counted."""
MISSING: Final = "this system has no /proc, so memory and open files are unknown"


class Figures(NamedTuple):
    """One look. Bytes, seconds, numbers."""

    memory: int | None = None
    address_space: int | None = None
    cpu_s: float | None = None
    files: int | None = None


def figures_of(pid: int) -> Figures:
    """All figures of an OS process."""
    figures = Figures()
    with suppress(OSError, ValueError, IndexError):
        size, memory = _pages(pid)
        figures = figures._replace(address_space=size, memory=memory)
    with suppress(OSError, ValueError, IndexError):
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        figures = figures._replace(cpu_s=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))
    with suppress(OSError), os.scandir(_PROC / str(pid) / "fd") as entries:
        figures = figures._replace(files=sum(1 for _ in islice(entries, FILES)))
    return figures


def resident(pid: int) -> int | None:
    """Bytes of memory in which an OS process resides."""
    with suppress(OSError, ValueError, IndexError):
        return _pages(pid)[1]
    return None


def _pages(pid: int) -> tuple[int, int]:
    """Address space and resident memory, in bytes."""
    size, memory = (_PROC / str(pid) / "statm").read_text().split()[:2]
    page = os.sysconf("SC_PAGE_SIZE")
    return int(size) * page, int(memory) * page
