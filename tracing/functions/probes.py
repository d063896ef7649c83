"""The probes of one node: which functions its sessions ask for, and the events of their calls.

    find(pattern) ---> targets; add(session, targets) ---> an ear at the site of each function
    keep(sessions) ---> the ears of those that have ended are gone, and with the last ear the site

    a call ---> ear: does a session live? whose step is it? ---> event ---> `offer` on the loop's thread
                                                                  '-> on others: a bounded tray, emptied on the loop's thread

What call and end mean: a plain function is called, and returns or raises. The body of a coroutine function or of a generator begins
with its first step and is over with its last, whoever takes the steps and however long it stands still in between; `took` is all of that.
One that is closed early raises GeneratorExit; CPython 3.13 lets many of those go without telling. Arguments are those of the beginning,
by the names of the parameters, `*rest` and `**more` among them and keyword-only ones before these. They are held, not copied, until they
are shown, each through the behaviour's `redact`; and so is a traceback, with its frames.

The calls of a session that has ended cost a look at it, until the next of them or `keep` takes the ear away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import get_ident
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias

from ..context import Context
from ..pattern import Pattern, PatternError, Subject
from ..pattern.dangers import hot
from ..records import Event, Redact
from ..session import Session
from .finding import Target, found
from .instrument import sites
from .sites import Call, Site, Unfit

__all__ = ["Here", "Probes", "Unfit"]

Here: TypeAlias = "Callable[[], tuple[Subject, Context | None, Redact | None] | None]"
"""Whose code runs on the calling thread: the process, or the node itself as number 0; the context of its step; what its values are
shown through. None where it is another node's: this one is told nothing then."""
MOST: Final = 5000
"""Calls on other threads that wait to be looked at."""


class Probes:
    """The probes of one node.

    `find`, `add`, `keep` and `again` are for one thread at a time.

    Args:
        clock: seconds of the monotonic clock.
        here: whose code runs. Called on whatever thread a traced function runs on, in the middle of it.
        thread: the number of the loop's thread, where events are offered. Optional. Defaults to any thread being the one.
        post: has a function called on the loop's thread, soon. Called on other threads. Optional, if there is no other thread.
        spared: whether a function must keep its code object. Optional. Defaults to none.

    Attributes:
        offer: who is told the events, on the loop's thread. A `Tap` puts itself here.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        here: Here,
        *,
        thread: Callable[[], int] = get_ident,
        post: Callable[[Callable[[], None]], None] = lambda work: work(),
        spared: Callable[[CodeType], bool] = lambda _: False,
    ) -> None:
        self.clock: Final = clock
        self.here: Final = here
        self.offer: Callable[[Subject, Event], None] = _nobody
        self._thread: Final = thread
        self._post: Final = post
        self._spared: Final = spared
        self._wanted: dict[Session, tuple[Target, ...]] = {}
        self._ears: dict[int, Ear] = {}
        self._tray: deque[tuple[Subject, Event]] = deque()
        self._posted = False

    # --- sessions -----------------------------------------------------------------------------------

    def find(self, pattern: Pattern) -> tuple[Target, ...]:
        """The functions that a pattern means. Nothing is touched yet.

        Raises:
            PatternError: one of them is not there, or cannot be traced.
        """
        targets = tuple(target for function in pattern.functions for target in found(pattern, function))
        for target in targets:
            if self._spared(target.function.__code__):
                problem = f"{target.home}:{target.function.__qualname__} is what steps are told by"
                raise PatternError(
                    pattern.text, target.wanted.column, problem, ("a function of your own", "what it calls")
                )
        return targets

    def dangers(self, targets: Iterable[Target]) -> list[str]:
        """Why tracing these is dangerous, as far as their patterns' words do not tell: a name may be an import of another module's."""
        elsewhere = [
            target
            for target in targets
            if hot(target.home) and not hot(target.wanted.module) and target.wanted.name != "*"
        ]
        return [
            f"{target.text} is {target.home}:{target.function.__qualname__}, which is called all the time"
            for target in elsewhere
        ]

    def add(self, session: Session, targets: tuple[Target, ...]) -> None:
        """Put functions under trace for a session.

        Raises:
            Unfit: that cannot be done. Nothing has changed.
        """
        before = self._wanted
        try:
            self._arrange({**before, session: targets})
        except Unfit:
            self._arrange(before)
            raise

    def keep(self, sessions: Iterable[Session]) -> None:
        """Only these go on; the functions of others are as they were. Those whose probes have failed are stopped."""
        for ear in self._ears.values():
            if ear.broken is not None:
                for session in ear.sessions:
                    session.stop("defect", f"it failed: {type(ear.broken).__name__}", self.clock())
        left = {session for session in sessions if session.stopped is None}
        if any(session not in left for session in self._wanted):
            self._arrange({each: targets for each, targets in self._wanted.items() if each in left})

    def again(self) -> None:
        """Modules have been replaced: trace what has the functions' names now. One whose name is gone is let go."""
        try:
            self._arrange({session: self._anew(session) for session in self._wanted})
        except Unfit as error:
            for session in self._wanted:
                session.stop("defect", f"after a change of code: {error}", self.clock())
            self._arrange({})

    def _anew(self, session: Session) -> tuple[Target, ...]:
        targets: list[Target] = []
        for function in session.pattern.functions:
            try:
                targets += found(session.pattern, function)
            except PatternError:
                continue
        return tuple(targets)

    @property
    def functions(self) -> list[str]:
        """What is under trace for this node, as patterns call it."""
        return sorted({text for ear in self._ears.values() for text in ear.texts})

    def _arrange(self, wanted: dict[Session, tuple[Target, ...]]) -> None:
        ears: dict[int, Ear] = {}
        for session, targets in wanted.items():
            for target in targets:
                ear = ears.setdefault(id(target.function), Ear(self, target.function))  # pyright: ignore[reportArgumentType]  # a field: it is not bound
                ear.add(session, target.text)
        for key in [key for key in self._ears if key not in ears]:
            self._ears.pop(key).leave()
        for key, ear in ears.items():
            before = self._ears.get(key)
            if before is None or before.broken is not None or not before.like(ear):
                ear.listen(before)
                self._ears[key] = ear
        self._wanted = wanted

    # --- events -------------------------------------------------------------------------------------

    def tell(self, ear: Ear, subject: Subject, event: Event) -> None:
        """Offer an event, or leave it for the loop's thread to offer."""
        if get_ident() == self._thread():
            self.offer(subject, event)
        elif len(self._tray) >= MOST:
            for session in ear.sessions:
                session.stop(
                    "queue", f"{MOST:,} calls on other threads were waiting to be looked at", event[0]
                )
        else:
            self._tray.append((subject, event))
            if not self._posted:
                self._posted = True
                self._post(self._empty)

    def _empty(self) -> None:
        self._posted = False  # first: who comes now has it emptied again
        for _ in range(len(self._tray)):
            self.offer(*self._tray.popleft())


class Ear:
    """Hears of the calls of one function, for the sessions of one node. Others take its place where these change."""

    __slots__ = ("_function", "_probes", "_site", "broken", "ends", "sessions", "texts")

    def __init__(self, probes: Probes, function: FunctionType) -> None:
        self._probes: Final = probes
        self._function: Final = function
        self._site: Site | None = None
        self.sessions: tuple[Session, ...] = ()
        self.texts: tuple[str, ...] = ()
        self.ends = False
        self.broken: Exception | None = None

    def add(self, session: Session, text: str) -> None:
        """Before it listens: for whom, and how these call the function."""
        if session not in self.sessions:
            self.sessions = (*self.sessions, session)
        if text not in self.texts:
            self.texts = (*self.texts, text)
        self.ends = self.ends or "function_return" in session.kinds

    def like(self, other: Ear) -> bool:
        """Whether they do the same."""
        return (self.sessions, self.texts) == (other.sessions, other.texts)

    def listen(self, before: Ear | None) -> None:
        """Begin, in the place of `before`. Raises Unfit."""
        self._site = sites.attach(self._function, self, before)

    def leave(self, *, wait: bool = True) -> None:
        """Listen no more."""
        if self._site is not None:
            sites.detach(self._site, self, wait=wait)

    # --- in the function ----------------------------------------------------------------------------

    def begun(self, arguments: dict[str, Any]) -> Call | None:
        """A call begins."""
        for session in self.sessions:
            if session.stopped is None:
                break
        else:
            self.leave(wait=False)
            return None
        probes = self._probes
        here = probes.here()
        if here is None:
            return None
        subject, context, redact = here
        if redact is not None:
            redact = _Shown(redact, arguments)
        now = probes.clock()
        number, name = subject.number, subject.name
        for text in self.texts:
            event = (now, "function_call", number, name, text, 0, context, (arguments,), None, None, redact)
            probes.tell(self, subject, event)
        return Call(self, now, arguments, subject, context, redact) if self.ends else None

    def ended(self, kind: str, call: Call, value: Any) -> None:
        """A call is over."""
        if all(session.stopped is not None for session in self.sessions):
            return
        probes, subject = self._probes, call.subject
        now = probes.clock()
        values = (call.arguments, value)
        for text in self.texts:
            event = (
                now, kind, subject.number, subject.name, text, 0, call.context, values, None, now - call.at, call.redact,
            )  # fmt: skip
            probes.tell(self, subject, event)


class _Shown:
    """How arguments and results are shown through a behaviour's `redact`, which knows values and not what they are called."""

    __slots__ = ("_arguments", "_redact")

    def __init__(self, redact: Redact, arguments: dict[str, Any]) -> None:
        self._redact = redact
        self._arguments = arguments

    def __call__(self, value: Any) -> Any:
        if value is not self._arguments:
            return self._redact(value)
        return {name: self._argument(argument) for name, argument in self._arguments.items()}

    def _argument(self, argument: Any) -> Any:
        """An argument; of `*rest` and `**more`, and what is like them, each by itself."""
        shown = self._redact(argument)
        if shown is argument and type(shown) is tuple:
            return tuple(self._redact(item) for item in shown)  # pyright: ignore[reportUnknownVariableType]
        if shown is argument and type(shown) is dict:
            return {name: self._redact(item) for name, item in shown.items()}  # pyright: ignore[reportUnknownVariableType]
        return shown


def _nobody(_subject: Subject, _event: Event) -> None:
    """There is no tap yet."""
