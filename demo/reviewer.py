"""A reviewer: one file at a time, a piece at a time.

    init ── Joins ──> dispatcher; 0.25 s later ── Ready ──> dispatcher
    ReviewFile ──> read ──> Continue ──> piece ──> Continue ──> … ──> verdict ──> librarian
                                           │                           Done ──> dispatcher
                                           └── OverBudget: the reviewer ends, with its last good state in the report

Every piece is a step of its own with a committed state, so the node stays answerable
during a large file, and a crash report shows how far the review had come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from demo.checks import Failed, Review, Verdict, advance, begin, printable, read_source
from demo.checks import Gone as GoneFile
from demo.messages import Done, Gone, Joins, NotReviewed, Ready, Reviewed, ReviewFile
from runtime import Continue, Server

__all__ = ["WARM_UP", "Reviewer", "ReviewerState"]

WARM_UP = 0.25
"""Seconds before a reviewer takes its first file. Four reviewers that do nothing but run out of budget are so restarted
80 times in 5 s at most: below the 100 at which their supervisor gives up."""


@dataclass(frozen=True, slots=True)
class ReviewerState:
    """What a reviewer has done, and what it is at."""

    files: int = 0
    order: ReviewFile | None = None
    review: Review | None = None


class Reviewer(Server[ReviewerState]):
    """Reviews the files that the dispatcher gives it."""

    counters = ("files", "findings", "nodes")

    def init(self) -> ReviewerState:
        """Warm up."""
        self.named("dispatcher").send(Joins(self.pid))
        self.send_after(WARM_UP, "warm")
        return ReviewerState()

    def handle_info(self, _message: object, state: ReviewerState, /) -> ReviewerState:
        """Warm: ask for the first file."""
        self.named("dispatcher").send(Ready(self.pid))
        return state

    def handle_cast(
        self, order: ReviewFile, state: ReviewerState, /
    ) -> ReviewerState | Continue[ReviewerState]:
        """Read the file; a result at once where it cannot be read."""
        path = order.file.path
        self.progress(printable(path))
        source = read_source(order.target.full(path))
        if isinstance(source, Failed):
            return self._finish(source, replace(state, order=order))
        return Continue("review", replace(state, order=order, review=begin(path, source, order.budget)))

    def handle_continue(
        self, _message: object, state: ReviewerState, /
    ) -> ReviewerState | Continue[ReviewerState]:
        """Review one more piece."""
        assert state.review is not None
        after = advance(state.review)
        if isinstance(after, Review):
            return Continue("review", replace(state, review=after))
        return self._finish(after, state)

    def _finish(self, result: Verdict | Failed, state: ReviewerState) -> ReviewerState:
        """Hand in the result, then ask for the next file."""
        assert state.order is not None
        file, librarian = state.order.file, self.named("librarian")
        if isinstance(result, Verdict):
            librarian.cast(Reviewed(file, result))
            self.count("findings", len(result.findings))
            self.count("nodes", result.nodes)
        elif isinstance(result, GoneFile):
            librarian.cast(Gone(file.path))
        else:
            librarian.cast(NotReviewed(file, result.reason))
        self.count("files")
        self.progress("")
        self.named("dispatcher").send(Done(self.pid))
        return ReviewerState(state.files + 1)
