"""The desk: starts a computation for each input, tells its answer, and knows how far the show has come.

observer send desk 100              observer send desk 100 --call
  │                                   │                    ▲
  └──> Computation ── Answer ──> desk ┴── reply ───────────┘
             └── Down ─────────> desk: crashed, or killed
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from demo.soul.messages import Answer, Loaded
from demo.soul.source import behaviour
from demo.soul.steps import LARGE, STEPS
from runtime import Caller, ChildSpec, Down, NoReply, Pid, Reply, Server

__all__ = ["Book", "Desk", "Open"]

KEPT = 10


@dataclass(frozen=True, slots=True)
class Open:
    """A computation under way."""

    pid: Pid
    number: str
    caller: Caller[str] | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """What is open, what came out, what was shown so far."""

    now: str = STEPS[0].text
    to_do: tuple[str, ...] = tuple(step.name for step in STEPS)
    done: frozenset[int] = frozenset()
    open: tuple[Open, ...] = ()
    answers: tuple[str, ...] = ()


class Desk(Server[Book]):
    """Takes inputs from outside."""

    def init(self) -> Book:
        """The first step."""
        self.progress(STEPS[0].text)
        return Book()

    async def handle_call(self, message: object, caller: Caller[str], book: Book, /) -> Any:
        """An input whose sender waits for the answer."""
        if not _is_input(message):
            return Reply(f"{message!r:.40} is neither a number nor a text", book)
        return NoReply(await self._begin(str(message), caller, book))

    async def handle_info(self, message: object, book: Book, /) -> Book:
        """An input, an answer, or the end of a computation."""
        match message:
            case Loaded(workers) if workers:
                return self._shown(book, 0)
            case Answer(pid, text, refused):
                return self._answered(book, pid, text, refused=refused)
            case Down(_, Pid() as pid, reason):
                return self._ended(book, pid, reason)
            case _ if _is_input(message):
                return await self._begin(str(message), None, book)
            case _:
                return book

    async def _begin(self, number: str, caller: Caller[str] | None, book: Book) -> Book:
        spec = ChildSpec(
            "computation", behaviour("Computation"), self.pid, number, restart="temporary", register=False
        )
        pid = await self.start_child("computations", spec)
        self.monitor(pid)
        pid.send("begin")
        return replace(book, open=(*book.open, Open(pid, number, caller)))

    def _answered(self, book: Book, pid: Pid, text: str, *, refused: bool) -> Book:
        entry = _entry(book, pid)
        if entry is None:
            return book
        if refused:
            book = self._shown(book, 5, 6)
        elif _number(entry.number) >= LARGE:
            book = self._shown(book, 2)
        return self._close(book, entry, text)

    def _ended(self, book: Book, pid: Pid, reason: object) -> Book:
        entry = _entry(book, pid)
        if entry is None:
            return book  # it has answered before
        crashed = isinstance(reason, BaseException)
        book = self._shown(book, *((1,) if crashed else (3, 4)))
        why = f"{type(reason).__name__}: {reason}" if crashed else f"{reason}"
        return self._close(book, entry, f"no answer, it has ended: {why}")

    def _close(self, book: Book, entry: Open, text: str) -> Book:
        if entry.caller is not None:
            entry.caller.reply(text)
        still = tuple(other for other in book.open if other is not entry)
        return replace(book, open=still, answers=(*book.answers, f"{entry.number}: {text}")[-KEPT:])

    def _shown(self, book: Book, *steps: int) -> Book:
        """These steps were seen; the first that was not is the next."""
        done = book.done.union(steps)
        left = [step for place, step in enumerate(STEPS) if place not in done]
        now = left[0].text if left else "that was all; the node that joins comes with distribution"
        self.progress(now)
        return replace(book, done=done, to_do=tuple(step.name for step in left), now=now)


def _is_input(message: object) -> bool:
    return type(message) in (int, str)


def _entry(book: Book, pid: Pid) -> Open | None:
    return next((entry for entry in book.open if entry.pid == pid), None)


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        return 0
