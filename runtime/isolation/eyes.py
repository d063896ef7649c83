"""How an operator looks into an isolated process: a thread over there answers, also while its loop is stuck.

    port's thread ── request ──> pipe ──> thread in the OS process: the same introspection as in any node
      (`sight`)   ── None ─────────────>    at a glance, in plain values
                  <── answer, or nothing in time: "does not answer" is an answer too

The end of file of the pipe tells that the node is gone, where nothing else does.
"""

from __future__ import annotations

import pickle
import threading
from typing import TYPE_CHECKING, Any, Final

from .fences import die
from .glance import glance

if TYPE_CHECKING:
    from .guests import GuestNode
    from .wire import Pipe

__all__ = ["open_on"]

NAME: Final = "observer eyes"


def open_on(node: GuestNode, pipe: Pipe) -> None:
    """Answer questions about `node`, on a thread."""
    threading.Thread(target=_answer_all, args=(node, pipe), name=NAME, daemon=True).start()


def _answer_all(node: GuestNode, pipe: Pipe) -> None:
    handler: Any = None
    while True:
        try:
            body = pipe.receive()
        except OSError:
            body = None
        if body is None:
            die()
            return
        number, question = pickle.loads(body)
        try:
            if question is None:
                assert node.home is not None
                answer: tuple[bool, Any] = True, glance(node, node.home.owner)
            else:
                if handler is None:
                    from .insight import Insight  # noqa: PLC0415 - pydantic, only once somebody looks closer

                    handler = Insight(node)
                answer = True, handler(*question)
        except BaseException as error:
            answer = False, f"{type(error).__name__}: {error}"
        pipe.send(pickle.dumps((number, *answer)))
