"""What the crew's processes say to each other.

    scanner ── Begins, Found …, Scanned ──> dispatcher ── ReviewFile ──> reviewer-1 … 4
    reviewers ── Joins, Ready, Done ──> dispatcher  reviewers ── Reviewed, NotReviewed, Gone ──> librarian
    dispatcher ── NotReviewed, Lost ──> librarian   dispatcher ── Settled ──> reporter
    reporter ── Summaries, ProgramFindings, Tally ──> librarian        scanner ── Known ──> librarian

All are frozen: they pass from process to process as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.checks import Finding, Summary, Verdict
from demo.files import OnDisk, Target, Unreadable
from runtime import Pid, Request

__all__ = [
    "Begins", "Done", "Found", "Gone", "Joins", "Known", "Look", "Lost", "NotReviewed", "ProgramFindings", "Progress", "Ready",
    "ReviewFile", "Reviewed", "Scanned", "Settled", "Standing", "Summaries", "Tally", "Totals", "WhenSettled",
]  # fmt: skip


# --- scanner to dispatcher ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begins:
    """A scanner starts from what the librarian knows; what an earlier one found and nobody has taken is void."""

    scanner: Pid


@dataclass(frozen=True, slots=True)
class Found:
    """A file is new, has changed, or has gone: somebody has to look."""

    scanner: Pid
    file: OnDisk


@dataclass(frozen=True, slots=True)
class Scanned:
    """All that one look has found has been sent."""

    scanner: Pid
    files: int
    unreadable: tuple[Unreadable, ...] = ()


# --- dispatcher and reviewers ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReviewFile:
    """An order to review one file."""

    target: Target
    file: OnDisk
    budget: int
    """AST nodes that this attempt may visit."""


@dataclass(frozen=True, slots=True)
class Joins:
    """A reviewer has started, and wants to be missed when it ends."""

    reviewer: Pid


@dataclass(frozen=True, slots=True)
class Ready:
    """A reviewer waits for its first file."""

    reviewer: Pid


@dataclass(frozen=True, slots=True)
class Done:
    """A reviewer has sent its verdict and waits for the next file."""

    reviewer: Pid


# --- to the librarian -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A file's review."""

    file: OnDisk
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class NotReviewed:
    """A file that could not be reviewed, and why: a result too."""

    file: OnDisk
    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A file that is not there any more."""

    path: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A reviewer has ended and was restarted."""

    path: str | None
    """What it was reviewing."""
    reason: str


@dataclass(frozen=True, slots=True)
class ProgramFindings:
    """A part of what the whole-program passes found."""

    findings: tuple[Finding, ...]
    first: bool
    """Whether what an earlier pass found is replaced."""


@dataclass(frozen=True, slots=True)
class Known(Request[tuple[OnDisk, ...]]):
    """Asks for the files with a result, in order, beginning after `after`."""

    after: str = ""
    limit: int = 500


@dataclass(frozen=True, slots=True)
class Summaries(Request[tuple[Summary, ...]]):
    """Asks for the summaries of reviewed files, in order, beginning after `after`."""

    after: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Totals:
    """How much there is by now."""

    reviewed: int = 0
    failed: int = 0
    findings: int = 0
    restarts: int = 0

    @property
    def files(self) -> int:
        """Files with a result."""
        return self.reviewed + self.failed

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.reviewed + other.reviewed,
            self.failed + other.failed,
            self.findings + other.findings,
            self.restarts + other.restarts,
        )


@dataclass(frozen=True, slots=True)
class Tally(Request[Totals]):
    """Asks for the totals."""


# --- dispatcher and reporter ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WhenSettled:
    """A reporter wants to hear when everything found has a result, at once if it has."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Everything that was found has a result."""

    files: int
    """Files on disk at the last look."""
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What the reporter knows."""

    on_disk: int
    totals: Totals
    finished: bool
    """Whether every file on disk has a result and the whole-program passes have run over them."""


@dataclass(frozen=True, slots=True)
class Progress(Request[Standing]):
    """Asks the reporter how far the crew is."""


# --- to oneself -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Look:
    """Time to look at the disk again."""
