"""Changes that an operator makes: posted to the loop, with a deadline.

connection's thread                     loop
on_loop(work, 5 s)  ── posted ──>       work()      result or Failure back
  not begun within 5 s: withdrawn       (never runs later)
  "the loop has been busy with <0.42.0> for 12 s" is the answer
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runtime import exits
from runtime.errors import CallError, NotSendable
from runtime.mailbox import CAST, INFO
from runtime.port.contract import Code, Done, Failure, Kill, Resume, Send, Suspend
from runtime.sending import deliver
from runtime.status import ENDED
from runtime.suspension import suspended

from .lookup import find, now, pid_text, title
from .making import message_from
from .posting import busy_with, on_loop
from .text import class_name, clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process

    from .shown import Shown

__all__ = ["kill", "resume", "send", "suspend"]


def kill(node: Node, request: Kill, by: str) -> Done:
    """Send an exit signal. What it does is `exits.signal`'s to say.

    Raises:
        Failure: there is no such process, it is the root, or the signal would do nothing.
    """

    def work() -> Done:
        process = find(node, request.process)
        _spare_root(node, process)
        if request.reason == "normal" and not process.trap_exits:
            raise Failure(
                Code.REFUSED, "an exit signal `normal` does nothing to a process that does not trap exits"
            )
        name = title(process)
        exits.signal(process, request.reason, None, f"key {by}")
        told = "was ended" if process.status == ENDED else "traps exits, and has been told"
        return _done(process, f"{name} {told}: {request.reason}")

    _free_the_loop(node, request)
    return on_loop(node, work, request.deadline_s)


def _free_the_loop(node: Node, request: Kill) -> None:
    """Where steps are not sliced, a process that holds the loop has to be interrupted before it can be killed."""
    watchdog, running = node.scheduler.mode.watchdog, node.scheduler.running
    if watchdog is None or running is None or request.reason == "normal":
        return
    with suppress(Failure):  # `work` will say it
        if find(node, request.process) is running:
            watchdog.kill(running)


def suspend(node: Node, request: Suspend) -> Done:
    """Let a process handle nothing more."""

    def work() -> Done:
        process = find(node, request.process)
        _spare_root(node, process)
        if suspended(process):
            raise Failure(Code.REFUSED, f"{title(process)} is already suspended")
        process.pause()
        node.ledger.recorder.record("suspended", process.number, process.name)
        return _done(process, f"{title(process)} is suspended")

    return on_loop(node, work, request.deadline_s)


def resume(node: Node, request: Resume) -> Done:
    """Let a suspended process go on."""

    def work() -> Done:
        process = find(node, request.process)
        if not suspended(process):
            raise Failure(Code.REFUSED, f"{title(process)} is not suspended")
        waiting = process.letters
        process.resume()
        node.ledger.recorder.record("resumed", process.number, process.name)
        return _done(
            process, f"{title(process)} goes on, with {waiting} message{'' if waiting == 1 else 's'} waiting"
        )

    return on_loop(node, work, request.deadline_s)


def send(node: Node, request: Send, shown: Shown) -> Done:
    """Send a message, made from plain JSON or for one of the behaviour's declared `accepts`.

    Raises:
        Failure: there is no such process, it accepts no such message, or a call got no answer.
    """
    if request.kind == "call":
        return _call(node, request, shown)

    def work() -> Done:
        process = find(node, request.process)
        message = message_from(process, request.message)
        try:
            deliver(process.pid, CAST if request.kind == "cast" else INFO, message)
        except CallError as error:  # its mailbox is bounded, and full
            raise Failure(Code.REFUSED, clean(str(error))) from None
        return _done(process, f"{request.kind} to {title(process)}: {class_name(type(message))}")

    return on_loop(node, work, request.deadline_s)


def _call(node: Node, request: Send, shown: Shown) -> Done:
    def begin() -> tuple[Process, Future[Any]]:
        process = find(node, request.process)
        message = message_from(process, request.message)
        call = process.pid.call(message, timeout=request.deadline_s)
        return process, asyncio.run_coroutine_threadsafe(call, node.scheduler.loop)

    process, answer = on_loop(node, begin, request.deadline_s)
    try:
        value = answer.result(request.deadline_s + 1)
    except TimeoutError as error:
        answer.cancel()
        raise Failure(Code.TIMEOUT, clean(str(error)) or f"{busy_with(node)}; the call was sent") from None
    except (CallError, NotSendable) as error:
        raise Failure(Code.REFUSED, clean(str(error))) from None
    reply = shown.one(process, value).value
    return Done(at=now(), pid=pid_text(process.number), text=f"{title(process)} answered", reply=reply)


def _done(process: Process, text: str) -> Done:
    return Done(at=now(), pid=pid_text(process.number), text=clean(text))


def _spare_root(node: Node, process: Process) -> None:
    if process is node.root:
        raise Failure(Code.REFUSED, "the root supervisor is the node itself; stop the node instead")
