"""Observer's runtime: OTP's processes, mailboxes, links, monitors and supervisors, on asyncio.

General layout:

    node            starts, stops, owns everything        supervision/    child specs, strategies, supervisors
    server          callback processes                    messages        the share-nothing rule
    coroutine       coroutine processes                   exits           exit signals, links, monitors
    pid, calls      addresses; call, cast, send           introspection/  reads a live node for an outsider
    scheduler       the run queue                         port/           lets the outsider in

Names are imported when they are first used, so that a client of the port does not load the runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .caller import Caller
    from .coroutine import CoroutineHandle
    from .crash import CrashReport
    from .errors import (
        AlreadyRegistered,
        BadReturn,
        CallError,
        CallTimeout,
        ChildError,
        Foreign,
        Interrupted,
        NodeError,
        NoProcess,
        NotRegistered,
        NotSendable,
        ObserverError,
        OSProcessDied,
        ProcessDied,
        ProcessExit,
        SelfCall,
        StartError,
    )  # fmt: skip
    from .isolation.limits import Limits
    from .node import Node
    from .pid import Address, Name, Pid, Ref
    from .port.tls import TLS
    from .results import Continue, NoReply, Reply, Request, Stop
    from .server import CallResult, Result, Server
    from .signals import Call, Down, Exit, TaskDone, TaskFailed
    from .supervision.child_spec import ChildSpec
    from .supervision.requests import ChildCounts, ChildInfo
    from .supervision.supervisor import Supervisor
    from .tasks import TaskRef

_HOMES = {
    "caller": ["Caller"],
    "coroutine": ["CoroutineHandle"],
    "crash": ["CrashReport"],
    "errors": [
        "AlreadyRegistered", "BadReturn", "CallError", "CallTimeout", "ChildError", "Foreign", "Interrupted", "NoProcess", "NodeError",
        "NotRegistered", "NotSendable", "OSProcessDied", "ObserverError", "ProcessDied", "ProcessExit", "SelfCall", "StartError",
    ],
    "isolation.limits": ["Limits"],
    "node": ["Node"],
    "pid": ["Address", "Name", "Pid", "Ref"],
    "port.tls": ["TLS"],
    "results": ["Continue", "NoReply", "Reply", "Request", "Stop"],
    "server": ["CallResult", "Result", "Server"],
    "signals": ["Call", "Down", "Exit", "TaskDone", "TaskFailed"],
    "supervision.child_spec": ["ChildSpec"],
    "supervision.requests": ["ChildCounts", "ChildInfo"],
    "supervision.supervisor": ["Supervisor"],
    "tasks": ["TaskRef"],
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "TLS", "Address", "AlreadyRegistered", "BadReturn", "Call", "CallError", "CallResult", "CallTimeout", "Caller",
    "ChildCounts", "ChildError", "ChildInfo", "ChildSpec", "Continue", "CoroutineHandle", "CrashReport", "Down", "Exit",
    "Foreign", "Interrupted", "Limits", "Name",
    "NoProcess", "NoReply", "Node", "NodeError", "NotRegistered", "NotSendable", "OSProcessDied", "ObserverError", "Pid", "ProcessDied",
    "ProcessExit", "Ref", "Reply", "Request", "Result", "SelfCall", "Server", "StartError", "Stop", "Supervisor", "TaskDone",
    "TaskFailed", "TaskRef",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return value


def __dir__() -> list[str]:
    return __all__
