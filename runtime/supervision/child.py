"""One child of a running supervisor: its spec, its process, and what became of the processes before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..coroutine import CoroutineProcess
from ..errors import BadReturn, ProcessExit, describe, kind_of
from ..messages import share
from ..preemption.guards import boundary
from .child_spec import ChildSpec

if TYPE_CHECKING:
    from ..crash import CrashReport
    from ..pid import Ref
    from ..process import Process
    from .family import Family

__all__ = ["Attempt", "Child", "End"]

KEPT: Final = 20
"""Ends, and attempts, that a child remembers."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One life of a child, as `restart_args` sees it.

    Attributes:
        args: what it was started with.
        reason: why it ended, or did not start.
        lived_s: seconds from start to end.
        at: when it ended, in seconds since the epoch.
    """

    args: tuple[Any, ...]
    reason: Any
    lived_s: float
    at: float


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
        cause: of a supervisor that gave up, the end at the bottom: of the child that made it, or a supervisor below it, give up.
    """

    __slots__ = ("at", "by", "cause", "kind", "lived_s", "lost", "new", "old", "path", "supervisor", "text")

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
        self.cause: End | None = None


class _Past:
    """What only those children have whose process has ended, or did not start. Made on first use."""

    __slots__ = (
        "args",
        "attempts",
        "blame",
        "crash",
        "ends",
        "ignored",
        "restarting",
        "restarts",
        "wait",
        "waits",
    )

    def __init__(self) -> None:
        self.restarting = False
        self.restarts = 0
        self.ends: list[End] | None = None
        self.crash: CrashReport | None = None
        self.blame: str | None = None
        self.ignored = False
        self.args: tuple[Any, ...] | None = None
        self.attempts: list[Attempt] | None = None
        self.wait: tuple[float, Ref] | None = None
        self.waits = 0


class Child(ChildSpec):
    """A child's place in its supervisor: a spec that has been taken on.

    There are as many as processes, so it *is* its spec (what differs between siblings, hence two fields) and no second
    object that points to one.

    Attributes:
        family: the state of its supervisor.
        process: None while it is not running; `restarting` says that it will be tried again.
    """

    __slots__ = ("_past", "family", "process")
    __setattr__ = object.__setattr__

    def __init__(self, spec: ChildSpec, family: Family) -> None:
        self.id = spec.id
        self.args = spec.args
        self.terms = spec.terms
        self.family = family
        self.process: Process | None = None
        self._past: _Past | None = None

    def make(self) -> type[CoroutineProcess]:
        """What runs it, if it is an async function."""
        return CoroutineProcess

    @property
    def spec(self) -> ChildSpec:
        """What it was started from."""
        return self

    @property
    def path(self) -> tuple[Any, ...]:
        """Ids from the top supervisor down to this child."""
        return (*self.family.path, self.id)

    @property
    def links(self) -> tuple[Process, ...]:
        """The links of a process that has made and undone none: with its supervisor, unless that is stopping it."""
        return self.family.links if self.blame is None else ()

    @property
    def restarting(self) -> bool:
        """Whether it will be tried again. Settable."""
        return self._past is not None and self._past.restarting

    @restarting.setter
    def restarting(self, on: bool) -> None:
        if on or self._past is not None:
            self._remembered().restarting = on

    @property
    def restarts(self) -> int:
        """How often it has been restarted."""
        return self._past.restarts if self._past is not None else 0

    @property
    def ends(self) -> list[End] | None:
        """Its last ends, 20 at most; None while there is none."""
        return self._past.ends if self._past is not None else None

    @property
    def crash(self) -> CrashReport | None:
        """The report of its last crash."""
        return self._past.crash if self._past is not None else None

    @property
    def blame(self) -> str | None:
        """Why its supervisor is stopping it; taken over into the history. Settable."""
        return self._past.blame if self._past is not None else None

    @blame.setter
    def blame(self, text: str | None) -> None:
        self._remembered().blame = text

    @property
    def ignored(self) -> bool:
        """Whether its last start ended with `Ignore()`. Settable."""
        return self._past is not None and self._past.ignored

    @ignored.setter
    def ignored(self, on: bool) -> None:
        self._remembered().ignored = on

    @property
    def wait(self) -> tuple[float, Ref] | None:
        """Until when (scheduler's clock) it waits to be restarted, and the timer; None while it does not. Settable."""
        return self._past.wait if self._past is not None else None

    @wait.setter
    def wait(self, wait: tuple[float, Ref] | None) -> None:
        if wait is not None or self._past is not None:
            self._remembered().wait = wait

    def _remembered(self) -> _Past:
        if self._past is None:
            self._past = _Past()
        return self._past

    def backs_off(self, chance: float) -> float:
        """Seconds to wait before it is started again, the next of a row; 0 for not at all."""
        backoff = self.terms.backoff
        if backoff is None:
            return 0.0
        past = self._remembered()
        if past.ends and past.ends[-1].lived_s >= backoff.maximum:
            past.waits = 0
        past.waits += 1
        return backoff.seconds(past.waits - 1, chance)

    def ended(self, end: End, crash: CrashReport | None, reason: Any) -> None:
        """Remember an end."""
        past = self._remembered()
        past.crash = crash or past.crash
        if past.ends is None:
            past.ends = []
        past.ends.append(end)
        if len(past.ends) > KEPT:
            del past.ends[0]
        if self.terms.restart_args is not None:
            past.attempts = [*(past.attempts or ())[-KEPT + 1 :], self._attempt(past, end, reason)]

    def _attempt(self, past: _Past, end: End, reason: Any) -> Attempt:
        args = past.args if past.args is not None else self.args
        return Attempt(args, reason, end.lived_s, end.at)

    def given(self) -> tuple[Any, dict[str, Any]]:
        """What its next start gets: arguments, or itself where `restart_args` computes them; and options."""
        terms, past = self.terms, self._past
        if past is not None and past.attempts is not None:
            return self, share(terms.options)
        if terms.constant:
            return self.args, terms.options
        return share(self.args), share(terms.options)

    @boundary
    def compute(self) -> tuple[Any, ...]:
        """The arguments of a restart. Runs code of the user, in a step of the new process.

        Raises:
            ProcessExit: with `("restart_args", what it raised)`; BadReturn where it returned no tuple.
        """
        past, function = self._remembered(), self.terms.restart_args
        assert function is not None
        try:
            args: Any = function(share(tuple(past.attempts or ())))
            if type(args) is not tuple:
                raise BadReturn(f"restart_args returned {describe(args)}; return a tuple of arguments")
        except Exception as error:
            raise ProcessExit(("restart_args", error)) from error
        past.args = shared = share(args)
        return shared if shared is args else share(args)

    def started(self, process: Process) -> None:
        """Its process has started; if it had ended before, that is the successor."""
        self.process = process
        past = self._past
        if past is not None:
            past.restarting = past.ignored = False
            past.wait = None
            if past.ends and past.ends[-1].new is None:
                past.ends[-1].new = process.number

    def restarted(self) -> int:
        """It has been restarted: how often, by now."""
        past = self._remembered()
        past.restarts += 1
        return past.restarts
