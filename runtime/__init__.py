"""Observer's runtime: OTP's processes, mailboxes, links, monitors and supervisors, on asyncio.

General layout:

    node            starts, stops, owns everything        supervision/    child specs, strategies, supervisors
    server          callback processes                    messages        the share-nothing rule
    coroutine       coroutine processes                   exits           exit signals, links, monitors
    pid, calls      addresses; call, cast, send           registry/       processes under keys
    scheduler       the run queue                         groups/         process groups, publish and subscribe
    bounded         mailboxes with a limit                presence/       who is where, with what
    system/         what every process can be asked       state_machine/  servers whose state has a name
    code/           hot code upgrade
    introspection/  reads a live node for an outsider     port/           lets the outsider in

Names are imported when they are first used, so that a client of the port does not load the runtime.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .caller import Caller
    from .code.coroutines import restarts_on_upgrade
    from .code.records import Guard, Plan, Upgrade
    from .coroutine import CoroutineHandle
    from .crash import CrashReport
    from .errors import (
        AlreadyRegistered,
        BadReturn,
        CallbackFailed,
        CallCycle,
        CallError,
        CallTimeout,
        ChildError,
        CodeError,
        Foreign,
        Interrupted,
        MailboxFull,
        MessageDropped,
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
        UpgradeRefused,
    )  # fmt: skip
    from .groups.groups import Groups
    from .groups.pubsub import PubSub
    from .isolation.limits import Limits
    from .node import Node
    from .pid import Address, Alias, Name, Pid, Ref
    from .port.tls import TLS
    from .presence.presence import AlreadyTracked, Presence, PresenceDiff
    from .registry.registry import Registry
    from .results import Continue, Ignore, NoReply, Reply, Request, Stop
    from .server import CallResult, Result, Server
    from .signals import Call, Down, Exit, Joined, Left, TaskDone, TaskFailed
    from .state_machine.behaviour import StateAndData, StateMachine, StateMachineResult
    from .state_machine.events import (
        Cast,
        Enter,
        Event,
        EventTimeout,
        GenericTimeout,
        Info,
        Internal,
        StateTimeout,
    )
    from .state_machine.results import (
        CancelTimeout,
        KeepState,
        NextEvent,
        NextState,
        Postpone,
        RepeatState,
        ReplyTo,
        UpdateTimeout,
    )
    from .supervision.backoff import Backoff
    from .supervision.child import Attempt
    from .supervision.child_spec import ChildSpec
    from .supervision.dynamic import DynamicSupervisor
    from .supervision.partitions import Partition, PartitionSupervisor
    from .supervision.requests import ChildCounts, ChildInfo
    from .supervision.supervisor import Supervisor
    from .supervision.tasks import TaskSupervisor
    from .tasks import TaskRef

_HOMES = {
    "caller": ["Caller"],
    "code.coroutines": ["restarts_on_upgrade"],
    "code.records": ["Guard", "Plan", "Upgrade"],
    "coroutine": ["CoroutineHandle"],
    "crash": ["CrashReport"],
    "errors": [
        "AlreadyRegistered", "BadReturn", "CallCycle", "CallError", "CallTimeout", "CallbackFailed", "ChildError",
        "CodeError", "Foreign", "Interrupted", "MailboxFull", "MessageDropped", "NoProcess", "NodeError", "NotRegistered",
        "NotSendable", "OSProcessDied", "ObserverError", "ProcessDied", "ProcessExit", "SelfCall", "StartError",
        "UpgradeRefused",
    ],
    "groups.groups": ["Groups"],
    "groups.pubsub": ["PubSub"],
    "isolation.limits": ["Limits"],
    "node": ["Node"],
    "pid": ["Address", "Alias", "Name", "Pid", "Ref"],
    "port.tls": ["TLS"],
    "results": ["Continue", "Ignore", "NoReply", "Reply", "Request", "Stop"],
    "server": ["CallResult", "Result", "Server"],
    "state_machine.behaviour": ["StateAndData", "StateMachine", "StateMachineResult"],
    "state_machine.events": [
        "Cast", "Enter", "Event", "EventTimeout", "GenericTimeout", "Info", "Internal", "StateTimeout",
    ],
    "state_machine.results": [
        "CancelTimeout", "KeepState", "NextEvent", "NextState", "Postpone", "RepeatState", "ReplyTo", "UpdateTimeout",
    ],
    "supervision.backoff": ["Backoff"],
    "supervision.child": ["Attempt"],
    "presence.presence": ["AlreadyTracked", "Presence", "PresenceDiff"],
    "registry.registry": ["Registry"],
    "signals": ["Call", "Down", "Exit", "Joined", "Left", "TaskDone", "TaskFailed"],
    "supervision.child_spec": ["ChildSpec"],
    "supervision.dynamic": ["DynamicSupervisor"],
    "supervision.partitions": ["Partition", "PartitionSupervisor"],
    "supervision.requests": ["ChildCounts", "ChildInfo"],
    "supervision.supervisor": ["Supervisor"],
    "supervision.tasks": ["TaskSupervisor"],
    "tasks": ["TaskRef"],
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "TLS", "Address", "Alias", "AlreadyRegistered", "AlreadyTracked", "Attempt", "Backoff", "BadReturn",
    "Call", "CallCycle", "CallError", "CallResult", "CallTimeout", "CallbackFailed", "Caller",
    "CancelTimeout", "Cast", "ChildCounts", "ChildError", "ChildInfo", "ChildSpec", "CodeError", "Continue",
    "CoroutineHandle", "CrashReport", "Down", "DynamicSupervisor", "Enter", "Event", "EventTimeout", "Exit",
    "Foreign", "GenericTimeout", "Groups", "Guard", "Ignore", "Info", "Internal", "Interrupted", "Joined",
    "KeepState", "Left", "Limits", "MailboxFull", "MessageDropped", "Name", "NextEvent", "NextState", "NoProcess", "NoReply",
    "Node", "NodeError", "NotRegistered", "NotSendable", "OSProcessDied", "ObserverError", "Partition",
    "PartitionSupervisor", "Pid", "Plan", "Postpone", "Presence", "PresenceDiff", "ProcessDied",
    "ProcessExit", "PubSub", "Ref", "Registry", "RepeatState", "Reply", "ReplyTo", "Request", "Result",
    "SelfCall", "Server", "StartError", "StateAndData", "StateMachine", "StateMachineResult", "StateTimeout",
    "Stop", "Supervisor", "TaskDone", "TaskFailed", "TaskRef", "TaskSupervisor", "UpdateTimeout", "Upgrade",
    "UpgradeRefused", "restarts_on_upgrade",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f".{home}", __name__), name)
    return value


def __dir__() -> list[str]:
    return __all__
