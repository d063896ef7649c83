"""What people do with their telephones: scenes of two or three, each a script that goes on when what has to be heard is heard.

    pair    a dials b, who answers; they talk; one hangs up
    trio    while a and b talk, c dials b: and hears the busy tone, or waits; then
              c gives up, and b presses R: a complaint, if nobody has said that c is gone
              or b presses R and talks to c, back to a, perhaps to c once more, …

Nobody acts before everything that the last act had to cause has been heard by all whom it concerns, so a scene can only go one way,
however slow the exchange is. Each person has a watch and notes how long who has talked with whom. What is heard out of
turn, and what is never heard, are failures of the exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from random import Random
from typing import Protocol

from demo.exchange.signals import Dial, HangUp, Lift, Recall, Say

__all__ = ["Around", "Hears", "Pause", "Scene", "Script"]

Sound = tuple[str, str]
"""At which number, and what."""
Phone = Callable[[str, object], None]
Couple = tuple[str, str]
"""Caller and callee."""


@dataclass(frozen=True)
class Pause:
    """Let so many seconds pass."""

    seconds: int


class Hears:
    """Wait until everything has been heard that one of these alternatives names."""

    def __init__(self, *alternatives: set[Sound]) -> None:
        self.alternatives = alternatives
        self.all = frozenset[Sound]().union(*alternatives)


Script = Generator[Pause | Hears, set[Sound], None]


class Around(Protocol):
    """The world of a scene, and what it tells it."""

    random: Random
    now: int
    closing: bool
    software: str
    changes: int

    def phone(self, number: str, act: object) -> None:
        """Do something with a telephone."""
        ...

    def tally(self, what: str, software: str = "", by: int = 1) -> None:
        """Count something, for the version under which it happened."""
        ...

    def note(self, couple: Couple, seconds: int) -> None:
        """A call has ended; so long the two have talked."""
        ...


class Scene:
    """One scene. `heard` has what was heard and not been waited for."""

    def __init__(self, world: Around, *people: str) -> None:
        self.world = world
        self.people = people
        self.heard: set[Sound] = set()
        self.talks: dict[Couple, tuple[int, int | None]] = {}
        """The calls in progress: seconds talked before, and since when they talk now; None while on hold."""
        self.changes: dict[Couple, int] = {}
        """How often the software had changed when they began."""

    # --- scripts --------------------------------------------------------------------------------------

    def pair(self) -> Script:
        """Two talk."""
        a, b = self.people
        yield from self._connect(a, b)
        yield from self._talk(a, b, self.world.random.randint(3, 8))
        yield from self._part(*self.world.random.choice(((a, b), (b, a))), (a, b))

    def trio(self) -> Script:
        """Two talk, and a third calls one of them."""
        a, b, c = self.people
        yield from self._connect(a, b)
        yield from self._talk(a, b, self.world.random.randint(1, 2))
        asked = self.world.software
        self.world.phone(c, Dial(b, self.world.now))
        heard = yield Hears({(c, "busy")}, {(c, "waiting"), (b, "beeps")})
        waits = (c, "waiting") in heard
        if asked == self.world.software:  # else it happened while they were being exchanged
            self.world.tally("waited" if waits else "turned away", asked)
        if not waits:
            yield from self._down(c)
        elif self.world.random.random() < 0.4:
            yield from self._give_up(b, c)
        else:
            yield from self._take(a, b, c)
        yield from self._talk(a, b, self.world.random.randint(1, 4))
        yield from self._part(b, a, (a, b))

    # --- parts of them --------------------------------------------------------------------------------

    def _connect(self, a: str, b: str) -> Script:
        self.world.phone(a, Dial(b, self.world.now))
        yield Hears({(a, "ringing"), (b, "rings")})
        yield self._pause(2, 6)
        self.world.phone(b, Lift(self.world.now))
        self._begin((a, b))
        yield Hears({(a, "connected"), (b, "connected")})

    def _talk(self, a: str, b: str, turns: int) -> Script:
        for turn in range(turns):
            yield self._pause(4, 14)
            if self.world.closing:
                return
            speaker, listener = (a, b) if turn % 2 else (b, a)
            words = f"“{self.world.random.getrandbits(40):x}”"
            self.world.tally("said")
            self.world.phone(speaker, Say(words))
            yield Hears({(listener, words)})
            self.world.tally("understood")

    def _part(self, first: str, second: str, couple: Couple) -> Script:
        """`first` hangs up, then `second`."""
        self.world.phone(first, HangUp(self.world.now))
        self._noted(couple)
        yield Hears({(first, "cleared"), (second, "over")})
        yield from self._down(second)

    def _down(self, who: str) -> Script:
        """Put the receiver down after all is over."""
        self.world.phone(who, HangUp(self.world.now))
        yield Hears({(who, "cleared")})

    def _give_up(self, b: str, c: str) -> Script:
        """C waits in vain. Then b sees to who it was."""
        yield self._pause(3, 6)
        software = self.world.software
        yield from self._down(c)
        yield self._pause(2, 4)
        if (b, "gone") not in self.heard:
            self.world.phone(b, Recall(self.world.now))
            yield Hears({(b, "silence")})
        gone = (b, "gone") in self.heard
        self.heard.discard((b, "gone"))
        self.world.tally("gave up", software)
        if not gone:
            self.world.tally("complaints", software)

    def _take(self, a: str, b: str, c: str) -> Script:
        """B talks to c, and a is on hold; perhaps back and forth."""
        yield self._pause(2, 5)
        self._begin((c, b))
        self._swap((a, b), (c, b))
        yield Hears({(a, "hold"), (b, "connected"), (c, "connected")})
        yield from self._talk(c, b, self.world.random.randint(1, 3))
        if self.world.random.random() < 0.5:
            self._swap((c, b), (a, b))
            yield Hears({(c, "hold"), (a, "back"), (b, "back")})
            yield from self._talk(a, b, 1)
            self._swap((a, b), (c, b))
            yield Hears({(a, "hold"), (c, "back"), (b, "back")})
            yield from self._talk(c, b, 1)
        self.world.phone(c, HangUp(self.world.now))
        self._noted((c, b))
        yield Hears({(c, "cleared"), (b, "over")})
        yield self._pause(1, 3)
        self.world.phone(b, Recall(self.world.now))
        self.talks[a, b] = self.talks[a, b][0], self.world.now
        yield Hears({(a, "back"), (b, "back")})

    # --- the watch ------------------------------------------------------------------------------------

    def _pause(self, least: int, most: int) -> Pause:
        return Pause(1 if self.world.closing else self.world.random.randint(least, most))

    def _begin(self, couple: Couple) -> None:
        self.talks[couple] = 0, self.world.now
        self.changes[couple] = self.world.changes

    def _swap(self, held: Couple, taken: Couple) -> None:
        """R: the callee of both leaves one and goes to the other."""
        now = self.world.now
        self.world.phone(held[1], Recall(now))
        self.talks[held] = self._talked(held), None
        self.talks[taken] = self.talks[taken][0], now

    def _talked(self, couple: Couple) -> int:
        before, since = self.talks[couple]
        return before + (self.world.now - since if since is not None else 0)

    def _noted(self, couple: Couple) -> None:
        seconds = self._talked(couple)
        del self.talks[couple]
        if self.changes.pop(couple) != self.world.changes:
            self.world.tally("through")
        self.world.note(couple, seconds)

    def cut_off(self) -> None:
        """Everybody hangs up, and notes what there was."""
        for couple in tuple(self.talks):
            self._noted(couple)
        for number in self.people:
            self.world.phone(number, HangUp(self.world.now))
