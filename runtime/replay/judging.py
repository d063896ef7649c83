"""The record beside the replay, for one step: where they differ, shown field by field."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from tracing.changes import Change, changes
from tracing.records import Json

from ..errors import describe
from ..results import NOTHING
from .alike import different
from .identities import World
from .outcome import Outcome
from .report import Difference, What
from .tape import Effect

__all__ = ["Judge", "Show"]

Show = Callable[[Any], Json]
HIDDEN: Final[dict[str, Json]] = {"$redacted": True}
SHOWN: Final = 20
"""Changes of one value that are told."""


class Judge:
    """Compares.

    Args:
        world: whose identities they are.
        show: shows a value as an operator may see it.
    """

    def __init__(self, world: World, show: Show) -> None:
        self._world: Final = world
        self.show: Final = show

    def alike(self, recorded: Any, replayed: Any) -> bool:
        """Whether two values are the same; then placeholders in them are bound."""
        with self._world.trial() as keep:
            same = not different(recorded, replayed, self._world.same)
            if same:
                keep()
        return same

    def step(
        self,
        was: Outcome,
        now: Outcome,
        deeds: Iterable[Effect],
        effects: list[Effect],
        compared: frozenset[str],
    ) -> list[Difference]:
        """The differences of a step."""
        found = self._ends(was, now)
        found += self._value("state", was.state, now.state)
        if not found or now.how != "raises":
            found += self._reply(was.reply, now.reply)
        found += self._effects(list(deeds), [one for one in effects if one.kind in compared], compared)
        return found

    def _ends(self, was: Outcome, now: Outcome) -> list[Difference]:
        if was.how != now.how:
            return [Difference("end", f"in the record it {_says(was)}; now it {_says(now)}")]
        if was.how == "goes on" or was.reason is NOTHING:
            return []
        return self._value("end", was.reason, now.reason)

    def _reply(self, was: Any, now: Any) -> list[Difference]:
        if was is NOTHING or now is NOTHING:
            if was is now:
                return []
            return [
                Difference(
                    "reply",
                    "it has answered in the record, and does not now"
                    if now is NOTHING
                    else "it answers now, and has not in the record",
                )
            ]
        return self._value("reply", was, now)

    def _value(self, what: What, was: Any, now: Any) -> list[Difference]:
        paths = different(was, now, self._world.same)
        if not paths:
            return []
        noted = self._changes(was, now, paths)
        return [Difference(what, _sentence(what, noted), tuple(noted[:SHOWN]))]

    def _changes(self, was: Any, now: Any, paths: list[str]) -> list[Change]:
        """What differs, as it may be seen; what may not be seen is told to differ."""
        shown = [
            one
            for one in changes(self.show(was), self.show(now))
            if any(_touch(one.path, path) for path in paths)
        ]
        seen = [one.path for one in shown]
        hidden = [path for path in paths if not any(_touch(path, other) for other in seen)]
        return shown + [Change(path, "changed", HIDDEN, HIDDEN) for path in hidden]

    def _effects(
        self, deeds: list[Effect], effects: list[Effect], compared: frozenset[str]
    ) -> list[Difference]:
        found: list[Difference] = []
        for kind in sorted(compared):
            before = [one for one in deeds if one.kind == kind]
            after = [one for one in effects if one.kind == kind]
            found += self._each(kind, before, after)
        return found

    def _each(self, kind: str, before: list[Effect], after: list[Effect]) -> list[Difference]:
        for place in range(max(len(before), len(after))):
            if place >= len(after):
                return [
                    Difference(
                        "effects",
                        f"{kind} to {before[place].to} is missing: {len(before)} in the record, {len(after)} now",
                    )
                ]
            if place >= len(before):
                return [
                    Difference(
                        "effects",
                        f"{kind} to {after[place].to} is new: {len(before)} in the record, {len(after)} now",
                    )
                ]
            was, now = before[place], after[place]
            if was.peer is not None and now.peer is not None and was.peer != now.peer:
                return [
                    Difference("effects", f"{kind} number {place + 1} goes to {now.to}, and went to {was.to}")
                ]
            if was.value is not NOTHING and now.value is not NOTHING:
                paths = different(was.value, now.value, self._world.same)
                if paths:
                    noted = self._changes(was.value, now.value, paths)
                    text = f"{kind} number {place + 1}, to {now.to}, has other contents"
                    return [Difference("effects", text, tuple(noted[:SHOWN]))]
        return []


def _says(outcome: Outcome) -> str:
    if outcome.how == "goes on":
        return "goes on"
    return f"{outcome.how} ({describe(outcome.reason)})" if outcome.reason is not NOTHING else outcome.how


def _sentence(what: str, noted: list[Change]) -> str:
    places = ", ".join(one.path or "the whole" for one in noted[:3]) + (", …" if len(noted) > 3 else "")
    return f"the {'reason' if what == 'end' else what} differs at {places}"


def _touch(path: str, other: str) -> bool:
    """Whether one is the other, or a part of it."""
    short, long = sorted((path, other), key=len)
    return not short or long == short or (long.startswith(short) and long[len(short)] in ".[")
