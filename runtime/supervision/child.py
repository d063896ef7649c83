"""One child of a running supervisor: its spec, its process, and what became of the processes before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import describe, kind_of

if TYPE_CHECKING:
    from ..crash import CrashReport
    from ..process import Process
    from .child_spec import ChildSpec
    from .engine import Family

__all__ = ["Child", "End"]

KEPT: Final = 20
"""Ends that a child remembers."""


class End:
    """One end of a child, and what followed (an entry of the restart history).

    Attributes:
        at: seconds since the epoch.
        path: ids from the top supervisor down to the child.
        supervisor: number of the supervisor.
        old: number of the process that ended.
        new: number of its successor; None until there is one.
        text: exit reason, in words.
        kind: exit reason without values.
        lived_s: seconds from start to end.
        lost: messages that its mailbox held.
        by: who ended it; None for itself.
    """

    __slots__ = ("at", "by", "kind", "lived_s", "lost", "new", "old", "path", "supervisor", "text")

    def __init__(self, at: float, path: tuple[Any, ...], supervisor: int, old: int, reason: Any) -> None:
        self.at = at
        self.path = path
        self.supervisor = supervisor
        self.old = old
        self.new: int | None = None
        self.text = describe(reason)
        self.kind = kind_of(reason)
        self.lived_s = 0.0
        self.lost = 0
        self.by: str | None = None


class Child:
    """A child's place in its supervisor.

    `process` is None while the child is not running; `restarting` says that it will be tried again.
    """

    __slots__ = ("blame", "crash", "ends", "family", "process", "restarting", "restarts", "spec")

    def __init__(self, spec: ChildSpec, family: Family) -> None:
        self.spec = spec
        self.family = family
        self.process: Process | None = None
        self.restarting = False
        self.restarts = 0
        self.ends: list[End] | None = None
        self.crash: CrashReport | None = None
        self.blame: str | None = None
        """Why its supervisor is stopping it; taken over into the history."""

    @property
    def path(self) -> tuple[Any, ...]:
        """Ids from the top supervisor down to this child."""
        return (*self.family.path, self.spec.id)

    def ended(self, end: End) -> None:
        """Remember an end."""
        if self.ends is None:
            self.ends = []
        self.ends.append(end)
        if len(self.ends) > KEPT:
            del self.ends[0]

    def started(self, process: Process) -> None:
        """Its process has started; if it had ended before, that is the successor."""
        self.process = process
        self.restarting = False
        if self.ends and self.ends[-1].new is None:
            self.ends[-1].new = process.number
