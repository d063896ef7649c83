"""A step that stands in a function under trace is sliced and killed like any other, and its calls are told one by one."""

import time

import pytest

from runtime import exits
from runtime.preemption.guards import is_known
from runtime.preemption.worker import Killed
from tests.support.eventually import eventually
from tests.support.processes import serve
from tests.support.slicing import KINDS, Does, job_of, overrun, parked, sliced, slicer, spin
from tests.support.traced import heard
from tracing.functions import Probes
from tracing.pattern import PatternError
from tracing.tap import Tap


def stays(process, name, parks):
    """Is parked so many times."""
    overrun(process, parks)
    return name


def for_ever(process):
    """Is parked until it is killed."""
    spin(lambda: False)


@pytest.fixture
def open_session():
    made = []

    def opened(node, what):
        def here():
            process = node.scheduler.running
            return None if process is None else (process, None, None)

        tap = Tap(
            time.monotonic,
            probes=Probes(time.monotonic, here, thread=lambda: node.scheduler.thread, spared=is_known),
        )
        made.append(tap)
        return tap.open(f"all {what} -> return", force=True)

    yield opened
    for tap in made:
        tap.close()


HERE = __name__


@KINDS
async def test_steps_that_are_parked_in_one_function_are_not_mixed_up(kind, open_session):
    async with sliced(
        long=job_of(kind, lambda process: stays(process, "long", 6)),
        short=job_of(kind, lambda process: stays(process, "short", 2)),
    ) as node:
        session = open_session(node, f"{HERE}:stays")
        pids = [await serve(node, kind) for _ in range(2)]
        for pid, job in zip(pids, ("long", "short"), strict=True):
            pid.cast(job)
        await eventually(lambda: session.waiting == 4)
        ends = {
            arguments["name"]: result for event, arguments, *result in heard(session) if event == "return"
        }
        assert ends == {"long": ["long"], "short": ["short"]}


@KINDS
async def test_a_step_that_spins_in_a_traced_function_is_parked_and_killed(kind, open_session):
    async with sliced(job=job_of(kind, for_ever)) as node:
        session = open_session(node, f"{HERE}:for_ever")
        pid = await serve(node, kind)
        pid.cast("job")
        await parked(node, pid)
        before = slicer(node).parks
        await eventually(lambda: slicer(node).parks > before + 3)
        exits.signal(pid._process, "kill")
        await eventually(lambda: session.waiting == 2)
        (_, _), (end, _, reason) = heard(session)
        assert (end, type(reason)) == ("raise", Killed)
        assert not node.scheduler.workers.zombies
        assert not node.scheduler.workers.at_work()


async def test_a_hot_function_under_trace_leaves_the_step_its_slices(open_session):
    def job(process):
        of = slicer(process)
        target = of.parks + 5
        while of.parks < target:
            tick(process)

    async with sliced(job=job) as node:
        session = open_session(node, f"{HERE}:tick")
        pid = await serve(node, Does)
        await pid.call("job", timeout=20)
        assert session.seen > 100 or session.stopped is not None
        seqs = [record.seq for record in session.drain(10_000)[0]]
        assert seqs == sorted(set(seqs))


def tick(_process):
    """Does nothing."""


async def test_what_steps_are_told_by_is_not_traced(open_session):
    async with sliced() as node:
        with pytest.raises(PatternError, match="is what steps are told by"):
            open_session(node, "runtime.preemption.worker:Worker.run")
