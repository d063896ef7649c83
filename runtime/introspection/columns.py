"""The columns that `ps` sorts by: the keys of a whole page at once.

A page is at most 256 processes. One loop of the interpreter's own (`map`, `count`) over a page costs a tenth of a
line of Python for each process, which is what makes a million of them readable; and most pages are all alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from runtime.port.contract import SORTS, Code, Failure, Ps
from runtime.status import STATUSES

from .lookup import behaviour_text, oldest_s
from .memory import Scale

if TYPE_CHECKING:
    from runtime.process import Extra, Process

__all__ = ["CHANGING", "Keys", "cells_beside", "column_of", "counter_names", "keys_of"]

LAST: Final = "\U0010ffff"
"""Sorts behind every word: who has no name, and who does nothing, stands last in both directions."""
CHANGING: Final = ("mailbox", "reductions", "restarts", "memory")
"""Columns whose change per second can be told; and that of every counter."""
Page = list["Process"]
Keys = Callable[[Page], list[Any]]
_NUMBER: Final = attrgetter("number")
_STATUS: Final = attrgetter("status")
_MAILBOX: Final = attrgetter("mailbox")
_REDUCTIONS: Final = attrgetter("reductions")
_CHILD: Final = attrgetter("child")
_EXTRA: Final = attrgetter("extra")
_HANDLE: Final = attrgetter("handle")


def keys_of(request: Ps, busy: dict[int, float], clock: float) -> Keys:
    """What processes are sorted by, the change per second aside.

    Raises:
        Failure: `BAD_REQUEST`, when there is no such column, or none whose change is known.
    """
    sort = request.sort
    counter = sort.startswith("counter:")
    if not counter and sort not in SORTS:
        raise Failure(
            Code.BAD_REQUEST, f"no column {sort[:40]!r}; there are: {', '.join(SORTS)}, counter:NAME"
        )
    if request.delta and not counter and sort not in CHANGING:
        raise Failure(
            Code.BAD_REQUEST,
            f"no change per second of {sort}; there is of: {', '.join(CHANGING)}, counter:NAME",
        )
    if sort == "oldest":
        return lambda page: _of_mailboxes(page, lambda process: oldest_s(process, clock) or 0.0)
    if sort == "busy":
        return lambda page: [busy.get(number, 0.0) for number in map(_NUMBER, page)]
    nothing = "" if request.desc else LAST
    if sort == "name":
        return lambda page: [str.lower(process.name or _label(process)) or nothing for process in page]
    if sort == "doing":
        return lambda page: _of_extras(page, lambda extra: str.lower(extra.doing or "") or nothing, nothing)
    return column_of(sort)


def column_of(name: str) -> Keys:
    """The figures, or the words, of a column that depends on the process alone; `counter:NAME` is one."""
    if name.startswith("counter:"):
        counter = name.removeprefix("counter:")
        return lambda page: _of_extras(page, lambda extra: (extra.counters or {}).get(counter, 0), 0)
    return _KEYS[name]


def counter_names(page: Page) -> set[str]:
    """The counters that processes of a page have."""
    extras = list(map(_EXTRA, page))
    if extras.count(None) == len(extras):
        return set()
    counters = [extra.counters for extra in extras if extra is not None and extra.counters]
    return {name for amounts in counters for name in amounts.copy()}


def _of_extras(page: Page, key: Callable[[Extra], Any], otherwise: Any) -> list[Any]:
    extras = list(map(_EXTRA, page))
    if extras.count(None) == len(extras):
        return [otherwise] * len(extras)
    return [otherwise if extra is None else key(extra) for extra in extras]


def _of_mailboxes(page: Page, key: Callable[[Process], Any]) -> list[Any]:
    mailboxes = list(map(_MAILBOX, page))
    cells = cells_beside(page)
    if mailboxes.count(None) == len(mailboxes) and not cells:
        return [0] * len(mailboxes)
    return [
        key(process) if mailbox or process.number in cells else 0
        for process, mailbox in zip(page, mailboxes, strict=True)
    ]


def cells_beside(page: Page) -> Collection[int]:
    """The numbers of all isolated processes of the node: messages for them may stand elsewhere than in their mailbox."""
    block = page[0].sched.block if page else None
    return block.cells if block is not None else ()


def _label(process: Process) -> str:
    extra = process.extra
    return extra.label or "" if extra is not None else ""


def _behaviours(page: Page) -> list[str]:
    """By the id of a class, since hashing one may run its metaclass."""
    texts: dict[int, str] = {}
    kinds = list(map(id, map(type, map(_HANDLE, page))))
    for process, kind in zip(page, kinds, strict=True):
        if kind not in texts:
            texts[kind] = behaviour_text(process.behaviour)
    return [texts[kind] for kind in kinds]


_KEYS: Final[dict[str, Keys]] = {
    "pid": lambda page: list(map(_NUMBER, page)),
    "behaviour": _behaviours,
    "status": lambda page: [STATUSES[status] for status in map(_STATUS, page)],
    "mailbox": lambda page: _of_mailboxes(page, attrgetter("letters")),
    "reductions": lambda page: list(map(_REDUCTIONS, page)),
    "memory": lambda page: Scale().sizes(page),
    "restarts": lambda page: [0 if child is None else child.restarts for child in map(_CHILD, page)],
}
