"""Which kind of process, and of handle, a child asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .bounded import limited
from .coroutine import CoroutineHandle
from .isolation.limits import Limits
from .supervision.family import SupervisorProcess
from .supervision.place import THREAD
from .threads.process import ThreadProcess

if TYPE_CHECKING:
    from .handle import Handle
    from .supervision.child import Child

__all__ = ["kind_of"]


def kind_of(child: Child) -> tuple[type[Any], type[Handle]]:
    """The class of its process, and that of its handle."""
    terms = child.terms
    behaviour: Any = terms.behaviour
    if terms.is_server:
        return limited(_server_kind(terms.process, terms.place), behaviour), behaviour
    if terms.is_supervisor:
        return SupervisorProcess, behaviour.engine
    if isinstance(terms.place, Limits):
        from .isolation.processes import IsolatedCoroutine  # noqa: PLC0415 - only for who wants it

        return IsolatedCoroutine, CoroutineHandle
    return child.make(), CoroutineHandle


def _server_kind(kind: type[Any], place: Any) -> type[Any]:
    if place is None:
        return kind
    if place == THREAD:
        return ThreadProcess
    from .isolation.processes import IsolatedServer  # noqa: PLC0415 - as above

    return IsolatedServer
