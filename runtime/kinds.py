"""Which kind of process, and of handle, a child spec asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .coroutine import CoroutineHandle, CoroutineProcess
from .isolation.limits import Limits
from .server_process import ServerProcess
from .supervision.engine import SupervisorProcess, SupervisorServer
from .supervision.place import THREAD
from .threads.process import ThreadProcess

if TYPE_CHECKING:
    from .handle import Handle
    from .supervision.child_spec import Terms

__all__ = ["kind_of"]


def kind_of(terms: Terms) -> tuple[type[Any], type[Handle]]:
    """The class of its process, and that of its handle."""
    behaviour: Any = terms.behaviour
    if terms.is_supervisor:
        return SupervisorProcess, SupervisorServer
    if isinstance(terms.place, Limits):
        from .isolation.processes import IsolatedCoroutine, IsolatedServer  # noqa: PLC0415 - only for who wants it

        return (IsolatedServer, behaviour) if terms.is_server else (IsolatedCoroutine, CoroutineHandle)
    if not terms.is_server:
        return CoroutineProcess, CoroutineHandle
    return (ThreadProcess if terms.place == THREAD else ServerProcess), behaviour
