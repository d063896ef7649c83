"""Hostile and unlucky code, one small system for each row of the README's table, and what its neighbours see of it.

python -m tests.support.hostile NAME     runs one in a node of its own, and prints what was seen as JSON

hostile      is sent "go"; killed after a quarter of a second, unless it ends by itself
neighbour    a coroutine process: sleeps for 2 ms and calls a server, again and again
watcher      is linked to the hostile process and monitors it; kills it when it is told to
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import queue
import re
import sqlite3
import statistics
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import ClassVar

from runtime import Down, Exit, Node, Pid, Reply, Server
from tests.support.eventually import eventually
from tests.support.processes import serve

__all__ = ["SYSTEMS", "Seen", "System"]


@dataclass(frozen=True)
class Seen:
    """What was seen of one system.

    Attributes:
        typical: seconds that the neighbour's sleep and call came late, at the median.
        longest: the longest of these.
        held: seconds of the call of C code, or of the wait for a lock, that the system has measured itself; 0 without one.
        parks: how many times a step was parked.
        interrupts: how many steps were interrupted.
        rescues: slices that were lent from within a blocked call of the host.
        reason: why the hostile process ended.
        told: whether its link and its monitor were told.
        killed_late: seconds from the moment when it was to be killed until it was.
        zombie: whether its code was left standing.
        found: what the system has found out itself.
    """

    typical: float
    longest: float
    held: float
    parks: int
    interrupts: int
    rescues: int
    reason: str
    told: bool
    killed_late: float
    zombie: bool
    found: str


class Things:
    """What the processes of a system share, against all advice."""

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.told: set[type] = set()
        self.held = 0.0
        self.found = ""
        self.lock = threading.Lock()
        self.again = threading.RLock()
        self.inside = 0
        self.done = 0
        self.reading, self.writing = os.pipe()
        self.database = sqlite3.connect(":memory:")
        self.database.execute("create table items (item text)")

    @contextlib.contextmanager
    def timed(self):
        """Measure one call."""
        began = time.perf_counter()
        yield
        self.held = time.perf_counter() - began

    def close(self) -> None:
        """Nobody reads the pipe any more."""
        self.database.close()
        os.close(self.reading)


class System(Server):
    """One row: `go` is what the hostile process does.

    Attributes:
        code: what it is, as the table names it.
        instead: what the table advises.
        killed_after: seconds; None for what ends by itself.
    """

    code: ClassVar[str] = ""
    instead: ClassVar[str] = ""
    killed_after: ClassVar[float | None] = 0.25

    def init(self):
        return ()

    def handle_cast(self, message, state):
        self.go(self.resource(Things))
        return state

    def handle_call(self, message, caller, state):
        return Reply(message, state)

    def go(self, things: Things) -> None:
        raise NotImplementedError

    @classmethod
    async def beside(cls, node: Node, things: Things) -> None:
        """What else takes part, while it runs."""

    @classmethod
    async def after(cls, node: Node, things: Things) -> None:
        """What is looked at when it has ended."""


def spin(seconds: float = 1e9) -> None:
    """Compute, in Python."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


async def another(node: Node, system: type[System]) -> None:
    """A second process that goes too."""
    (await serve(node, system)).cast("go")


# --- loops ----------------------------------------------------------------------------------------


class EndlessLoop(System):
    code = "an endless loop in a handler"
    instead = "nothing: that is what slices are for"

    def go(self, things):
        while True:
            pass


class EndlessLoopInAnAsyncHandler(System):
    code = "… in an `async` handler, or a coroutine process"
    instead = "the same"

    @classmethod
    async def beside(cls, node, things):
        async def loops(process):
            while True:
                pass

        node.spawn(loops)

    async def handle_cast(self, message, state):
        while True:
            pass


class SwallowsExceptions(System):
    code = "a loop that swallows `except Exception`"
    instead = "nothing: what ends it is no `Exception`"

    def go(self, things):
        while True:
            try:
                spin()
            except Exception:
                continue


class SwallowsEverything(System):
    code = "a loop that swallows `except BaseException`"
    instead = "`except Exception`, or `raise` again"

    def go(self, things):
        while True:
            try:
                spin()
            except BaseException:
                continue


class SpinsInFinally(System):
    code = "a `finally` that spins"
    instead = "clean up in a supervisor or a monitor"

    def go(self, things):
        try:
            spin()
        finally:
            spin()


class Spinner:
    def __del__(self):
        spin()


class SpinsInDel(System):
    code = "a `__del__` that spins"
    instead = "`with`"

    def go(self, things):
        Spinner()


class SpinsInManyDels(System):
    code = "a list of objects whose `__del__` spins"
    instead = "`with`: the interpreter swallows what is raised in a `__del__`, and goes on to the next"

    def go(self, things):
        [Spinner() for _ in range(100)].clear()


# --- waiting --------------------------------------------------------------------------------------


class Sleeps(System):
    code = "`time.sleep(60)`, a blocking `recv`, `subprocess.run`"
    instead = "`self.wait(asyncio.sleep(60))` costs nobody anything"

    def go(self, things):
        time.sleep(60)


class WaitsInAQueue(System):
    code = (
        "a wait in `threading` or `queue`: `queue.get()`, `event.wait()`, `thread.join()`, `future.result()`"
    )
    instead = "`self.wait(asyncio.to_thread(queue.get))`"

    def go(self, things):
        queue.Queue().get()


class SlowPipe(System):
    code = "a write to a slow pipe"
    instead = "a file belongs to one process; see to what `os.write` returns"

    def go(self, things):
        with os.fdopen(things.writing, "wb") as pipe:
            pipe.write(bytes(10_000_000))


class PrintsToASlowPipe(System):
    code = "a `print` to a slow pipe"
    instead = "`logging` with a `QueueHandler`"

    def go(self, things):
        print("x" * 10_000_000)


# --- locks ----------------------------------------------------------------------------------------


class SpinsWithALock(System):
    code = "a `Lock` that another process wants, held while spinning"
    instead = "hold it briefly, or let one process own what it guards"

    def go(self, things):
        with things.lock:
            spin()

    @classmethod
    async def beside(cls, node, things):
        await another(node, WantsTheLock)

    @classmethod
    async def after(cls, node, things):
        await eventually(lambda: things.done)
        things.found = "then the other has the lock"


class WantsTheLock(System):
    def go(self, things):
        with things.lock:
            things.done += 1


class SharesALockWithTheHost(System):
    code = "a `Lock` that the host's own code wants on the loop"
    instead = "hold it inside `with self.critical():`"
    killed_after = None

    def go(self, things):
        with things.lock:
            things.inside = 1
            spin(0.1)
            things.inside = 0

    @classmethod
    async def beside(cls, node, things):
        await eventually(lambda: things.inside)
        with things.timed(), things.lock:
            things.found = "" if things.inside else "the holder goes on meanwhile, and the host gets the lock"


class SharesAnRLock(System):
    code = "an `RLock` shared by two processes"
    instead = "`threading.Lock`; an `RLock` belongs to the thread, which they share"
    killed_after = None

    def go(self, things):
        with things.again:
            things.inside += 1
            if things.inside == 2:
                things.found = "both are inside"
            spin(0.05)
            things.inside -= 1
        things.done += 1

    @classmethod
    async def beside(cls, node, things):
        await another(node, SharesAnRLock)
        await eventually(lambda: things.done == 2)


class StaysCritical(System):
    code = "a loop inside `with self.critical():`"
    instead = "only what is short"

    def go(self, things):
        with self.critical():
            spin()


class SharesAConnection(System):
    code = "one sqlite connection in two processes"
    instead = "one process that owns it, and that the others call"
    killed_after = None

    def go(self, things):
        things.database.execute("insert into items values ('mine')")
        things.inside = 1
        spin(0.05)
        things.database.commit()
        things.done = 1

    @classmethod
    async def beside(cls, node, things):
        await eventually(lambda: things.inside)
        await another(node, RollsBack)
        await eventually(lambda: things.done)
        if not things.database.execute("select item from items").fetchall():
            things.found = "the `rollback` of one undoes the `insert` of the other"


class RollsBack(System):
    def go(self, things):
        things.database.rollback()


# --- C code ---------------------------------------------------------------------------------------


class CatastrophicRegex(System):
    code = "a catastrophic regular expression"
    instead = "nothing: `re` looks up now and then"

    def go(self, things):
        re.match(r"(a+)+$", "a" * 60 + "b")


class HugeIntegers(System):
    code = "huge integers: `3 ** 10**9`"
    instead = "nothing: integers look up now and then"

    def go(self, things):
        3 ** (10**9)


class LongCLoop(System):
    code = "a long loop in C: `sum(range(10**9))`"
    instead = "cut it in pieces, or give its process `isolated=True`"
    killed_after = 0.05

    def go(self, things):
        with things.timed():
            sum(range(20_000_000))


class LongStatement(System):
    code = "a long SQL statement, or any C code that never looks up"
    instead = "`connection.set_progress_handler(lambda: 0, 1000)`; `thread=True`, where it frees the GIL, else `isolated=True`"
    killed_after = 0.05
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 2000000) select sum(x) from n"

    def go(self, things):
        with things.timed():
            things.database.execute(self.endless).fetchone()


class LongStatementWithProgress(LongStatement):
    code = "… with such a progress handler"
    instead = "that is it"

    def go(self, things):
        things.database.set_progress_handler(lambda: 0, 1000)
        things.database.execute(self.endless.replace("2000000", "2000000000")).fetchone()


SYSTEMS: dict[str, type[System]] = {
    system.__name__: system
    for system in list(globals().values())
    if isinstance(system, type) and issubclass(system, System) and system.code
}
"""In the order of the table."""


# --- those who look on ----------------------------------------------------------------------------


async def neighbour(process, server: Pid) -> None:
    """Sleeps for 2 ms and calls a server, again and again."""
    delays = process.resource(Things).delays
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.002)
        await server.call("there?", timeout=None)
        delays.append(time.perf_counter() - began - 0.002)


async def watcher(process, hostile: Pid) -> None:
    """Linked to the hostile process, and monitoring it; told to, it kills it."""
    told = process.resource(Things).told
    process.trap_exits = True
    process.monitor(hostile)
    process.link(hostile)
    while len(told) < 2:
        message = await process.receive()
        if isinstance(message, Down | Exit):
            told.add(type(message))
        else:
            process.exit(hostile, message)


async def observe(system: type[System]) -> Seen:
    """Run one system, and see what becomes of it and of its neighbours."""
    things = Things()
    if system is PrintsToASlowPipe:
        sys.stdout = os.fdopen(things.writing, "w")
    async with Node("hostile", resources={Things: things}, introspection=False) as node:
        workers, slicer = node.scheduler.workers, node.scheduler.mode.slicer
        hostile = await serve(node, system)
        process = hostile._process
        node.spawn(neighbour, await serve(node, System))
        watching = node.spawn(watcher, hostile)
        await eventually(lambda: len(things.delays) > 5)
        things.delays.clear()

        hostile.cast("go")
        due = time.perf_counter() + (system.killed_after or 0.0)
        if system.killed_after is not None:
            asyncio.get_running_loop().call_at(
                asyncio.get_running_loop().time() + system.killed_after, watching.send, "kill"
            )
        await asyncio.sleep(0)
        await system.beside(node, things)
        if system.killed_after is None:
            await eventually(lambda: process.current is None and not process.letters)
            due = time.perf_counter()
            watching.send("kill")
        await eventually(lambda: not hostile.alive)
        killed_late = time.perf_counter() - due
        await eventually(lambda: things.delays and len(things.told) == 2)
        delays = list(things.delays)
        counters = slicer.parks, slicer.interrupts, slicer.rescues
        await eventually(lambda: all(worker.process is not process for worker in workers.parked))
        await system.after(node, things)
        zombie = any(zombie.process is process for zombie in workers.zombies)
        reason = process.reason if isinstance(process.reason, str) else repr(process.reason)
        told = things.told == {Down, Exit}
    return Seen(
        statistics.median(delays), max(delays), things.held, *counters, reason, told, killed_late, zombie, things.found
    )  # fmt: skip


def main(name: str) -> None:
    """Run one, and print what was seen."""
    answer = os.dup(1)
    seen = asyncio.run(observe(SYSTEMS[name]))
    os.write(answer, json.dumps(asdict(seen)).encode())
    os._exit(0)  # what has been left in the buffer of a full pipe is not worth waiting for


if __name__ == "__main__":
    main(sys.argv[1])
