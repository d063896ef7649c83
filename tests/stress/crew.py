"""The processes that run workloads, one kind for each form in which steps exist.

    plain        a plain handler; async workloads run by `self.wait`
    async        an async handler
    coroutine    a coroutine process with `receive`
    task         a server that leaves the work to `self.task`, and answers when `TaskDone` comes

Each job is answered with its own seed, or with what went wrong.
"""

from __future__ import annotations

import decimal
import sys
import traceback
from dataclasses import dataclass
from random import Random
from typing import Any

from runtime import Call, NoReply, Reply, Server
from runtime.coroutine import CoroutineHandle
from runtime.handle import Handle
from tests.stress.kit import WORKLOADS, WrongError, same
from tests.stress.workloads import asynchronous, language, library, native, traffic, waiting

__all__ = ["FORMS", "Done", "Job", "Victim", "Wrong", "runs_in"]

MODULES = (asynchronous, language, library, native, traffic, waiting)
"""They register their workloads when they are imported."""


@dataclass(frozen=True)
class Job:
    """One run of a workload."""

    workload: str
    seed: int


@dataclass(frozen=True)
class Done:
    """It found nothing wrong."""

    seed: int


@dataclass(frozen=True)
class Wrong:
    """What it found."""

    seed: int
    text: str


def _untouched() -> None:
    """What a step must find, and leave behind: no exception being handled, no context of another's."""
    same(sys.exc_info(), (None, None, None))
    same(decimal.getcontext().prec, 28)
    for variable in (library._place, asynchronous._who):
        same(variable.get(), 0)


def perform(process: Handle, job: Job) -> Done | Wrong:
    """A plain or waiting workload, in whatever step this is called from."""
    try:
        _untouched()
        WORKLOADS[job.workload].function(process, Random(job.seed))
        _untouched()
    except Exception:
        return Wrong(job.seed, traceback.format_exc())
    return Done(job.seed)


async def perform_async(process: Handle, job: Job) -> Done | Wrong:
    """Any workload but a waiting one, in an async step."""
    if WORKLOADS[job.workload].kind != "async":
        return perform(process, job)
    try:
        _untouched()
        await WORKLOADS[job.workload].function(process, Random(job.seed))
        _untouched()
    except Exception:
        return Wrong(job.seed, traceback.format_exc())
    return Done(job.seed)


class Plain(Server):
    """Plain handlers."""

    def init(self) -> int:
        return 0

    def handle_call(self, job: Job, caller: Any, done: int) -> Reply:
        if WORKLOADS[job.workload].kind == "async":
            return Reply(self.wait(perform_async(self, job)), done + 1)
        return Reply(perform(self, job), done + 1)


class Async(Server):
    """Async handlers."""

    async def init(self) -> int:
        return 0

    async def handle_call(self, job: Job, caller: Any, done: int) -> Reply:
        return Reply(await perform_async(self, job), done + 1)


class Tasks(Server):
    """Answers when its task is done; several run at a time."""

    def init(self) -> dict[Any, Any]:
        return {}

    def handle_call(self, job: Job, caller: Any, asked: dict[Any, Any]) -> NoReply:
        return NoReply({**asked, self.task(perform_async(self, job)): caller})

    def handle_info(self, message: Any, asked: dict[Any, Any]) -> dict[Any, Any]:
        left = dict(asked)
        caller = left.pop(message.ref, None)
        if caller is not None:  # else it is a task that a workload has started
            caller.reply(getattr(message, "value", message))
        return left


async def coroutine(process: CoroutineHandle) -> None:
    """A coroutine process; it answers in the order of the questions."""
    while True:
        call = await process.receive()
        if isinstance(call, Call):  # else a task that a workload has started is done
            call.caller.reply(await perform_async(process, call.message))


FORMS: dict[str, Any] = {"plain": Plain, "async": Async, "coroutine": coroutine, "task": Tasks}


def runs_in(workload: str, form: str) -> bool:
    """Whether a form can run a workload: only plain handlers wait."""
    return form == "plain" or WORKLOADS[workload].kind != "waiting"


SPARED = frozenset(
    {"qsort", "shared_lock", "shared_asyncio_lock", "shared_queue", "sections", "casts", "casts_then_call",
     "casts_then_awaited_call", "threads", "async_generators", "anyio_groups"}
)  # fmt: skip
"""What no victim runs: it shares something that is counted, or C code swallows the exceptions that are thrown into it, or
it leaves something to the loop when it is cut off."""


class Victim(Server):
    """Works until it is killed, in a plain or an async handler; it never comes to an end by itself."""

    def init(self) -> int:
        return 0

    def handle_cast(self, message: tuple[str, int], state: int) -> Any:
        form, seed = message
        return self._plain(Random(seed)) if form == "plain" else self._async(Random(seed))

    def handle_call(self, message: int, caller: Any, state: int) -> Reply:
        return Reply(message, state)

    def _plain(self, rng: Random) -> None:
        while True:
            WORKLOADS[_choice(rng, {"plain", "waiting"})].function(self, rng)

    async def _async(self, rng: Random) -> None:
        while True:
            workload = WORKLOADS[_choice(rng, {"plain", "async"})]
            result = workload.function(self, rng)
            if result is not None:
                await result


def _choice(rng: Random, kinds: set[str]) -> str:
    return rng.choice(
        sorted(name for name, workload in WORKLOADS.items() if workload.kind in kinds and name not in SPARED)
    )


def check(condition: object, text: str) -> None:
    """Raises WrongError with `text` unless the condition holds."""
    if not condition:
        raise WrongError(text)
