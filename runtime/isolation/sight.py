"""The node's end of the pipe to the thread that answers in an isolated OS process (`eyes`).

One question at a time is under way. One that was not answered in time is still owed, and nothing is sent before its answer has come:
so what is asked of an OS process that stands still never fills the pipe.
"""

from __future__ import annotations

import pickle
import time
from typing import TYPE_CHECKING, Any, Final

from .wire import Pipe

if TYPE_CHECKING:
    import socket

__all__ = ["Sight"]


class Sight:
    """Asks; from any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._pipe: Final = Pipe(sock)
        self._asked = self._answered = 0

    def ask(self, question: Any, seconds: float) -> tuple[bool, Any]:
        """Whether it could be answered, and the answer; else why not.

        Args:
            question: what `eyes` understands.
            seconds: to wait at most, also for those who asked before.

        Raises:
            TimeoutError: no answer came in time.
            OSError: it has ended.
        """
        deadline = time.monotonic() + seconds
        if not self._pipe.lock.acquire(timeout=seconds):
            raise TimeoutError
        try:
            while self._answered < self._asked:
                self._hear(deadline)  # it comes too late
            self._pipe.send(pickle.dumps((self._asked + 1, question)), _left(deadline))
            self._asked += 1
            return self._hear(deadline)
        finally:
            self._pipe.lock.release()

    def _hear(self, deadline: float) -> tuple[bool, Any]:
        body = self._pipe.receive(_left(deadline))
        if body is None:
            raise OSError("it has ended")
        self._answered, could, answer = pickle.loads(body)
        return could, answer

    def close(self) -> None:
        """Nothing more is asked."""
        self._pipe.close()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
