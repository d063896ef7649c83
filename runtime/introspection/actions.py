"""Changes that an operator makes: posted to the loop, with a deadline.

connection's thread                     loop
on_loop(work, 5 s)  ── posted ──>       work()      result or Failure back
  not run within 5 s: withdrawn         (never runs later)
  "the loop has been busy with <0.42.0> for 12 s" is the answer
"""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from runtime import exits
from runtime.calls import deliver
from runtime.errors import CallError, NotSendable
from runtime.mailbox import CAST, INFO
from runtime.port.contract import Code, Done, Failure, Kill, Resume, Send, Suspend, explain
from runtime.status import ENDED

from .lookup import find, now, pid_text, title
from .values import clean, walk

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

__all__ = ["kill", "on_loop", "resume", "send", "suspend"]

T = TypeVar("T")


def on_loop(node: Node, work: Callable[[], T], deadline_s: float) -> T:
    """Run `work` on the node's loop and wait for it.

    Raises:
        Failure: `TIMEOUT`, and `work` will not run; or what it raised.
    """
    answer: Future[T] = Future()

    def run() -> None:
        if not answer.set_running_or_notify_cancel():
            return
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    if threading.get_ident() == node.scheduler.thread:
        return work()
    try:
        node.scheduler.loop.call_soon_threadsafe(run)
    except RuntimeError:
        raise Failure(Code.TIMEOUT, "the node's loop is closed") from None
    try:
        return answer.result(deadline_s)
    except TimeoutError:
        if not answer.cancel():
            return answer.result(deadline_s)
        raise Failure(
            Code.TIMEOUT, f"{_busy(node)}; nothing was changed. Try again, or give more --timeout"
        ) from None


def _busy(node: Node) -> str:
    sched = node.scheduler
    process = sched.running
    if process is None:
        return "the loop has not come round in time: code of the host holds it"
    return f"the loop has been busy with {pid_text(process.number)} ({title(process)}) for {sched.clock() - sched.since:.0f} s"


def kill(node: Node, request: Kill, by: str) -> Done:
    """Send an exit signal. What it does is `exits.signal`'s to say."""

    def work() -> Done:
        process = find(node, request.process)
        _spare_root(node, process)
        if request.reason == "normal" and not process.trap_exits:
            raise Failure(
                Code.REFUSED, "an exit signal `normal` does nothing to a process that does not trap exits"
            )
        name = title(process)
        exits.signal(process, request.reason, None, by)
        ended = process.status == ENDED
        text = (
            f"{name} was ended: {request.reason}"
            if ended
            else f"{name} traps exits, and has been told: {request.reason}"
        )
        return Done(at=now(), pid=pid_text(process.number), text=clean(text))

    return on_loop(node, work, request.deadline_s)


def suspend(node: Node, request: Suspend) -> Done:
    """Let a process handle nothing more."""

    def work() -> Done:
        process = find(node, request.process)
        _spare_root(node, process)
        if process.suspend:
            raise Failure(Code.REFUSED, f"{title(process)} is already suspended")
        process.pause()
        node.ledger.recorder.record("suspended", process.number, process.name)
        return Done(at=now(), pid=pid_text(process.number), text=f"{title(process)} is suspended")

    return on_loop(node, work, request.deadline_s)


def resume(node: Node, request: Resume) -> Done:
    """Let a suspended process go on."""

    def work() -> Done:
        process = find(node, request.process)
        if not process.suspend:
            raise Failure(Code.REFUSED, f"{title(process)} is not suspended")
        process.unpause()
        node.ledger.recorder.record("resumed", process.number, process.name)
        waiting = len(process.mailbox or ())
        return Done(
            at=now(), pid=pid_text(process.number), text=f"{title(process)} goes on, with {waiting} messages"
        )

    return on_loop(node, work, request.deadline_s)


def send(node: Node, request: Send) -> Done:
    """Send a message, made from plain JSON or for one of the behaviour's declared `accepts`."""
    if request.kind == "call":
        return _call(node, request)

    def work() -> Done:
        process = find(node, request.process)
        message = _message(process, request.message)
        deliver(process.pid, CAST if request.kind == "cast" else INFO, message)
        text = f"{request.kind} to {title(process)}: {type(message).__name__}"
        return Done(at=now(), pid=pid_text(process.number), text=clean(text))

    return on_loop(node, work, request.deadline_s)


def _call(node: Node, request: Send) -> Done:
    def begin() -> tuple[Process, Future[Any]]:
        process = find(node, request.process)
        coroutine = process.pid.call(_message(process, request.message), timeout=request.deadline_s)
        return process, asyncio.run_coroutine_threadsafe(coroutine, node.scheduler.loop)

    process, answer = on_loop(node, begin, request.deadline_s)
    try:
        value = answer.result(request.deadline_s + 1)
    except TimeoutError as error:
        answer.cancel()
        raise Failure(Code.TIMEOUT, clean(str(error)) or _busy(node)) from None
    except (CallError, NotSendable) as error:
        raise Failure(Code.REFUSED, clean(str(error))) from None
    except Exception as error:
        raise Failure(Code.REFUSED, f"{title(process)} answered with {type(error).__name__}") from None
    return Done(
        at=now(), pid=pid_text(process.number), text=f"{title(process)} answered", reply=walk(value).value
    )


def _message(process: Process, value: Any) -> Any:
    """The message that JSON stands for. Runs on the loop: validators are the message class's own code."""
    if not isinstance(value, dict) or "type" not in value:
        return value
    accepts: dict[str, type] = {kind.__name__: kind for kind in getattr(type(process.handle), "accepts", ())}
    name = value["type"]
    kind = accepts.get(name) if isinstance(name, str) else None
    if kind is None:
        legal = ", ".join(accepts) or "none: give its class `accepts = (…)`"
        raise Failure(
            Code.BAD_REQUEST,
            f"{title(process)} accepts no message of type {str(name)[:40]!r}; it accepts: {legal}",
        )
    fields = {key: item for key, item in value.items() if key != "type"}
    unknown = set(fields) - set(getattr(kind, "__pydantic_fields__", None) or _field_names(kind))
    if unknown:
        raise Failure(Code.BAD_REQUEST, f"{name} has no field {', '.join(sorted(unknown))[:100]}")
    try:
        return TypeAdapter(kind).validate_python(fields)
    except ValidationError as error:
        raise Failure(Code.BAD_REQUEST, f"{name}: {explain(error)}") from None


def _field_names(kind: type) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else []


def _spare_root(node: Node, process: Process) -> None:
    if process is node.root:
        raise Failure(Code.REFUSED, "the root supervisor is the node itself; stop the node instead")
