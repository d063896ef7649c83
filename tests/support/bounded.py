"""Processes with bounded mailboxes, and others that send to them."""

from __future__ import annotations

from typing import Any

import pytest

from runtime import MailboxFull, Node, Pid, Reply, Server
from tests.support.processes import quiet, serve

__all__ = ["SENDERS", "Blocks", "Drops", "Keeps", "Sends", "SendsAsync", "full", "resume"]


class Keeps(Server):
    """Keeps what it gets."""

    mailbox_limit = 2

    def init(self):
        return ()

    def handle_call(self, message, caller, seen):
        if isinstance(message, tuple):
            method, *arguments = message
            return Reply(getattr(self, method)(*arguments), seen)
        return Reply(seen, seen if message == "seen" else (*seen, message))

    def handle_cast(self, message, seen):
        return (*seen, message)

    def handle_info(self, message, seen):
        return (*seen, message)


class Drops(Keeps):
    mailbox_policy = "drop_oldest"


class Blocks(Keeps):
    mailbox_policy = "block"


class Sends(Server):
    """Casts to another what it is told to, plainly; and notes how far it has come."""

    def init(self, to):
        return (to, ())

    def handle_call(self, message, caller, state):
        return Reply(state[1], state)

    def handle_cast(self, messages, state):
        to, done = state
        for message in messages:
            try:
                to.cast(message)
            except MailboxFull:
                message = ("refused", message)  # noqa: PLW2901
            done = (*done, message)
        return (to, done)


class SendsAsync(Sends):
    async def handle_cast(self, messages, state):
        return Sends.handle_cast(self, messages, state)


SENDERS = pytest.mark.parametrize("sender", [Sends, SendsAsync])
"""For tests of what holds whether handlers are plain or async."""


async def full(node: Node, behaviour: Any) -> Pid:
    """A process that is suspended, and whose mailbox is full of 1 and 2."""
    pid = await serve(node, behaviour)
    pid._process.pause()
    pid.cast(1)
    pid.send(2)
    return pid


async def resume(pid: Pid) -> None:
    """Let it go on, until it has handled what had come."""
    pid._process.unpause()
    await quiet(pid._process.sched.node)
