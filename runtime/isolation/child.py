"""The program of an isolated OS process: fences first, then the host's modules, then a node with one process in it.

It ends when that process has ended, or when the node outside has.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import socket
import traceback
from functools import partial
from multiprocessing import spawn
from typing import TYPE_CHECKING, Any, Final

from .. import exits
from ..code import lent
from ..coroutine import CoroutineHandle
from ..crash import report
from ..pid import NODE, count_refs_from
from ..status import ENDED
from ..trace.stories import OUTSIDE, HandedOn
from . import eyes
from .codec import loads
from .ending import BROKEN, OUT_OF_MEMORY
from .fences import set_limits, tie_to_parent
from .guests import GuestCoroutine, GuestMachine, GuestNode, GuestServer
from .home import ANSWER_S, Forwarder, Home
from .wire import Pipe

if TYPE_CHECKING:
    from ..process import Process

__all__ = ["main"]

_KINDS: Final[dict[str, type[Any]]] = {
    "server": GuestServer,
    "machine": GuestMachine,
    "coroutine": GuestCoroutine,
}


def main(parent: int, fds: list[int]) -> None:
    """Run. The file descriptors are those of `launch.start`."""
    tie_to_parent(parent)
    talk, questions, sight = (socket.socket(fileno=fd) for fd in fds[:3])
    asked = Pipe(questions)
    first, second = asked.receive(), asked.receive()
    if first is None or second is None:
        return
    setup = pickle.loads(first)
    guests: list[Process] = []
    set_limits(setup["limits"], fds[3], lambda: "".join(map(_where_it_stands, guests)))
    try:
        lent.borrow(setup["code"], partial(_source_of, asked))
        spawn.prepare(setup["preparation"])
        asyncio.run(_live(setup, second, talk, asked, Pipe(sight), guests))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception:
        traceback.print_exc()
        os._exit(BROKEN)


def _source_of(asked: Pipe, module: str) -> Any:
    """Ask the node for the source that it runs; the answers to other questions are not waited for any more."""
    with asked.lock:
        asked.send(pickle.dumps((module, "source", module)))
        while (body := asked.receive(ANSWER_S)) is not None:
            about, kind, found = pickle.loads(body)
            if about == module:
                return found if kind == "source" else None
    return None


def _where_it_stands(guest: Process) -> str:
    """The stack of a step that is parked; empty while there is none."""
    worker = guest.parked()
    frame = worker.leaf.gr_frame if worker is not None else None
    if frame is None:
        return ""
    lines = "".join(traceback.format_stack(frame))
    return f"Stack of the handler, which had used up its slice (most recent call last):\n{lines}"


async def _live(
    setup: dict[str, Any],
    begin: bytes,
    talk: socket.socket,
    asked: Pipe,
    sight: Pipe,
    guests: list[Process],
) -> None:
    number: int = setup["number"]
    count_refs_from(number * NODE + 1)
    async with GuestNode(
        setup["node"], number, setup["name"], time_slicing=setup["slicing"], flight=setup["flight"]
    ) as node:
        story = setup["story"]
        OUTSIDE.set(HandedOn(story) if story is not None else None)
        guest = node.make_guest(_KINDS[setup["kind"]], CoroutineHandle)
        guests.append(guest)
        if isinstance(guest, GuestCoroutine):
            guest.function = _nothing
        node.home = home = Home(node, guest, asked, setup["counters"])
        home.telling.came(story)
        home.telling.listen(setup["listen"])
        home.connect(talk)
        _log_to(home, setup["level"])
        eyes.open_on(node, sight)
        try:
            _furnish(guest, *loads(begin, home))
        except BaseException as error:  # a module of the user's that cannot be imported
            exits.end(guest, error, crash=report(guest, error, error))
        await node.until_started(guest)
        if guest.status != ENDED:
            home.frame("started")
        await home.over


def _furnish(
    guest: Any, behaviour: Any, args: tuple[Any, ...], options: dict[str, Any], supervisor: Process | None
) -> None:
    """Let the guest be what it is to be, and begin."""
    if supervisor is not None:
        guest.more().parent = supervisor
    if isinstance(guest, GuestServer | GuestMachine):
        handle = object.__new__(behaviour)
        object.__setattr__(handle, "_process", guest)
        guest.handle = handle
        guest.begin(args, options)
    else:
        guest.given = args, options
        guest.begin(behaviour, args, options)


async def _nothing(_process: Any) -> None:
    """What a guest runs before it is known what it runs."""


def _log_to(home: Home, level: int) -> None:
    root = logging.getLogger()
    root.setLevel(level)
    root.addHandler(Forwarder(home))
