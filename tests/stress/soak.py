"""One stress run: clients give jobs to the crew until there have been enough switches, then everything is counted.

    clients ── jobs ──> crew (every form) ──> town ; meanwhile: kills, crashes, suspensions, the host takes locks

It looks for wrong results, for wake-ups that are lost (a job without an answer), for anything that reaches the event loop, and
for what is left behind. A seed names the jobs; when they are switched is the timer's affair, and differs each time.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from runtime import CallError, ChildSpec, Node, Pid
from runtime.preemption import guards, slicer, ticker
from runtime.preemption.worker import Killed
from runtime.status import ENDED, IDLE, RECEIVING, STATUSES
from tests.stress.crew import FORMS, Done, Job, Victim, runs_in
from tests.stress.kit import WORKLOADS
from tests.stress.town import reaper, suspends, town
from tests.stress.workloads.traffic import TILLS

__all__ = ["Outcome", "soak"]

DEADLINE_S = 20.0
"""Seconds for a job of some milliseconds; without an answer by then, its wake-up has been lost."""
SLICE_S = 0.0003
"""Seconds of a slice here: many switches in little time."""
EACH = 2
"""Processes of each form."""
CLIENTS = 3
"""Jobs that are asked of each form at a time."""


@dataclass
class Outcome:
    """What a run has found.

    Attributes:
        switches: how often a step was parked.
        interrupts: how many steps were interrupted where they could not be parked.
        rescues: slices that were lent to free a lock that the host waited for.
        kills: processes that were killed or crashed.
        jobs: how often each workload was done, by form.
        wrong: wrong results, each with its job.
        lost: jobs that got no answer.
        broken: what reached the event loop, or was left behind.
        seconds: how long it took.
    """

    switches: int = 0
    interrupts: int = 0
    rescues: int = 0
    kills: int = 0
    jobs: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not (self.wrong or self.lost or self.broken)

    def troubles(self) -> str:
        """What was found, in words; the first three of each sort."""
        return "\n".join(
            f"{sort}: {text}"
            for sort, texts in (("WRONG", self.wrong), ("LOST", self.lost), ("BROKEN", self.broken))
            for text in texts[:3]
        )


def soak(
    *, seed: int, switches: int, seconds: float, loop: str = "asyncio", workloads: list[str] | None = None
) -> Outcome:
    """Run until there were `switches`, `seconds` at most.

    Args:
        seed: names the jobs.
        switches: how many are enough.
        seconds: when to stop all the same.
        loop: "asyncio" or "uvloop". Optional. Defaults to asyncio.
        workloads: the names of those to run. Optional. Defaults to all.
    """
    factory: Any = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    threads, outcome = set(threading.enumerate()), Outcome()
    with _slices_of(SLICE_S), _unraisable(outcome), _quiet(), asyncio.Runner(loop_factory=factory) as runner:
        run = _Run(Random(seed), outcome, sorted(workloads or WORKLOADS))
        runner.run(run.run(switches, seconds))
        gc.collect()
    for thread in set(threading.enumerate()) - threads:
        outcome.broken.append(f"a thread is left: {thread}")
    return outcome


class _Run:
    """The host's side of one run."""

    def __init__(self, rng: Random, outcome: Outcome, workloads: list[str]) -> None:
        self.rng, self.outcome, self.workloads = rng, outcome, workloads
        self.box = Counter[str]()
        self.over = False

    async def run(self, switches: int, seconds: float) -> None:
        """Everything, from the start of the node to the search for leftovers."""
        loop, outcome = asyncio.get_running_loop(), self.outcome
        loop.set_exception_handler(
            lambda _loop, context: outcome.broken.append(f"reached the loop: {context!r}")
        )
        tasks, began = asyncio.all_tasks(), time.monotonic()
        resources = {
            "lock": threading.Lock(), "box": self.box, "asyncio-lock": asyncio.Lock(), "queue": asyncio.Queue(3)
        }  # fmt: skip
        async with Node("stress", resources=resources, introspection=False) as node:
            if not node.preemption.startswith("time-slicing"):
                raise SystemExit(f"nothing to be stressed here; {node.preemption}")
            mode = node.scheduler.mode
            crew = await self._start(node)
            reapers = [node.spawn(reaper, None, self.rng.getrandbits(32)) for _ in range(2)]
            beside = [asyncio.create_task(work) for work in (
                suspends(node, Random(self.rng.getrandbits(32)), [pid for pids in crew.values() for pid in pids]),
                self._lock(resources["lock"]),
            )]  # fmt: skip
            clients = [
                asyncio.create_task(self._client(form, crew[form], Random(self.rng.getrandbits(32))))
                for form in FORMS for _ in range(CLIENTS)
            ]  # fmt: skip
            while mode.slicer.parks < switches and time.monotonic() - began < seconds:  # noqa: ASYNC110 - a counter
                await asyncio.sleep(0.01)
            self.over = True
            await asyncio.gather(*clients)
            for task in beside:
                task.cancel()
            for pid in reapers:
                if not pid.alive:
                    outcome.wrong.append(f"a reaper has ended: {pid._process.reason!r}")
                node.root.handle.exit(pid, "shutdown")
            await self._settle(node, crew)
            await self._audit(node)
            outcome.kills = self.box["kills"]
            scheduler = node.scheduler
        outcome.switches, outcome.interrupts = mode.slicer.parks, mode.slicer.interrupts
        outcome.rescues, outcome.seconds = mode.slicer.rescues, time.monotonic() - began
        await self._leftovers(scheduler, tasks)

    async def _start(self, node: Node) -> dict[str, list[Pid]]:
        await node.start(town())
        return {
            form: [await node.start(ChildSpec(f"{form}-{n}", kind, restart="temporary")) for n in range(EACH)]
            for form, kind in FORMS.items()
        }

    async def _client(self, form: str, crew: list[Pid], rng: Random) -> None:
        """One job after the other, for one form."""
        fitting = [name for name in self.workloads if runs_in(name, form)]
        while not self.over:
            job = Job(rng.choice(fitting), rng.getrandbits(40))
            pid, what = rng.choice(crew), f"{job.workload} in form {form}, seed {job.seed}"
            try:
                answer = await pid.call(job, timeout=DEADLINE_S)
            except CallError as error:
                self.outcome.lost.append(f"{what}: {error!r}; {_stack(pid)}")
                self.over = True
                return
            self.outcome.jobs[job.workload, form] += 1
            if answer != Done(job.seed):
                self.outcome.wrong.append(f"{what}: {getattr(answer, 'text', answer)}")

    async def _lock(self, lock: threading.Lock) -> None:
        """The host wants the lock of the steps, on the loop's own stack."""
        while True:
            with lock:
                self.box["got"] += 1
            self.box["lock-uses"] += 1
            await asyncio.sleep(0.1)

    async def _settle(self, node: Node, crew: dict[str, list[Pid]]) -> None:
        """When nothing is asked any more, nobody has anything left to do."""
        deadline = time.monotonic() + DEADLINE_S
        while (
            busy := [
                process
                for process in node.table
                if process.status not in {IDLE, RECEIVING, ENDED} or process.mailbox
            ]
            or node.scheduler.workers.parked
        ):
            if time.monotonic() > deadline:
                self.outcome.lost += [f"{item!r} does not come to rest: {_stack_of(item)}" for item in busy]
                return
            for process in list(node.table):  # they work until somebody kills them
                if isinstance(process.handle, Victim) and process.status != IDLE:
                    node.root.handle.exit(process.pid, "kill")
            await asyncio.sleep(0.02)

    async def _audit(self, node: Node) -> None:
        """The sums are right."""
        box, counted, wrong = self.box, 0, self.outcome.wrong
        for name in TILLS:
            disorder, total = await node.named(name).call("audit")
            counted += total - disorder
            if disorder:
                wrong.append(f"{name} got {disorder} messages out of order")
        pairs = {
            "messages counted, sent": (counted, box["paid"]),
            "increments under a lock": (box["got"], box["lock-uses"]),
            "increments under an asyncio.Lock": (box["awaited"], box["asyncio-lock-uses"]),
            "increments in critical sections": (box["critical"], box["critical-uses"]),
            "sum taken from a queue, put": (box["taken"], box["put"]),
        }
        wrong += [f"{what}: {one} instead of {other}" for what, (one, other) in pairs.items() if one != other]

    async def _leftovers(self, scheduler: Any, tasks: set[Any]) -> None:
        """After `stop` nothing is left."""
        broken = self.outcome.broken
        await asyncio.sleep(0.05)  # what was left to the loop (generators that nobody closed) is done
        gone = {
            "tasks": asyncio.all_tasks() - tasks,
            "zombies": scheduler.workers.zombies,
            "parked steps": list(scheduler.workers.parked),
            "workers in the middle of a step": [w for w in scheduler.workers.made if w and not w.dead],
            "a running process": scheduler.running,
            "steps aside": scheduler.workers.aside,
            "depth": scheduler.depth,
            "ticker": ticker.ticker.pace,
        }
        broken += [f"left behind: {what}: {items!r}" for what, items in gone.items() if items]
        for number in range(signal.SIGRTMIN, signal.SIGRTMAX + 1):
            if signal.getsignal(number) != signal.SIG_DFL:
                broken.append(f"a handler is left for signal {number}")


def _stack(pid: Pid) -> str:
    return _stack_of(pid._process)


def _stack_of(process: Any) -> str:
    """Where a process stands, for who has to find out why."""
    status = STATUSES[getattr(process, "status", ENDED)]
    standing = process.sched.standing.get(process, ())
    return f"{status}, workers {[(w.queued, w.turn, w.awaited) for w in standing]}, task {getattr(process, 'task', None)!r}"


@contextmanager
def _slices_of(seconds: float) -> Iterator[None]:
    """Other slices than of a millisecond; what the guards hold, they hold for the usual time."""
    usual, hold = ticker.FAST_S, guards.BRIEF
    readers = [module for module in list(sys.modules.values()) if getattr(module, "FAST_S", None) == usual]
    for module in readers:
        module.FAST_S = seconds
    for module in (guards, slicer):
        module.BRIEF = round(hold * usual / seconds)
    try:
        yield
    finally:
        for module in readers:
            module.FAST_S = usual
        for module in (guards, slicer):
            module.BRIEF = hold


@contextmanager
def _quiet() -> Iterator[None]:
    """Crashes are wanted here; those that are not stand in the outcome."""
    log = logging.getLogger("observer")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def _unraisable(outcome: Outcome) -> Iterator[None]:
    """What is raised where nobody can catch it is wrong, but for what ends a killed process."""
    usual = sys.unraisablehook

    def note(event: Any) -> None:
        # At the limit of recursion there is no room for the callback that the collector wants to call; and a step that is
        # killed between `async with` and its first await leaves a coroutine behind. This is a step's code too: it may be killed.
        with suppress(Killed):
            if not isinstance(event.exc_value, Killed | RecursionError | RuntimeWarning):
                outcome.broken.append(f"unraisable: {event.exc_value!r} in {event.object!r}")

    sys.unraisablehook = note
    try:
        yield
    finally:
        sys.unraisablehook = usual
