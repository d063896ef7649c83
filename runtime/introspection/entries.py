"""Who is found where, for observers: keys of registries, process groups, topics, presence. Keys in words, no values.

Read from another thread: what is looked at is copied first, and never more of a table than is shown.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from runtime.bounded import Bounded
from runtime.port.contract import Bound, Entry, Registered, RegistryQuery, Table

from .lookup import find, link_to, now
from .pace import rested, settled
from .text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process
    from runtime.registry.entries import Entries
    from runtime.registry.entries import Entry as Kept
    from runtime.registry.scope import Scope

__all__ = ["bound_of", "entries_of", "registered"]

_Found = tuple["Scope[Any]", "Kept"]


def registered(node: Node, request: RegistryQuery) -> Registered:
    """The answer to `registry`."""
    process = find(node, request.process) if request.process is not None else None
    tables = [
        (scope, table)
        for scope, table in list(node.registry.tables.items())
        if request.scope is None or scope.name == request.scope
    ]
    found: list[_Found] = []
    total = 0
    for scope, table in tables:
        kept = _some(table, process, request.limit - len(found))
        total += len(table) if process is None else len(table.of(process))
        found += [(scope, entry) for entry in kept]
    return Registered(
        at=now(),
        total=total,
        tables=[
            Table(kind=scope.kind, scope=clean(scope.name, 200), entries=len(table))
            for scope, table in tables
        ],
        entries=[_entry(*item) for item in rested(found)],
    )


def _some(table: Entries, process: Process | None, limit: int) -> list[Kept]:
    return settled(lambda: table.some(limit)) if process is None else table.of(process)[:limit]


def entries_of(process: Process, limit: int) -> tuple[list[Entry], int]:
    """What a process is registered as, and belongs to: at most `limit`, and how many are not among them."""
    tables = list(process.sched.node.registry.tables.items())
    found: list[_Found] = [(scope, entry) for scope, table in tables for entry in table.of(process)]
    return [_entry(*item) for item in islice(found, limit)], max(0, len(found) - limit)


def _entry(scope: Scope[Any], entry: Kept) -> Entry:
    return Entry(
        kind=scope.kind,
        scope=clean(scope.name, 200),
        key=clean(scope.words(entry), 200),
        process=link_to(entry.process),
    )


def bound_of(process: Process) -> Bound | None:
    """The limit of its mailbox; None where it has none."""
    mailbox = process.mailbox
    if not isinstance(mailbox, Bounded):
        return None
    return Bound(
        limit=mailbox.limit,
        policy=mailbox.policy,
        refused=mailbox.refused,
        dropped=mailbox.dropped,
        blocked=mailbox.blocked,
        waiting=len(mailbox.waiting),
    )
