"""Dumps that outlive their node: each goes into a file when it is made (`Node(…, dumps=PATH)`).

    a trigger fires, in a step ──> a queue, bounded ──> a thread ──> records, redacted as for an operator ──> an SQLite file

No step waits for it: where the queue is full, the dump stays in the node only. What goes wrong is logged once, and nothing else comes of it.
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from tracing.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from tracing.triggers import Dump, Triggers

    from ..introspection.tracing.showing import Showing
    from ..node import Node

__all__ = ["Dumping"]

log = logging.getLogger("observer")
WAITING: Final = 50
"""Dumps that wait to be written."""
PATIENCE_S: Final = 10.0
"""How long a node that stops waits until those are written."""


class Dumping:
    """Writes the dumps of a node.

    Args:
        node: whose.
        triggers: they make them.
        path: of the file; made if there is none.
    """

    def __init__(self, node: Node, triggers: Triggers, path: Path) -> None:
        self._node = node
        self._path = path
        self._waiting: SimpleQueue[Dump | None] = SimpleQueue()
        self._well = True
        self._thread = threading.Thread(target=self._work, name="observer-dumps", daemon=True)
        self._thread.start()
        triggers.told = self._take

    def close(self) -> None:
        """Wait until what has been taken is written, at most 10 s. Not for the loop's thread, which redacts the values."""
        self._waiting.put(None)
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._ails(f"it takes longer than {PATIENCE_S:g} s")

    def _take(self, dump: Dump) -> None:
        if self._waiting.qsize() < WAITING:
            self._waiting.put(dump)
        else:
            self._ails(f"{WAITING} wait to be written already")

    def _work(self) -> None:
        from ..introspection.tracing.showing import Showing  # noqa: PLC0415 - pydantic, and not on the loop

        showing, store, dump = Showing(self._node), None, None
        while True:
            try:
                store = store or Store(self._path)
                if dump is not None:
                    _write(store, showing, dump)
            except Exception as error:
                self._ails(error)
            dump = self._waiting.get()
            if dump is None:
                break
        if store is not None:
            store.close()

    def _ails(self, why: object) -> None:
        if self._well:
            self._well = False
            log.error("node %s: not every dump is written to %s: %s", self._node.name, self._path, why)


def _write(store: Store, showing: Showing, dump: Dump) -> None:
    kind, text = dump.event[1], dump.event[4]
    store.keep("dump", dump.trigger.text, showing.records(list(dump.events)), f"{kind} {text}".strip())
