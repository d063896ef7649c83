"""The record of a script on this runtime's side: what happened, and what has to outlive a worker.

It is a live object, so it is a resource of the node and no message.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["RECORD", "UNANSWERED", "Record", "class_of", "reason_of"]

UNANSWERED = object()
RECORD = "the record of a differential script"


@dataclass
class Record:
    """What happened, in order, and what has to outlive a worker."""

    trace: list[list[Any]] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, int] = field(default_factory=dict)
    ignoring: Counter[str] = field(default_factory=Counter)
    workers: dict[Any, tuple[str, int]] = field(default_factory=dict)  # pid → id, incarnation
    meanwhile: dict[str, list[Any]] = field(default_factory=dict)  # what the next failing start asks
    answers: list[Any] = field(default_factory=list)
    asking: list[asyncio.Task[None]] = field(default_factory=list)
    heard: list[list[Any]] = field(default_factory=list)  # id, incarnation, and what it heard
    monitors: dict[Any, dict[Any, list[Any]]] = field(default_factory=dict)  # pid → whom it monitors → refs
    watches: dict[Any, list[Any]] = field(default_factory=dict)  # pid → its monitors of groups

    def who(self, pid: Any) -> Any:
        """A process as both sides call it."""
        return list(self.workers[pid]) if pid in self.workers else "someone"

    def whos(self, pids: list[Any]) -> list[Any]:
        """Some processes, in an order that says nothing."""
        return sorted(map(self.who, pids))

    def note(self, pid: Any, *what: Any) -> None:
        """A worker has heard something."""
        self.heard.append([*self.workers[pid], *what])


def class_of(reason):
    """The part of an exit reason that both sides have in common."""
    match reason:
        case "normal" | "shutdown" | "killed" | "noproc":
            return reason
        case ("shutdown", _):
            return "shutdown_with"
        case _:
            return "error"


def reason_of(name):
    """The exit reason that a script's word stands for."""
    return {"shutdown_with": ("shutdown", "a term"), "error": "boom"}.get(name, name)
