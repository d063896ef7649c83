"""Who listens to a node: its flight recorder and the sessions that are open. What an event site tests for None.

    tap = sched.tap                                   None where nobody listens: that is all that tracing costs then
    if tap is not None and "send" in tap.kinds:
        tap.offer(process, (now, "send", …))

    open ---> listening: kinds, sessions ---> `changed(tap, or None)` is told, so that the scheduler's slot is set
    leave(owner), tick(now), stop(number) ---> sessions that have stopped are let go; their readers keep them
    functions of a pattern ---> `Probes` put them under trace, until no session wants them

`offer` reads one dict, which is never changed, and takes no lock; opening and closing is for any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import count
from threading import get_ident
from typing import Any, Final, TypeVar

from .flight import Flight, itself
from .functions import Probes, Target, Unfit
from .heard import HEARD, MESSAGES, NOBODY, Heard, Hearing, Listen
from .limits import Limits
from .pattern import Matcher, Pattern, Subject, dangers, parse, trigger_dangers
from .records import Event, Show, reticent
from .session import Cause, Frames, Session
from .triggers import Trigger, Triggers, read_trigger

__all__ = ["Refused", "Tap"]

S = TypeVar("S", bound=Session)
MOST: Final = 16
"""Sessions at a time."""


class Refused(ValueError):  # noqa: N818 - the outcome, as in an operator's audit
    """A session that is not opened: its pattern is dangerous, or there are too many."""


def _each(listeners: list[Listen]) -> Listen:
    def offer(subject: Subject, event: Any) -> None:
        for listen in listeners:
            listen(subject, event)

    return offer


def _forcing(why: list[str]) -> str:
    return f"refused: {'; '.join(why)}; --force does it nevertheless"


def _light(event: Event) -> Event:
    """An event as the flight recorder keeps it: without the states of code that has been replaced, which would keep that code alive."""
    return (*event[:7], (), *event[8:]) if event[1] == "code_changed" else event


class Tap:
    """The listeners of one node.

    Args:
        clock: seconds of the monotonic clock.
        changed: told the tap when somebody begins to listen, and None when nobody does any more. Called with the lock held, on any
            thread. Optional. Defaults to nothing.
        flight: the flight recorder. Optional. Defaults to none.
        flight_kinds: kinds of events that are handed on to it. Those that are most frequent are not among them where their sites
            keep them themselves. Optional. Defaults to none.
        resolve: the number of the process that has a name now. Optional. Defaults to nobody having any.
        atoms: how values of the runtime's classes are compared, see `pattern.reading`. Optional. Defaults to none.
        show: shows values, bounded and redacted. Optional. Defaults to telling next to nothing of them.
        frames: the frames of an event that happens now. Optional. Defaults to none.
        event_of: makes events of what sites offer in their place, since making one costs more than a message. Optional. Defaults to events
            being offered.
        probes: put functions under trace. Optional. Defaults to none; patterns that name functions are refused then.

    Attributes:
        kinds: of events that somebody wants.
        offers: who takes an event, by its kind. It is replaced, never changed.
        heard: who is told of each message; likewise.
        sessions: those that are open.
        show: shows the values of sessions that are opened from now on.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        changed: Callable[[Tap | None], None] = lambda _: None,
        *,
        flight: Flight[Any] | None = None,
        flight_kinds: frozenset[str] = frozenset(),
        resolve: Callable[[str], int | None] = lambda _: None,
        atoms: Mapping[type, Callable[[Any], Any]] | None = None,
        show: Show = reticent,
        frames: Frames | None = None,
        event_of: Callable[[Any], Event] = itself,
        probes: Probes | None = None,
    ) -> None:
        self.kinds: frozenset[str] = frozenset()
        self.sessions: tuple[Session, ...] = ()
        self._clock = clock
        self._changed = changed
        self._flight = flight
        self._flight_kinds: frozenset[str] = flight_kinds if flight is not None else frozenset[str]()
        self.triggers: Final = Triggers(flight, resolve=resolve, atoms=atoms) if flight is not None else None
        self._resolve = resolve
        self._atoms = atoms
        self.show = show
        self._frames = frames
        self._event_of = event_of
        self._probes = probes
        if probes is not None:
            probes.offer = self.offer
        self._numbers = count(1)
        self.offers: dict[str, Listen] = {}
        self.heard = NOBODY
        self._thread = get_ident()
        self._elsewhere: tuple[frozenset[str], Listen] = frozenset(), lambda _subject, _event: None
        self._lock = threading.Lock()
        self._closed = False
        self._renew = False
        self._settle(())

    def offer(self, subject: Subject, event: Any) -> None:
        """Hand an event, whose kind is one of `kinds`, to whoever wants it. Never raises."""
        offer = self.offers.get(event[1])
        if offer is not None:
            offer(subject, event)

    def open(
        self,
        pattern: str | Pattern,
        limits: Limits | None = None,
        owner: Hashable = None,
        *,
        force: bool = False,
    ) -> Session:
        """Open a session.

        Args:
            pattern: what is asked for.
            limits: what it may cost. Optional. Defaults to `Limits()`.
            owner: with whom it ends (`leave`). Optional. Defaults to nobody.
            force: whether a dangerous pattern is allowed. Optional. Defaults to False.

        Raises:
            PatternError: the pattern cannot be understood, or names a function that cannot be traced.
            Refused: it is dangerous and not forced, there are 16 sessions, or the node has ended.
        """
        wanted = parse(pattern) if isinstance(pattern, str) else pattern
        targets = self._targets(wanted)
        why = [] if force else self._dangers(wanted, targets)
        if why:
            raise Refused(_forcing(why))

        def make(number: int, now: float) -> Session:
            matcher = Matcher(wanted, self._resolve, now, self._atoms)
            session = Session(
                number,
                matcher,
                limits or Limits(),
                owner,
                now,
                self.show,
                self._frames,
                self._event_of,
                self._thread,
            )
            if self._probes is not None and targets:
                try:
                    self._probes.add(session, targets)
                except Unfit as error:
                    raise Refused(str(error)) from None
            return session

        return self.add(make)

    def add(self, make: Callable[[int, float], S]) -> S:
        """Open a session of another make.

        Args:
            make: gets its number, and when it begins.

        Raises:
            Refused: there are 16 sessions, or the node has ended.
        """
        with self._lock:
            now = self._clock()
            self._sweep(now)
            if self._closed:
                raise Refused("the node has ended; nothing can be traced any more")
            if len(self.sessions) >= MOST:
                raise Refused(f"{MOST} sessions are open; stop one of them first")
            session = make(next(self._numbers), now)
            self._settle((*self.sessions, session))
        return session

    def dangers(self, pattern: Pattern) -> list[str]:
        """Why a session with this pattern would have to be forced, in sentences.

        Raises:
            PatternError: it names a function that cannot be traced.
            Refused: no function can be traced here.
        """
        return self._dangers(pattern, self._targets(pattern))

    def _dangers(self, pattern: Pattern, targets: tuple[Target, ...]) -> list[str]:
        return dangers(pattern) + (self._probes.dangers(targets) if self._probes is not None else [])

    def hand_on(self, kinds: frozenset[str], listen: Listen) -> None:
        """Let somebody in another OS process have the events of these kinds; instead of what was wanted there before."""
        with self._lock:
            self._elsewhere = kinds, listen
            self._settle(self.sessions)

    def _targets(self, pattern: Pattern) -> tuple[Target, ...]:
        if not pattern.functions:
            return ()
        if self._probes is None:
            raise Refused("functions cannot be traced here; trace what happens to processes")
        return self._probes.find(pattern)

    def code_changed(self) -> None:
        """Modules have been replaced: what is traced is what has the functions' names now, or at the next `tick`."""
        self._renew = True
        self.tick()

    def keep(self, text: str, *, force: bool = False) -> Trigger:
        """Set a trigger of the flight recorder: `keep 5s before crash`.

        Args:
            text: the trigger.
            force: whether a dangerous one is allowed. Optional. Defaults to False.

        Raises:
            PatternError: it cannot be understood.
            Refused: the node has no flight recorder, or the trigger is a function's, or dangerous and not forced.
        """
        if self.triggers is None:
            raise Refused("the node has no flight recorder")
        pattern = read_trigger(text).pattern
        if pattern.functions:
            raise Refused(
                "a trigger waits for what happens to processes, and for no function; open a session for that"
            )
        why = [] if force else trigger_dangers(pattern)
        if why:
            raise Refused(_forcing(why))
        with self._lock:
            trigger = self.triggers.add(text)
            self._settle(self.sessions)
        return trigger

    def forget(self, text: str) -> bool:
        """Take a trigger away; whether there was one."""
        with self._lock:
            there = self.triggers is not None and self.triggers.remove(text)
            self._settle(self.sessions)
        return there

    def leave(self, owner: Hashable) -> int:
        """An owner has gone: stop its sessions. How many there were."""
        mine = [session for session in self.sessions if session.owner == owner]
        self._stop(mine, "owner", "its owner has disconnected")
        return len(mine)

    def stop(self, session: Session, by: str = "") -> None:
        """Stop a session because somebody has asked for it."""
        self._stop([session], "asked", f"stopped by {by}" if by else "stopped as asked")

    def close(self) -> None:
        """The node ends: stop all sessions, and open none any more."""
        self._stop(list(self.sessions), "node", "the node has ended")
        with self._lock:
            self._closed = True
            self._flight_kinds = frozenset()
            self._elsewhere = frozenset(), self._elsewhere[1]
            if self.triggers is not None:
                self.triggers.clear()
            self._settle(())

    def tick(self, now: float | None = None) -> None:
        """Stop those whose time is over, and let go of those that have stopped. About every 0.1 s while sessions are open.

        It does not wait for another thread that opens a session: putting many functions under trace takes its time.
        """
        if self._lock.acquire(blocking=False):
            try:
                self._sweep(self._clock() if now is None else now)
            finally:
                self._lock.release()

    def settle(self) -> None:
        """A turn is over: sessions look at what has been put aside in it. For the thread that has made the tap."""
        for session in self.sessions:
            session.settle()

    def _stop(self, sessions: list[Session], cause: Cause, text: str) -> None:
        now = self._clock()
        for session in sessions:
            session.stop(cause, text, now)
        with self._lock:
            self._sweep(now)

    def _sweep(self, now: float) -> None:
        for session in self.sessions:
            session.expire(now)
        if self._probes is not None:
            if self._renew:
                self._renew = False
                self._probes.again()
            self._probes.keep(self.sessions)
        left = tuple(session for session in self.sessions if session.stopped is None)
        if len(left) != len(self.sessions):
            self._settle(left)

    def _settle(self, sessions: tuple[Session, ...]) -> None:
        self.sessions = sessions
        listeners: dict[str, list[Listen]] = {}
        for kinds, listen in self._wishes():
            for kind in kinds:
                listeners.setdefault(kind, []).append(listen)
        self.offers = {
            kind: listen[0] if len(listen) == 1 else _each(listen) for kind, listen in listeners.items()
        }
        heard: dict[str, Any] = {kind: offer for kind, offer in self.offers.items() if kind in HEARD}
        heard |= {kind: Hearing(heard[kind]) for kind in MESSAGES & heard.keys()}
        for session in sessions:
            alone = (kind for kind in session.kinds & MESSAGES if len(listeners[kind]) == 1)
            heard |= {kind: session.hears(kind) for kind in alone}
        self.heard = Heard(**heard)
        self.kinds = frozenset(listeners)
        self._changed(self if listeners else None)

    def _wishes(self) -> Iterator[tuple[frozenset[str], Listen]]:
        """Who wants which kinds: the flight recorder first, so that what a trigger waits for is in its dump."""
        if self._flight is not None and self.triggers is not None:
            keep, fired, event_of = self._flight.keep, self.triggers.offer, self._event_of
            code = self._flight_kinds & {"code_changed"}
            yield self._flight_kinds - code, lambda _subject, event: keep(event)
            yield code, lambda _subject, event: keep(_light(event))
            yield self.triggers.kinds, lambda subject, event: fired(subject, event_of(event))
        yield self._elsewhere
        for session in self.sessions:
            yield session.kinds, session.offer
