"""Operations on tables reach them from wherever a process runs: they are done on the loop of the node that has the table.

on the loop            at once
on a process's thread  posted to the loop, and waited for
in an OS process       asked of the node outside, and waited for; functions of the user's stay (see `Registry.match`)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from threading import get_ident
from typing import Any, Final, TypeVar

from ..preemption.guards import open_to_switches
from ..threads.marshal import do_on_loop
from .scope import node_at

__all__ = ["crosses", "in_node"]

F = TypeVar("F", bound=Callable[..., Any])
_crossing: Final[set[Callable[..., Any]]] = set()


def in_node(method: F) -> F:
    """Decorates an operation of a `Scope` whose first argument says where: a handle, a pid or a node."""

    @functools.wraps(method)
    @open_to_switches
    def reach(scope: Any, where: Any, *args: Any, **options: Any) -> Any:
        node = node_at(where)
        if node is None:
            return method(scope, where, *args, **options)  # which says what it wants
        abroad = node.registry.abroad
        if abroad is not None:
            return abroad(scope, method.__name__, where, args, options)
        ident = get_ident()
        sched = node.scheduler
        if ident != sched.thread:
            process = sched.threads.get(ident)
            if process is not None:
                return do_on_loop(process, method, scope, where, *args, **options)
        return method(scope, where, *args, **options)

    _crossing.add(reach)
    return reach  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # it has the same signature


def crosses(operation: Any) -> bool:
    """Whether this is an operation that may be asked for from elsewhere."""
    return operation in _crossing
