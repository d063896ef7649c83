"""The dispatcher: hands files to idle reviewers. Its mailbox is the queue.

It is a coroutine process, for the sake of selective `receive`: while every reviewer is
busy it takes only what reviewers and supervisors have to say, however many files wait
ahead of that in the mailbox; when one is idle, it takes whatever is oldest. So the
mailbox holds just the files that wait. What to do is decided by `board`, a pure function.
"""

from __future__ import annotations

from demo.board import Assign, Board, Effect, Watch, step
from demo.files import Target
from demo.messages import Begins, Done, Joins, Lost, NotReviewed, Ready, ReviewFile, Settled, WhenSettled
from runtime import CoroutineHandle, Down

__all__ = ["dispatcher"]

URGENT = (Joins, Ready, Done, Down, Begins, WhenSettled)
"""What does not wait behind files."""


async def dispatcher(process: CoroutineHandle, target: Target) -> None:
    """Dispatch the files of `target`, for ever."""
    board = Board()
    while True:
        message = await process.receive(match=None if board.takes_more else URGENT)
        board, effects = step(board, message)
        for effect in effects:
            _carry_out(process, target, effect)
        process.progress(_doing(board))


def _carry_out(process: CoroutineHandle, target: Target, effect: Effect) -> None:
    match effect:
        case Assign(reviewer, job):
            reviewer.cast(ReviewFile(target, job.file, job.budget))
        case Watch(reviewer):
            process.monitor(reviewer)
        case NotReviewed() | Lost():
            process.named("librarian").cast(effect)
        case Settled():
            process.named("reporter").cast(effect)


def _doing(board: Board) -> str:
    if board.announced:
        return "everything found is reviewed"
    waiting = f", {len(board.again)} to try again" if board.again else ""
    return f"{len(board.busy)} busy, {len(board.idle)} idle{waiting}"
