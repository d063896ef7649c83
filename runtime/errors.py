"""The errors that the runtime raises.

    ObserverError
    ├── CallError                   a call has no answer
    │   ├── NoProcess               the pid's process has ended
    │   │   └── NotRegistered       nobody has this name
    │   ├── CallTimeout             (also a TimeoutError) no answer in time; it may still come, and is then dropped
    │   ├── ProcessDied             the process ended with the call unanswered
    │   ├── MailboxFull             a bounded mailbox takes no more
    │   ├── MessageDropped          an operator has dropped the call
    │   ├── CallbackFailed          a function that was to be run on a state raised
    │   └── SelfCall                a process called itself
    ├── NotSendable (TypeError)     a message holds what processes cannot share
    ├── ChildError                  a supervisor refuses an operation on a child
    ├── StartError                  a process ended before it had started
    ├── AlreadyRegistered           the name, or the key of a registry, belongs to a living process
    ├── BadReturn (TypeError)       a handler returned what it may not
    ├── OSProcessDied               the OS process of an isolated process died: how, in words
    ├── CodeError                   code cannot be planned, upgraded or rolled back
    │   └── UpgradeRefused          an upgrade was not done; everything is as it was
    ├── Foreign                     stands for an exception that cannot leave its OS process
    └── NodeError                   the node cannot do that now, or has failed

    ProcessExit                     raised *by* a process, to end itself with a reason
    Interrupted (BaseException)     raised *in* a step that would own the node: nothing else stops it there

A process that ends because a handler raised has the exception itself as its exit reason.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it walks values of any type)

from __future__ import annotations

from typing import Any

__all__ = [
    "AlreadyRegistered", "BadReturn", "CallCycle", "CallError", "CallTimeout", "CallbackFailed", "ChildError",
    "CodeError", "Foreign", "Interrupted", "MailboxFull", "MessageDropped", "NoProcess", "NodeError", "NotRegistered", "NotSendable",
    "OSProcessDied", "ObserverError", "ProcessDied", "ProcessExit", "SelfCall", "StartError", "UpgradeRefused",
]  # fmt: skip


class ObserverError(Exception):
    """The root of the tree."""


class CallError(ObserverError):
    """Raised when a call has no answer."""


class NoProcess(CallError):  # noqa: N818 - the reason's name in OTP is `noproc`
    """Raised when the process that a pid names has ended, or never was."""

    def __init__(self, pid: object) -> None:
        super().__init__(
            f"{pid} is not alive; use node.named(NAME), which finds the successor after a restart"
        )
        self.pid = pid


class NotRegistered(NoProcess):
    """Raised when no process has the name."""

    def __init__(self, name: str, registry: str | None = None) -> None:
        what = repr(name) if registry is None else f"{name} in the registry {registry}"
        CallError.__init__(
            self, f"no process is registered as {what}; it has not started, or is being restarted"
        )
        self.pid = None
        self.name = name


class CallTimeout(CallError, TimeoutError):  # noqa: N818
    """Raised when the answer has not come within `timeout` seconds. It may still come, and is then dropped and counted."""

    def __init__(self, target: object, timeout: float, doing: str) -> None:
        super().__init__(f"{target} has not answered within {timeout:g} s; it is {doing}")
        self.target = target
        self.timeout = timeout


class ProcessDied(CallError):  # noqa: N818
    """Raised when the process ended before it answered.

    Attributes:
        reason: its exit reason.
    """

    def __init__(self, target: object, reason: Any) -> None:
        super().__init__(f"{target} ended before it answered: {describe(reason)}")
        self.target = target
        self.reason = reason


class MailboxFull(CallError):  # noqa: N818
    """Raised in the sender when a bounded mailbox is full (`mailbox_limit` of its `Server`), and the message is refused.

    Also from `cast` and `send`: they wait for no answer, but know that the message has not arrived.
    """

    def __init__(self, target: object, limit: int, why: str = "") -> None:
        super().__init__(
            f"the mailbox of {target} is full ({limit} messages){why}; it was not sent: do less, or try later"
        )
        self.target = target
        self.limit = limit


class MessageDropped(CallError):  # noqa: N818
    """Raised in the caller when an operator has dropped its call (`observer drop`). It was not begun, and never will be."""

    def __init__(self, target: object) -> None:
        super().__init__(
            f"an operator has dropped the call out of the mailbox of {target}; it was not handled"
        )
        self.target = target


class CallbackFailed(CallError):  # noqa: N818 - OTP's `callback_failed`
    """Raised when a function that a process was to run on its state has raised (`system.replace_state`). The state is as it was.

    Attributes:
        reason: what it raised.
    """

    def __init__(self, target: object, reason: BaseException) -> None:
        super().__init__(f"the function raised in {target}, whose state is as it was: {describe(reason)}")
        self.target = target
        self.reason = reason


class SelfCall(CallError):  # noqa: N818
    """Raised when a process calls itself: it would wait for its own answer for ever."""

    def __init__(self, target: object) -> None:
        super().__init__(
            f"{target} calls itself and would wait for ever; use a method, cast, or return Continue(…)"
        )


class CallCycle(CallError):  # noqa: N818
    """Raised in the process whose call would close a cycle of processes that wait for each other: nobody could answer.

    Attributes:
        cycle: the pids of who would wait for whom; the first is the process that calls, and the last waits for it.
    """

    def __init__(self, cycle: list[Any]) -> None:
        names = " waits for ".join(str(process) for process in [*cycle, cycle[0]])
        super().__init__(
            f"nobody could answer: {names}; cast one of these messages, or answer it later (NoReply)"
        )
        self.cycle = [process.pid for process in cycle]


class NotSendable(ObserverError, TypeError):  # noqa: N818
    """Raised when a message, a reply or an argument holds something that processes cannot share."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(
            f"{what} cannot be sent{' (at ' + where + ')' if where else ''}: processes share nothing. "
            "Send plain data; keep live objects in Node(resources={…})"
        )


class ChildError(ObserverError):
    """Raised when a supervisor refuses an operation on a child.

    Attributes:
        reason: `running`, `restarting`, `not_found`, `already_present` or `already_started`.
    """

    def __init__(self, reason: str, child: object) -> None:
        super().__init__(f"child {child!r}: {reason}")
        self.reason = reason
        self.child = child


class StartError(ObserverError):
    """Raised when a process, or a supervisor's child, ended before it had started.

    Attributes:
        reason: its exit reason.
    """

    def __init__(self, what: object, reason: Any, words: str | None = None) -> None:
        super().__init__(f"{what} did not start: {words or describe(reason)}")
        self.what = what
        self.reason = reason


class AlreadyRegistered(ObserverError):  # noqa: N818
    """Raised when a name, or a unique key of a registry, is taken by a living process.

    Attributes:
        name: the name, or the key in words.
        pid: who has it.
    """

    def __init__(self, name: str, pid: object, registry: str | None = None) -> None:
        super().__init__(
            f"the name {name!r} belongs to {pid}; choose another, or register=False"
            if registry is None
            else f"the key {name} of the registry {registry} belongs to {pid}; choose another, or send it to that one"
        )
        self.name = name
        self.pid = pid


class BadReturn(ObserverError, TypeError):  # noqa: N818
    """Raised in a process whose handler returned what it may not. It crashes with this reason."""


class NodeError(ObserverError):
    """Raised when the node is not running, or its supervision tree has given up."""


class OSProcessDied(ObserverError):  # noqa: N818
    """The exit reason of an isolated process whose OS process died: a signal, an exit code, a limit.

    Attributes:
        status: the exit code, or minus the number of the signal, as `subprocess` has it; None where it was not that.
    """

    def __init__(self, pid: object, text: str, status: int | None = None) -> None:
        super().__init__(f"the OS process of {pid} died: {text}")
        self.status = status


class Foreign(ObserverError):  # noqa: N818
    """Stands for an exception, or another reason, that cannot leave its OS process; says what it was."""


class CodeError(ObserverError):
    """Raised when code cannot be planned, upgraded or rolled back. Everything is as it was before."""


class UpgradeRefused(CodeError):  # noqa: N818
    """Raised when a plan has problems, or a migration failed: the old version runs everywhere.

    Attributes:
        plan: what was planned (`runtime.code.records.Plan`).
    """

    def __init__(self, reason: str, plan: Any = None) -> None:
        super().__init__(f"{reason}; the old version stays everywhere")
        self.plan = plan


class ProcessExit(Exception):  # noqa: N818
    """Raise it in a handler or a coroutine process to end the process with `reason` (Erlang's `exit/1`)."""

    def __init__(self, reason: Any = "normal") -> None:
        super().__init__(reason)
        self.reason = reason


class Interrupted(BaseException):
    """Raised in a step that has held the node for too long where it must not be switched away from.

    Work of this kind belongs beside the process: `self.task(asyncio.to_thread(…))`.
    """


def describe(reason: Any) -> str:
    """An exit reason on one line, bounded: `shutdown`, `killed`, `OverBudget(10000)`.

    Runs no code of the reason's class, not even `__class__`: what is no plain value is named by its type.
    """
    text = _plain(reason, 3)
    return text if len(text) <= 200 else text[:199] + "…"


def kind_of(reason: Any) -> str:
    """An exit reason without the values that it may hold: the class of an exception, the head of a tuple."""
    if type(reason) is tuple:
        return f"({kind_of(reason[0])}, …)" if reason else "()"
    plain = type(reason) is str and reason in {"normal", "shutdown", "killed", "noproc"}
    return reason if plain else _name(type(reason))


def _plain(value: Any, depth: int) -> str:
    kind = type(value)
    if issubclass(kind, str):
        text = str.__getitem__(value, slice(200))
        return text if depth == 3 else repr(text[:120])
    if kind is bytes:
        return repr(value[:120])
    if kind is int and value.bit_length() >= 256:
        return f"<int of {value.bit_length()} bits>"
    if kind is int or kind is float or kind is bool or value is None:
        return repr(value)
    if depth and issubclass(kind, BaseException):
        args = vars(BaseException)["args"].__get__(value)
        return f"{_name(kind)}({', '.join(_plain(arg, depth - 1) for arg in args[:5])})"
    if depth and kind is tuple:
        return f"({', '.join(_plain(item, depth - 1) for item in value[:5])})"
    return f"<{_name(kind)}>"


def _name(kind: type) -> str:
    return str.__str__(vars(type)["__name__"].__get__(kind))
