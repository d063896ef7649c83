"""Triggers: what the flight recorder keeps for good, when something happens that somebody has been waiting for.

    keep 5s before crash                         any crash
    keep 500ms before ended of alice             the end of who has this name
    keep 10s before handled when took > 1s       a slow handler

    event --> does a trigger fit? --> the last seconds of its process and of its story --> a `Dump`, bounded in number:
              where there are too many, the oldest of the trigger that has most of them goes, so that none pushes out another's share

The rest of a trigger is a pattern: `of WHOM` stands in the place of its beginning. Who has no `of` means all.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .flight import Flight
from .pattern import Matcher, Pattern, PatternError, Subject, parse
from .pattern.parser import EVENTS, FUNCTION, parse_whom
from .records import Event

__all__ = ["Dump", "Trigger", "Triggers", "read_trigger"]

_KEEPS: Final = re.compile(r"\s*keep\s+(\d{1,6}(?:\.\d{1,6})?)(ms|s|min)(?!\w)\s*", re.ASCII)
_BEFORE: Final = re.compile(r"before(?!\w)\s*", re.ASCII)
_UNITS: Final = {"ms": 1e-3, "s": 1.0, "min": 60.0}
_LONGEST: Final = 600.0
_WORDS: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\b(of|when)\b""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What is waited for, and how much of the time before it is kept.

    Attributes:
        text: as it was written.
        seconds: how far back.
        pattern: which events it waits for.
    """

    text: str
    seconds: float
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Dump:
    """What a trigger has kept.

    Attributes:
        trigger: which.
        event: what it had waited for.
        events: what the flight recorder has of the time before it, oldest first; of its process, or of its story.
        number: by which it is known; rises by one with every dump of a node.
    """

    trigger: Trigger
    event: Event
    events: tuple[Event, ...]
    number: int = 0


def read_trigger(text: str) -> Trigger:
    """Read a trigger.

    Raises:
        PatternError: it cannot be understood.
    """
    keeps = _KEEPS.match(text)
    if keeps is None:
        legal = ("keep SECONDS before EVENT [of WHOM] [when CONDITION]", "keep 5s before crash")
        raise PatternError(text, 1, "a trigger begins with how much it keeps", legal)
    seconds = float(keeps[1]) * _UNITS[keeps[2]]
    if not 0 < seconds <= _LONGEST:
        raise PatternError(
            text, keeps.start(1) + 1, f"{seconds:g} s cannot be kept", (f"up to {_LONGEST:g} s",)
        )
    begins = _BEFORE.match(text, keeps.end())
    if begins is None:
        raise PatternError(text, keeps.end() + 1, "`before EVENT` is missing", ("before EVENT",))
    what, whom, rest = _parts(text, begins.end())
    if not what.text:
        raise PatternError(text, what.start + 1, "the event to wait for is missing", EVENTS)
    try:
        parse_whom(whom.text)
    except PatternError as error:
        raise PatternError(text, whom.start + error.column, error.problem, error.legal) from None
    beginning = f"{whom.text} "
    try:
        return Trigger(text, seconds, parse(f"{beginning}{what.text} {rest.text}"))
    except PatternError as error:
        at = error.column - 1 - len(beginning)
        beyond = at - len(what.text) - 1
        column = (rest.start + beyond if beyond > 0 else what.start + min(at, len(what.text))) + 1
        no_functions = tuple(each for each in error.legal if each != FUNCTION)
        raise PatternError(text, column, error.problem, no_functions) from None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a trigger, without the space around it, and where in its text it begins."""

    text: str
    start: int


def _parts(text: str, start: int) -> tuple[_Part, _Part, _Part]:
    """What, whom and the condition of a trigger, in the text's own words; without an `of` it means all."""
    ends, of = len(text), None
    for word in _WORDS.finditer(text, start):
        if word[2] == "of" and of is None:
            of = word
        elif word[2] == "when":
            ends = word.start()
            break
    rest = _part(text, ends, len(text))
    if of is None:
        return _part(text, start, ends), _Part("all", ends), rest
    return _part(text, start, of.start()), _part(text, of.end(), ends), rest


def _part(text: str, start: int, end: int) -> _Part:
    part = text[start:end].strip()
    return _Part(part, text.index(part, start) if part else end)


class Triggers:
    """The triggers of a node, and what they have kept.

    Args:
        flight: what happened before.
        most: dumps. Optional. Defaults to 50.
        size: events of one dump. Optional. Defaults to 1,000.
        pause: seconds after a dump in which the same trigger waits, so that a crash loop costs nothing. Optional. Defaults to 1.
        resolve: the number of the process that has a name now. Optional. Defaults to nobody having any.
        atoms: how values of the runtime's classes are compared. Optional. Defaults to none.

    Attributes:
        dumps: what has been kept, oldest first.
        kept: how many dumps there have been.
        passed: how often a trigger fitted while it waited.
        told: told of each dump when it is made, on the thread of what has happened; it never raises.
    """

    def __init__(
        self,
        flight: Flight[Any],
        most: int = 50,
        size: int = 1000,
        pause: float = 1.0,
        resolve: Callable[[str], int | None] = lambda _: None,
        atoms: Mapping[type, Callable[[Any], Any]] | None = None,
    ) -> None:
        self.dumps: Final[deque[Dump]] = deque()
        self._most = most
        self.kept = 0
        self.passed = 0
        self.told: Callable[[Dump], None] = lambda _: None
        self.kinds: frozenset[str] = frozenset()
        self._flight = flight
        self._size = size
        self._pause = pause
        self._resolve = resolve
        self._atoms = atoms
        self._set: dict[str, tuple[Trigger, Matcher]] = {}
        self._again: dict[str, float] = {}

    def add(self, text: str) -> Trigger:
        """Set a trigger. One that is set already stays.

        Raises:
            PatternError: it cannot be understood.
        """
        trigger = read_trigger(text)
        matcher = Matcher(trigger.pattern, self._resolve, atoms=self._atoms)
        self._settle({**self._set, text: (trigger, matcher)})
        return trigger

    def remove(self, text: str) -> bool:
        """Take a trigger away; whether there was one."""
        self._again.pop(text, None)
        there = text in self._set
        self._settle({key: item for key, item in self._set.items() if key != text})
        return there

    def clear(self) -> None:
        """Take all of them away."""
        self._again.clear()
        self._settle({})

    @property
    def all(self) -> list[Trigger]:
        """Those that are set."""
        return [trigger for trigger, _ in self._set.values()]

    def _settle(self, triggers: dict[str, tuple[Trigger, Matcher]]) -> None:
        self._set = triggers
        self.kinds = frozenset[str]().union(*(matcher.kinds for _, matcher in triggers.values()))

    def offer(self, subject: Subject, event: Event) -> None:
        """Look at an event whose kind is one of `kinds`, after the flight recorder has kept it. Never raises."""
        for text, (trigger, matcher) in self._set.items():
            if _fits(matcher, subject, event):
                if event[0] < self._again.get(text, event[0]):
                    self.passed += 1
                    continue
                self._again[text] = event[0] + self._pause
                context = event[6]
                events = self._flight.last(
                    trigger.seconds,
                    pid=event[2],
                    trace=context[0] if context is not None else None,
                    most=self._size,
                    now=event[0],
                )
                self.kept += 1
                dump = Dump(trigger, event, tuple(events), self.kept)
                self.dumps.append(dump)
                self.told(dump)
                if len(self.dumps) > self._most:
                    self._give_way(text)

    def _give_way(self, newest: str) -> None:
        """One dump goes: the oldest of the trigger that has most of them; of several, of that which has just fired."""
        shares = Counter(dump.trigger.text for dump in self.dumps)
        most = max(shares.values())
        whose = {newest} if shares[newest] == most > 1 else {text for text in shares if shares[text] == most}
        del self.dumps[next(at for at, dump in enumerate(self.dumps) if dump.trigger.text in whose)]


def _fits(matcher: Matcher, subject: Subject, event: Event) -> bool:
    """Whether a trigger waits for this event: not where that cannot be told, and the step goes on."""
    try:
        return matcher.accepts(subject, event)
    except Exception:
        return False
