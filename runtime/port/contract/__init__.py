"""The language of the port: every request, every answer, every error, as frozen models.

One request is one JSON document, one answer is one JSON document, and both ends
validate with the models of this package:

    client                                          node
    ------                                          ----
    Ps(sort="mailbox").document()  --- str --->     parse_request(text)  -> Ps(...)
    parse_answer(Ps, text)         <-- str ---      answer_document(ProcessPage(...))
                                                    error_document(code, message)

A request class names its operation (`op`), the role that may ask (`role`) and the
model that answers (its type parameter). Durations are seconds as floats, times are
RFC 3339 in UTC. This package knows neither rpyc nor the runtime: the console and the
node both read it.
"""

from __future__ import annotations

from .base import CONTRACT, DEFAULT_LIMIT, Code, Failure, Model, PortRequest, Role, Status
from .changes import Done, Kill, Resume, Send, Suspend
from .code import (
    AffectedProcesses,
    Caution,
    CodeChange,
    CodeMark,
    CodePlan,
    Module,
    ModulePlan,
    Modules,
    ModulesQuery,
    NotMigrated,
    OldCode,
    Pauses,
    PlanUpgrade,
    Problem,
    ProcessCode,
    Reload,
    Rollback,
    Upgrade,
    Upgrades,
    UpgradesQuery,
    UpgradeStep,
)
from .documents import REQUESTS, answer_document, build, error_document, explain, parse_answer, parse_request
from .elsewhere import Inside, OSLimits, OSProcess, OwnThread, Place
from .happenings import (
    Audit,
    AuditEntry,
    AuditQuery,
    Crash,
    Crashes,
    CrashQuery,
    Event,
    Events,
    Feed,
    ProcessEvents,
)
from .node import Frame, NodeInfo, NodeQuery, Running, Slicing, Trouble, Zombie
from .processes import (
    SORTS,
    Bound,
    Info,
    Letter,
    Mailbox,
    MailboxContents,
    ProcessInfo,
    ProcessPage,
    ProcessRow,
    Ps,
    Sort,
    Stack,
    StackQuery,
    State,
    TaskInfo,
    Value,
)
from .relations import Entry, Link, Registered, RegistryQuery, Stage, Table, Wait, Waits, WaitsQuery
from .supervision import Bottom, History, Restart, Restarts, Tree, TreeNode, TreeQuery

__all__ = [
    "CONTRACT",
    "DEFAULT_LIMIT",
    "REQUESTS",
    "SORTS",
    "AffectedProcesses",
    "Audit",
    "AuditEntry",
    "AuditQuery",
    "Bottom",
    "Bound",
    "Caution",
    "Code",
    "CodeChange",
    "CodeMark",
    "CodePlan",
    "Crash",
    "CrashQuery",
    "Crashes",
    "Done",
    "Entry",
    "Event",
    "Events",
    "Failure",
    "Feed",
    "Frame",
    "History",
    "Info",
    "Inside",
    "Kill",
    "Letter",
    "Link",
    "Mailbox",
    "MailboxContents",
    "Model",
    "Module",
    "ModulePlan",
    "Modules",
    "ModulesQuery",
    "NodeInfo",
    "NodeQuery",
    "NotMigrated",
    "OSLimits",
    "OSProcess",
    "OldCode",
    "OwnThread",
    "Pauses",
    "Place",
    "PlanUpgrade",
    "PortRequest",
    "Problem",
    "ProcessCode",
    "ProcessEvents",
    "ProcessInfo",
    "ProcessPage",
    "ProcessRow",
    "Ps",
    "Registered",
    "RegistryQuery",
    "Reload",
    "Restart",
    "Restarts",
    "Resume",
    "Role",
    "Rollback",
    "Running",
    "Send",
    "Slicing",
    "Sort",
    "Stack",
    "StackQuery",
    "Stage",
    "State",
    "Status",
    "Suspend",
    "Table",
    "TaskInfo",
    "Tree",
    "TreeNode",
    "TreeQuery",
    "Trouble",
    "Upgrade",
    "UpgradeStep",
    "Upgrades",
    "UpgradesQuery",
    "Value",
    "Wait",
    "Waits",
    "WaitsQuery",
    "Zombie",
    "answer_document",
    "build",
    "error_document",
    "explain",
    "parse_answer",
    "parse_request",
]
