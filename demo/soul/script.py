"""The steps without a console: each done from outside, and checked.

load ── samples of some seconds ──> the median
each step after that ── samples of some seconds ──> its lowest second is at least half of the median
                     └─ what the step itself has to show
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from time import monotonic

from demo.soul.meter import EVERY, Sample, lowest
from demo.soul.operator import Operator
from demo.soul.source import MODULE
from demo.soul.steps import BAD, ENDLESS
from runtime.port.contract import Failure, ProcessRow

__all__ = ["SHARE", "Check", "Report", "Show", "perform"]

SHARE = 0.5
"""Of the median: the throughput of no second may be lower."""
LOAD = 0.5
"""Of one sum a second for each worker: what the median must reach."""
HEAVY_PER_S = 5_000_000
"""A heavy input takes about a third of the time that a step is looked at, on a machine of its own."""
PATIENCE_S = 30.0
"""Seconds that anything may take, beside the time that a step is looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked in one step."""

    step: str
    ok: bool
    text: str
    lowest: float | None = None
    """Of the median: the throughput of the step's lowest second."""


@dataclass(slots=True)
class Report:
    """What was checked, and what came out."""

    workers: int
    median: float = 0.0
    """Sums per second under the load alone."""
    loop: float = 0.0
    """Share of the loop under the load alone."""
    checks: list[Check] = field(default_factory=list[Check])
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether every step is as it should be."""
        return all(check.ok for check in self.checks)

    def document(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "ok": self.ok,
            "workers": self.workers,
            "sums_per_s": round(self.median),
            "loop_share": round(self.loop, 3),
            "steps": [asdict(check) for check in self.checks],
            "seconds": round(self.seconds, 3),
        }

    def text(self) -> str:
        """For people; ends with a newline."""
        lines = [
            f"{'ok' if check.ok else 'FAILED':<6}  {check.step:<15}  {check.text}" for check in self.checks
        ]
        end = "all is well" if self.ok else "not all is well"
        return "\n".join(
            [*lines, "", f"{end}, in {self.seconds:.0f} s; the node that joins comes with distribution", ""]
        )


class Show:
    """One run of the steps."""

    def __init__(self, operator: Operator, report: Report, seconds: float) -> None:
        self._operator = operator
        self._report = report
        self._seconds = max(seconds, 2 * EVERY)
        self._heavy = int(HEAVY_PER_S * min(seconds, 10.0))
        self._culprit = ""

    def steps(self) -> list[tuple[str, Callable[[], tuple[bool, str]]]]:
        """The steps by name; each returns whether it went as it should, and what there was to see."""
        return [
            ("1 load", self.load),
            ("2 a bad input", self.bad),
            ("3 a heavy one", self.heavy),
            ("4 an endless one", self.endless),
            ("5 kill it", self.kill),
            ("6 new code", self.upgrade),
            ("7 try again", self.again),
        ]

    def load(self) -> tuple[bool, str]:
        """Workers, until all are at work; what they do is the measure for what follows."""
        operator, report = self._operator, self._report
        before = operator.node().processes
        operator.send("load", report.workers)
        operator.sees(
            lambda: operator.node().processes - before >= report.workers,
            "all workers are at work",
            PATIENCE_S,
        )
        samples = self._watched(monotonic() + 1.0)
        report.median = median(sample.per_s for sample in samples)
        report.loop = median(sample.loop for sample in samples)
        text = f"{report.workers:,} workers, {report.median:,.0f} sums/s, {report.loop:.0%} of the loop"
        return report.median >= LOAD * report.workers, text

    def bad(self) -> tuple[bool, str]:
        """Something that is no number."""
        operator, before = self._operator, self._operator.node()
        answer = operator.call("desk", BAD, PATIENCE_S)
        after = operator.node()
        crashes, same = after.crashes - before.crashes, after.processes == before.processes
        ok = crashes == 1 and same and after.restarts == before.restarts and "ValueError" in answer
        others = "the others go on" if same else f"{before.processes:,} processes, then {after.processes:,}"
        return (
            ok,
            f"{BAD!r} ended {crashes} computation ({answer.rpartition('ended: ')[2].partition(':')[0]}); {others}",
        )

    def heavy(self) -> tuple[bool, str]:
        """A sum that takes a while."""
        before, began = self._operator.node(), monotonic()
        answer = self._operator.call("desk", self._heavy, PATIENCE_S)
        took, after = monotonic() - began, self._operator.node()
        slices = (after.slicing.parks - before.slicing.parks) if after.slicing and before.slicing else 0
        ok = answer == str(self._heavy * (self._heavy + 1) // 2) and slices > 0
        return ok, f"the sum to {self._heavy:,} took {took:.1f} s, in {slices:,} slices"

    def endless(self) -> tuple[bool, str]:
        """A sum that never ends, and whoever has most reductions per second."""
        operator = self._operator
        operator.send("desk", ENDLESS)

        def first() -> ProcessRow | None:
            row = operator.first_by_reductions()
            return row if row.label == f"sum to {ENDLESS}" else None

        found = operator.until(
            first,
            "the endless computation has most reductions per second",
            PATIENCE_S,
        )
        self._culprit = found.pid
        total = operator.node().processes
        return True, (
            f"{found.pid} {found.label} has most reductions of {total:,} processes: {found.reductions_delta or 0:,.0f}/s"
        )

    def kill(self) -> tuple[bool, str]:
        """Where it stands, and its end."""
        operator = self._operator
        frames = operator.stack(self._culprit).frames
        where = next((frame for frame in frames if frame.function.endswith("total")), None)
        began = monotonic()
        operator.kill(self._culprit)
        operator.sees(
            lambda: not operator.has(self._culprit), "the endless computation has ended", PATIENCE_S
        )
        took = monotonic() - began
        line = f"{where.function}, line {where.line} ({where.source.strip()})" if where else "nowhere known"
        return where is not None, f"{self._culprit} stood in {line}; killed within {1000 * took:.0f} ms"

    def upgrade(self) -> tuple[bool, str]:
        """The corrected source on the disk, and in everybody who runs it."""
        operator = self._operator
        old = operator.module()
        operator.send("editor", "fix")
        operator.sees(lambda: operator.module().stale, "the file on the disk is newer", PATIENCE_S)
        done = operator.reload()
        if not done.done:
            return False, f"{MODULE} was not reloaded: {done.reason}"
        new = operator.module()
        ok = new.version != old.version and not new.stale and not new.on_old
        pause = f"paused {1e6 * done.pauses.p99:.0f} µs (p99), {1e6 * done.pauses.longest:.0f} µs at most"
        return ok and done.processes >= self._report.workers, (
            f"{MODULE} {old.version} -> {new.version}: {done.processes:,} processes in {done.took_s:.1f} s, {pause}"
        )

    def again(self) -> tuple[bool, str]:
        """The endless input, and the heavy one."""
        refusal = self._operator.call("desk", ENDLESS)
        began = monotonic()
        answer = self._operator.call("desk", self._heavy)
        took = monotonic() - began
        ok = refusal.startswith("refused") and answer == str(self._heavy * (self._heavy + 1) // 2)
        return ok, f"{ENDLESS} was {refusal}; the sum to {self._heavy:,} took {1000 * took:.0f} ms"

    def run(self, name: str, step: Callable[[], tuple[bool, str]]) -> Check:
        """One step, and whether the graph has fallen during it."""
        began = monotonic()
        try:
            ok, text = step()
            if name.startswith("1"):
                return Check(name, ok, text)
            low = lowest(self._watched(began)) / max(self._report.median, 1e-9)
        except Failure as failure:
            return Check(name, ok=False, text=failure.message)
        return Check(
            name, ok and low >= SHARE, f"{text}; lowest second {low:.0%} of the median", round(low, 3)
        )

    def _watched(self, since: float) -> list[Sample]:
        """The last sample before `since` and those after it, once there are enough of them."""
        operator = self._operator

        def enough() -> list[Sample] | None:
            every = operator.samples()
            first = sum(sample.at <= since for sample in every)
            samples = every[max(0, first - 1) :]
            return samples if len(samples) > self._seconds / EVERY else None

        return operator.until(enough, "the meter takes samples", self._seconds + PATIENCE_S)


def perform(
    operator: Operator, workers: int, seconds: float, tell: Callable[[Check], None] = lambda _: None
) -> Report:
    """Do all steps, or as many as can be done.

    Args:
        operator: connected to the node.
        workers: how many to start.
        seconds: for which the throughput is watched in each step; at least one.
        tell: is told of each check.
    """
    report, began = Report(workers), monotonic()
    show = Show(operator, report, seconds)
    for name, step in show.steps():
        check = show.run(name, step)
        report.checks.append(check)
        tell(check)
        if not check.ok:
            break
    report.seconds = monotonic() - began
    return report
