"""Who must not be held yet: a step that is to finish on the old code waits, in the end, for an answer of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ..isolation.identities import Incoming

if TYPE_CHECKING:
    from ..process import Process
    from ..waits import Waits

__all__ = ["needed"]

LOOKED_AT: Final = 500
"""Steps, and messages of a mailbox, that one look takes in; the next takes others."""


def needed(waits: Waits, unfinished: Iterable[Any], held: Iterable[Any]) -> set[Process]:
    """Those of `held` for whose answer, or room, a step of `unfinished` waits, perhaps through others."""
    found: set[Process] = set()
    cells: set[Any] = set()
    for process in islice(unfinished, LOOKED_AT):
        found |= _behind(waits, process)
        cells.add(getattr(process, "cell", None))
    cells.discard(None)
    return {process for process in held if process in found or (cells and _asked_from(cells, process))}


def _behind(waits: Waits, process: Process) -> set[Process]:
    """For whom its own step waits, and for whom theirs."""
    chain: set[Process] = set()
    while True:
        caller = waits.blocked.get(process)
        behind = caller.callee if caller is not None and not caller.gone else waits.room.get(process)
        if behind is None or behind in chain:
            return chain
        chain.add(behind)
        process = behind


def _asked_from(cells: set[Any], process: Process) -> bool:
    """Whether the OS process of an isolated one waits for its answer."""
    callers = (entry[2] for entry in islice(list(process.mailbox or ()), LOOKED_AT))
    return any(isinstance(caller, Incoming) and caller._peer in cells for caller in callers)
