"""The reporter: once everything found has a result, looks at the program as a whole, and knows how far the crew is.

    Settled ──> task: summaries from the librarian ──> whole-program passes (a thread) ──> findings to the librarian
                  └── TaskDone(totals) ──> finished, until the next Settled

The passes run as a task of this process, so it answers `Progress` at any time. It keeps
nothing that it could not ask for again: restarted, it asks the dispatcher whether
everything is settled.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from demo.checks import Finding, Severity, Summary, printable, whole_program
from demo.files import Target, Unreadable
from demo.messages import ProgramFindings, Progress, Settled, Standing, Summaries, Tally, Totals, WhenSettled
from runtime import Caller, ProcessExit, Reply, Server, TaskDone, TaskFailed, TaskRef

__all__ = ["Report", "Reporter"]

NOTHING = Totals()
PORTION = 200
"""Findings sent to the librarian at a time."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the reporter is at."""

    target: Target
    settled: Settled | None = None
    running: TaskRef | None = None
    waiting: bool = False
    """Whether there is something newer than what the running task looks at."""
    totals: Totals = NOTHING
    finished: bool = False


class Reporter(Server[Report]):
    """Runs the whole-program passes."""

    def init(self, target: Target) -> Report:
        """Ask whether there is something to report on."""
        self.named("dispatcher").send(WhenSettled())
        return Report(target)

    def handle_cast(self, settled: Settled, report: Report, /) -> Report:
        """Every file that was found has a result."""
        if report.running is not None:
            return replace(report, settled=settled, waiting=True, finished=False)
        return self._begin(replace(report, settled=settled))

    def handle_info(self, message: TaskDone | TaskFailed, report: Report, /) -> Report:
        """The passes have ended."""
        match message:
            case TaskFailed(ref, reason) if ref is report.running:
                raise ProcessExit(reason)
            case TaskDone(ref) if ref is report.running and report.waiting:
                return self._begin(report)
            case TaskDone(ref, Totals() as totals) if ref is report.running:
                self.progress("")
                return replace(report, running=None, totals=totals, finished=True)
            case _:
                return report

    def handle_call(self, _message: Progress, _caller: Caller[Standing], report: Report, /) -> Reply[Report]:
        """How far the crew is."""
        on_disk = report.settled.files if report.settled else 0
        return Reply(Standing(on_disk, report.totals, report.finished), report)

    def _begin(self, report: Report) -> Report:
        assert report.settled is not None
        self.progress("whole-program passes")
        task = self.task(self._report_on(report.target, report.settled.unreadable), "whole program")
        return replace(report, running=task, waiting=False, finished=False)

    async def _report_on(self, target: Target, unreadable: tuple[Unreadable, ...]) -> Totals:
        """The totals after the passes. Reads from the librarian, and stores there."""
        librarian = self.named("librarian")
        summaries: list[Summary] = []
        while page := await librarian.call(Summaries(summaries[-1].path if summaries else ""), timeout=None):
            summaries.extend(page)
        found = await asyncio.to_thread(whole_program, tuple(summaries), target.package)
        findings = (*map(_unlisted, unreadable), *found)
        for start in range(0, max(1, len(findings)), PORTION):
            librarian.cast(ProgramFindings(findings[start : start + PORTION], first=start == 0))
        return await librarian.call(Tally(), timeout=None)


def _unlisted(folder: Unreadable) -> Finding:
    text = printable(f"the directory cannot be listed: {folder.reason}")
    return Finding(folder.path, 0, "unreadable-directory", text, Severity.ERROR)
