"""The dispatcher's decisions, as a value and pure functions: who reviews what, and what follows when somebody ends.

              Found                    Ready, Done
                │                           │
    again ──> next file ──────────────> idle reviewer ──> busy (reviewer, job) ── Done ──> idle
      ^                                                          │
      │  first OverBudget or crash: ten times the budget         │ Down
      └────────────── ended by hand: as before ──────────────────┤
                                                                 └── second crash ──> NotReviewed

Only a failure of the review itself counts as an attempt. A reviewer that somebody
killed, or whose supervisor was shut down, has not failed: its file goes back as it was,
ahead of the others. A file is never with two reviewers at once, so the newest result is
always stored last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from demo.checks import OverBudget
from demo.files import OnDisk
from demo.messages import Begins, Done, Found, Joins, Lost, NotReviewed, Ready, Scanned, Settled, WhenSettled
from runtime import Down, Pid

__all__ = ["ATTEMPTS", "BUDGET", "Assign", "Board", "Effect", "Job", "Watch", "step"]

BUDGET = 10_000
"""AST nodes that a first attempt may visit."""
ATTEMPTS = 2
"""Each has ten times the budget of the one before."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file to review, and which attempt it is."""

    file: OnDisk
    attempt: int = 1

    @property
    def budget(self) -> int:
        """AST nodes that this attempt may visit."""
        return BUDGET * int(10 ** (self.attempt - 1))


@dataclass(frozen=True, slots=True)
class Assign:
    """Give a reviewer its next file."""

    reviewer: Pid
    job: Job


@dataclass(frozen=True, slots=True)
class Watch:
    """Monitor a reviewer from now on."""

    reviewer: Pid


Effect = Assign | Watch | NotReviewed | Lost | Settled
"""What the dispatcher does to the world; the last three are messages."""


@dataclass(frozen=True, slots=True)
class Board:
    """Who is busy with what."""

    idle: tuple[Pid, ...] = ()
    busy: tuple[tuple[Pid, Job], ...] = ()
    again: tuple[Job, ...] = ()
    """To be handed out ahead of whatever waits in the mailbox."""
    scanner: Pid | None = None
    scanned: Scanned | None = None
    """The last look's end, once everything it found has been taken from the mailbox."""
    announced: bool = False
    """Whether the reporter has been told of it."""

    @property
    def takes_more(self) -> bool:
        """Whether a reviewer is idle, so that the next file may come out of the mailbox."""
        return bool(self.idle)


def step(board: Board, message: Any) -> tuple[Board, tuple[Effect, ...]]:
    """The board after a message, and what has to be done about it."""
    after, effects = _taken_in(board, message)
    after, assigned = _hand_out(after)
    after, settled = _settle(after)
    return after, (*effects, *assigned, *settled)


def _taken_in(board: Board, message: Any) -> tuple[Board, tuple[Effect, ...]]:
    """What a message says about the board itself."""
    match message:
        case Joins(reviewer):
            return board, (Watch(reviewer),)
        case Ready(reviewer):
            return replace(board, idle=(*board.idle, reviewer)), ()
        case Done(reviewer):
            busy = tuple(pair for pair in board.busy if pair[0] != reviewer)
            return replace(board, busy=busy, idle=(*board.idle, reviewer)), ()
        case Down(_, reviewer, reason):
            return _ended(board, reviewer, reason)
        case Begins(scanner):
            return replace(board, scanner=scanner, scanned=None, announced=False), ()
        case Found(scanner, file) if scanner == board.scanner:
            return _found(board, file), ()
        case Scanned(scanner) if scanner == board.scanner:
            return replace(board, scanned=message, announced=False), ()
        case WhenSettled():
            return replace(board, announced=False), ()
        case _:
            return board, ()  # from a scanner that has been replaced: its successor finds the same again


def _found(board: Board, file: OnDisk) -> Board:
    again = (*(job for job in board.again if job.file.path != file.path), Job(file))
    return replace(board, again=again, scanned=None, announced=False)


def _ended(board: Board, reviewer: Pid | None, reason: object) -> tuple[Board, tuple[Effect, ...]]:
    """A reviewer has ended: its file is tried again, or given up."""
    job = next((job for busy, job in board.busy if busy == reviewer), None)
    after = replace(
        board,
        idle=tuple(idle for idle in board.idle if idle != reviewer),
        busy=tuple(pair for pair in board.busy if pair[0] != reviewer),
    )
    lost = () if _is_shutdown(reason) else (Lost(job.file.path if job else None, _text(reason)),)
    if job is None or any(newer.file.path == job.file.path for newer in board.again):
        return after, lost  # it has changed meanwhile, and stands there for its first attempt
    if not isinstance(reason, BaseException):
        return replace(after, again=(job, *after.again)), lost
    if job.attempt < ATTEMPTS:
        return replace(after, again=(replace(job, attempt=job.attempt + 1), *after.again)), lost
    return after, (*lost, NotReviewed(job.file, _why(reason)))


def _hand_out(board: Board) -> tuple[Board, tuple[Effect, ...]]:
    """Give idle reviewers what waits, except files that another has in hand."""
    idle, busy, again = list(board.idle), list(board.busy), list(board.again)
    assigned: list[Effect] = []
    in_hand = {job.file.path for _, job in busy}
    for job in board.again:
        if idle and job.file.path not in in_hand:
            reviewer = idle.pop(0)
            again.remove(job)
            busy.append((reviewer, job))
            assigned.append(Assign(reviewer, job))
    return replace(board, idle=tuple(idle), busy=tuple(busy), again=tuple(again)), tuple(assigned)


def _settle(board: Board) -> tuple[Board, tuple[Effect, ...]]:
    """Tell the reporter, once, when nothing is left to do."""
    if board.scanned is None or board.announced or board.busy or board.again:
        return board, ()
    return replace(board, announced=True), (Settled(board.scanned.files, board.scanned.unreadable),)


def _is_shutdown(reason: object) -> bool:
    """Whether its supervisor has stopped it: nobody is restarted then."""
    return reason == "shutdown" or (isinstance(reason, tuple) and reason[:1] == ("shutdown",))


def _why(reason: BaseException) -> str:
    if isinstance(reason, OverBudget):
        return f"more than {reason.nodes:,} AST nodes"
    return f"its review failed {ATTEMPTS} times, at last with {_text(reason)}"


def _text(reason: object) -> str:
    return reason if isinstance(reason, str) else repr(reason)
