"""What can only be known by looking at every process: statuses, messages that wait, names of counters."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from runtime.status import STATUSES

from .columns import cells_beside, counter_names
from .lookup import oldest_s
from .pace import breathe
from .passes import Passes
from .waiting import circles

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["Census", "Censuses"]

_STATUS: Final = attrgetter("status")
_MAILBOX: Final = attrgetter("mailbox")


class Census:
    """One pass over the table.

    Attributes:
        statuses: how many processes are in each status, by its name.
        mailbox_total: messages that wait.
        deepest: who has most of them.
        oldest: whose first has waited longest.
        counters: names of the counters that processes have.
        circles: processes that wait for each other.
    """

    def __init__(self, node: Node) -> None:
        self.mailbox_total = 0
        self.deepest: Process | None = None
        self.oldest: Process | None = None
        self.counters: set[str] = set()
        self._depth, self._age = 0, 0.0
        counts: Counter[int] = Counter()
        clock = node.scheduler.clock()
        for page in node.table.slices():
            counts.update(map(_STATUS, page))
            mailboxes = list(map(_MAILBOX, page))
            if mailboxes.count(None) != len(mailboxes) or cells_beside(page):
                self._look(page, clock)
            self.counters |= counter_names(page)
            breathe()
        self.circles = circles(node)
        self.statuses: dict[str, int] = {}
        for status, count in counts.items():
            self.statuses[STATUSES[status]] = self.statuses.get(STATUSES[status], 0) + count

    def _look(self, page: list[Process], clock: float) -> None:
        for process in page:
            if process.mailbox or process.place:
                depth, age = process.letters, oldest_s(process, clock) or 0.0
                self.mailbox_total += depth
                if depth > self._depth:
                    self._depth, self.deepest = depth, process
                if age > self._age:
                    self._age, self.oldest = age, process


class Censuses:
    """The census of a node, one for all observers."""

    def __init__(self, node: Node) -> None:
        self._make: Callable[[], Census] = lambda: Census(node)
        self._passes: Passes[Census] = Passes()
        self._lock = threading.Lock()

    def last(self) -> tuple[Census, float]:
        """The census, and how many seconds old it is. Whoever asks while one is taken, waits for that."""
        with self._lock:
            return self._passes.get("", None, self._make)
