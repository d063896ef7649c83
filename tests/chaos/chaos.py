"""Chaos: a town under load in which random processes are killed, crash, spin, leak, are flooded and suspended.

chaos(seed, cells, seconds) ──> Found

throughout   a message to a living process is neither lost nor delivered twice, and those of one sender keep their order;
             every end is told exactly once by each link, each monitor and the monitor of the group, and for all with one
             reason; an answer is the one to the question
at the end   everybody who should lives, under its key and in its group; nothing stands still, waits, is owed or lingers; no
             task, no thread, no step is left; the counters of the node and of its children agree with what was done; memory
             was flat
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from runtime import ChildSpec, Node, Pid, Supervisor
from runtime.exits import signal
from runtime.log import KEPT as EVENTS_KEPT
from runtime.preemption.worker import Worker
from runtime.process import Process
from runtime.status import IDLE
from runtime.supervision.child import KEPT
from tests.chaos.cells import ADDRESSES, TOWN, AsyncCell, Cell, Registrar
from tests.chaos.world import World

__all__ = ["Found", "chaos"]

HOUSES = 20
TURN_S = 0.002
SETTLE_S = 30.0
LEAK = 100_000
NEVER = 10**9


@dataclass
class Found:
    """What a run came to.

    Attributes:
        seed: what it was drawn from.
        world: what was sent, told, done.
        wrong: what must not be.
        memory: resident bytes, about once a second.
        seconds: how long it took.
        handled: messages that were handled.
        parks: steps that were parked.
    """

    seed: int
    world: World
    wrong: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    seconds: float = 0.0
    handled: int = 0
    parks: int = 0

    @property
    def growth(self) -> float:
        """Memory of the last fifth of the run beside that of the third: their medians' ratio."""
        fifth = len(self.memory) // 5
        if not fifth:
            return 1.0
        early, late = sorted(self.memory[2 * fifth : 3 * fifth]), sorted(self.memory[-fifth:])
        return late[fifth // 2] / early[fifth // 2]


def chaos(seed: int, cells: int = 1000, seconds: float = 10.0, *, aged: bool = False) -> Found:
    """Run it on a loop of its own. `aged`: in a town whose history is full already, so that memory is flat from the start."""
    return asyncio.run(_chaos(seed, cells, seconds, aged=aged))


async def _chaos(seed: int, cells: int, seconds: float, *, aged: bool) -> Found:
    world = World(seed)
    found = Found(seed, world)
    logging.getLogger("observer").setLevel(logging.CRITICAL)  # crashes are what this is about
    threads, tasks = threading.active_count(), len(asyncio.all_tasks())
    began = time.monotonic()
    async with Node("chaos", introspection=False, resources={"world": world}) as node:
        node.resources["registrar"] = await node.start(ChildSpec("registrar", Registrar))
        houses = [_house(number, cells // HOUSES) for number in range(HOUSES)]
        await node.start(Supervisor(houses, name="town", max_restarts=NEVER))
        idle = len(asyncio.all_tasks())
        for _ in range(KEPT if aged else 0):
            await _age(node, world)
        await _trouble(node, world, seconds, found)
        if await _settled(node):
            world.settle()
        else:
            world.fail(f"still at work {SETTLE_S:g} s after the last order: {_busy(node)[:5]}")
        _checks(node, world, cells, idle)
        found.handled = node.scheduler.handled
        found.parks = node.scheduler.mode.slicer.parks if node.scheduler.mode.slicer is not None else 0
    if threading.active_count() > threads or len(asyncio.all_tasks()) > tasks:
        world.fail(f"left behind: {threading.enumerate()}, {asyncio.all_tasks()}")
    logging.getLogger("observer").setLevel(logging.NOTSET)
    found.wrong, found.seconds = world.wrong, time.monotonic() - began
    return found


def _house(number: int, cells: int) -> ChildSpec:
    kinds = (Cell, AsyncCell)
    children = [ChildSpec((number, place), kinds[place % 2], register=ADDRESSES) for place in range(cells)]
    return ChildSpec(f"house-{number}", Supervisor(children, max_restarts=NEVER))


async def _age(node: Node, world: World) -> None:
    """Let every cell crash once: a place remembers its last ends, and the last crash."""
    for pid in list(world.cells.values()):
        _tell(world, pid, "crash")
    await _settled(node)


async def _trouble(node: Node, world: World, seconds: float, found: Found) -> None:
    """Give orders, and bring trouble, until the time is over."""
    end = time.monotonic() + seconds
    measured = 0.0
    cells_at_work = len(world.cells) // 2
    suspended: list[tuple[float, Pid]] = []
    while (now := time.monotonic()) < end:
        for _ in range(20):
            _order(world, world.anybody())
        _bring(node, world, suspended, now)
        while suspended and (suspended[0][0] <= now):
            _resume(suspended.pop(0)[1])
        if now - measured >= 1.0:
            measured = now
            found.memory.append(_rss())
        await asyncio.sleep(
            TURN_S if len(_busy(node)) < cells_at_work else 10 * TURN_S
        )  # load, and no avalanche
    for _, pid in suspended:
        _resume(pid)


def _order(world: World, pid: Pid) -> None:
    """Ordinary work."""
    rng = world.random
    kind = rng.choices(("send", "ask", "watch", "link"), (10, 5, 3, 2))[0]
    world.done[kind] += 1
    match kind:
        case "send":
            order: tuple[object, ...] = ("send", rng.randrange(1, 8))
        case "ask":
            order = ("ask", world.anybody(), rng.randrange(10**9))
        case _:
            order = (kind, world.anybody())
    _tell(world, pid, order)


def _bring(node: Node, world: World, suspended: list[tuple[float, Pid]], now: float) -> None:
    """Trouble for one."""
    rng, pid = world.random, world.anybody()
    kinds = ("kill", "stop", "crash", "spin", "leak", "flood", "suspend", "none")
    kind = rng.choices(kinds, (6, 2, 4, 4, 3, 1, 3, 10))[0]
    world.done[kind] += 1
    match kind:
        case "kill":
            signal(pid._process, "kill")
        case "crash" | "stop":
            _tell(world, pid, kind)
        case "spin":
            _tell(world, pid, ("spin", rng.uniform(0.001, 0.02)))
        case "leak":
            _tell(world, pid, ("leak", LEAK))
            if rng.random() < 0.5:  # and whoever leaks, is killed for it now and then
                signal(world.anybody()._process, "kill")
        case "flood":
            _tell(world, world.anybody(), ("flood", pid, 300))
        case "suspend":
            process = pid._process
            if process.alive and not process.suspend:
                process.pause()
                suspended.append((now + 0.05, pid))


def _tell(world: World, pid: Pid, order: object) -> None:
    if not pid.alive:
        world.dead += 1
    pid.cast(order)


def _resume(pid: Pid) -> None:
    if pid.alive:
        pid._process.unpause()


def _busy(node: Node) -> list[Process]:
    """Who has something to do."""
    return [process for process in node.table if process.status != IDLE or process.mailbox]


async def _settled(node: Node) -> bool:
    """Wait until nobody has anything to do."""
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        await asyncio.sleep(0.01)
        if not _busy(node) and not node.scheduler.queue:
            return True
    return False


def _checks(node: Node, world: World, cells: int, idle: int) -> None:
    """What must hold once nothing is under way."""
    sched = node.scheduler
    living = len(node.table)
    expected = {
        "cells": (len(world.cells), cells // HOUSES * HOUSES),
        "processes": (living, cells // HOUSES * HOUSES + HOUSES + 3),
        "restarts that the node counts": (node.ledger.restarts, world.deaths),
        "crashes that the node counts": (
            node.ledger.crashed,
            _clamped(node.ledger.crashed, world.crashes, world.unknown),
        ),
        "messages that the cells count": (
            sum(counters["taken"] for counters in node.ledger.counters.values()),
            world.taken,
        ),
        "living under keys": (sum(pid.alive for _, pid, _ in ADDRESSES.select(node)), len(world.cells)),
        "entries under keys": (ADDRESSES.count(node), len(world.cells)),
        "members": ({pid.number for pid in TOWN.get_members(node, "cells")}, set(world.cells)),
        "members that their monitor knows": (world.members, set(world.cells)),
        "messages to the dead that the node counts": (sched.dead_letters, world.dead),
        "steps that stand still": (len(sched.standing) + len(sched.workers.parked), 0),
        "answers owed": (len(sched.owed), 0),
        "calls in flight": (len(sched.waits.calls) + len(sched.waits.blocked), 0),
        "exit signals under way": (len(sched.signals), 0),
        "cancelled tasks": (len(sched.lingering), 0),
        "zombies": (len(sched.workers.zombies), 0),
        "tasks": (len(asyncio.all_tasks()), idle),
        "depth": (sched.depth, 0),
    }
    for what, (is_, should) in expected.items():
        if is_ != should:
            world.fail(f"{what}: {is_}, and should be {should}")
    gc.collect()
    objects = gc.get_objects()
    processes = sum(issubclass(type(it), Process) and it.sched is sched for it in objects)
    if processes > EVENTS_KEPT * living:  # the last messages of those that live name some that have ended
        world.fail(f"{processes} records of processes are kept, and {living} live")
    workers = sum(type(it) is Worker and it.workers is sched.workers for it in objects)
    if sched.sliced and workers > len(sched.workers.pool) + 5:  # type: ignore[attr-defined]
        world.fail(f"{workers} greenlets, and {len(sched.workers.pool)} of them idle")  # type: ignore[attr-defined]


def _clamped(number: int, least: int, span: int) -> int:
    """The nearest to `number` from `least` on, `span` above it at most."""
    return max(least, min(number, least + span))


def _rss() -> int:
    """Resident bytes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
