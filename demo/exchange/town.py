"""The town: everybody who has a telephone, the clock they live by, and what they say about the exchange.

`Town` keeps so many calls in progress as it is asked for. `Subscribers` is the process that lets its seconds pass and hears what the
lines let be heard. It is the other side of the wire: nothing here reads the exchange's own state.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from demo.exchange.accounts import Accounts
from demo.exchange.line import area_of
from demo.exchange.people import Couple, Hears, Pause, Phone, Scene, Script
from demo.exchange.signals import Heard
from runtime import Server

__all__ = ["Subscribers", "Town"]

TRIOS = 0.4
"""Share of scenes in which a third calls."""
MORE = 1.15
"""Scenes for each call in progress: in some it has not begun, or has ended."""
RAMP_S = 8
"""Seconds of the town in which the first calls begin; all at once would be no traffic."""
REST_S = 60
"""Seconds for which a line is left alone after its call was dropped: what it still rings is of no one's concern."""
PATIENCE_S = 120
"""Seconds of the town, and ten real ones at least, after which who hears nothing gives up."""


class _Playing:
    """A scene on its way."""

    def __init__(self, scene: Scene, script: Script) -> None:
        self.scene = scene
        self.script = script
        self.awaits: Hears | None = None
        self.since = 0
        """Since when it waits."""
        self.started = False


class Town:
    """The people, their clock, and what they say.

    Attributes:
        now: the second that it is.
        software: what handles calls, as far as the town is told; empty while that changes.
        changes: how often it has changed.
        counts: what has happened, by what and by software.
        in_progress: calls in which people talk, or are on hold; counted every second.
        dropped: calls that ended without anybody hanging up, or in which people did not hear what they had to.
        troubles: what went wrong, the first five, in words.
        pace: how long a second is, in real ones.
        last_switch: when it is there, all telephones are.
    """

    def __init__(
        self, numbers: Sequence[str], calls: int, accounts: Accounts, pace: float, seed: int = 1
    ) -> None:
        self.random = Random(seed)  # noqa: S311 - people, no secrets
        self.now = 0
        self.closing = False
        self.software = ""
        self.changes = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.in_progress = 0
        self.dropped = 0
        self.troubles: list[str] = []
        self.pace = pace
        self.last_switch = f"switch-{area_of(numbers[-1])}"
        self._calls = calls
        self._accounts = accounts
        self._free = deque(numbers)
        self.random.shuffle(self._free)
        self._playing: dict[str, _Playing] = {}
        self._due: dict[int, list[_Playing]] = {}
        self._resting: deque[tuple[int, tuple[str, ...]]] = deque()
        self._scenes: set[_Playing] = set()
        self._phone: Phone = _unplugged
        self._patience = max(PATIENCE_S, round(10 / pace))

    # --- what scenes see of it ------------------------------------------------------------------------

    def phone(self, number: str, act: object) -> None:
        """Do something with a telephone."""
        self._phone(number, act)

    def tally(self, what: str, software: str = "", by: int = 1) -> None:
        """Count something, for the version under which it happened."""
        self.counts[what, software] += by

    def note(self, couple: Couple, seconds: int) -> None:
        """A call has ended; so long the two have talked."""
        self._accounts.note(*couple, self.now, seconds)

    # --- what others see of it ------------------------------------------------------------------------

    def plugged(self, phone: Phone) -> None:
        """How to reach the telephones."""
        self._phone = phone

    @property
    def quiet(self) -> bool:
        """Whether everybody has hung up."""
        return not self._scenes

    def closed(self) -> None:
        """Whoever still waits for something has been waiting in vain."""
        for playing in tuple(self._scenes):
            self._trouble(playing, f"waited in vain for {_wanted(playing)}")

    def count(self, what: str, software: str = "") -> int:
        """How often it has happened under this version."""
        return self.counts[what, software]

    def total(self, what: str) -> int:
        """How often it has happened."""
        return sum(number for (name, _), number in self.counts.items() if name == what)

    # --- time -----------------------------------------------------------------------------------------

    def second(self) -> None:
        """A second passes: whoever has waited for it goes on, and new scenes begin."""
        self.now += 1
        for playing in self._due.pop(self.now, ()):
            if playing in self._scenes and playing.awaits is None:
                self._go_on(playing, set())
        while self._resting and self._resting[0][0] <= self.now:
            self._free.extend(self._resting.popleft()[1])
        if self.now % 10 == 0:
            for playing in [
                each for each in self._scenes if each.awaits and self.now - each.since > self._patience
            ]:
                self._trouble(playing, f"waited in vain for {_wanted(playing)}")
        if not self.closing:
            self._begin()
        self.in_progress = sum(len(playing.scene.talks) for playing in self._scenes)

    def _begin(self) -> None:
        """Begin as many scenes as there are too few calls."""
        missing = min(round(self._calls * MORE) - len(self._scenes), self._calls // RAMP_S + 1)
        for _ in range(missing):
            people = 3 if self.random.random() < TRIOS else 2
            if len(self._free) < people:
                return
            scene = Scene(self, *(self._free.popleft() for _ in range(people)))
            playing = _Playing(scene, scene.trio() if people == 3 else scene.pair())
            self._scenes.add(playing)
            self._playing.update(dict.fromkeys(scene.people, playing))
            self._await(playing, Pause(self.random.randint(1, 4)))

    # --- sounds ---------------------------------------------------------------------------------------

    def hear(self, number: str, sound: str) -> None:
        """Somebody hears something."""
        playing = self._playing.get(number)
        if playing is None:
            return
        awaits, scene = playing.awaits, playing.scene
        if sound != "gone" and (awaits is None or (number, sound) not in awaits.all):
            self._trouble(playing, f"{number} heard {sound}, and nobody had done anything")
            return
        scene.heard.add((number, sound))
        for alternative in awaits.alternatives if awaits is not None else ():
            if alternative <= scene.heard:
                scene.heard -= alternative
                self._go_on(playing, alternative)
                return

    def _go_on(self, playing: _Playing, heard: set[tuple[str, str]]) -> None:
        playing.awaits = None
        try:
            what = playing.script.send(heard) if playing.started else next(playing.script)
        except StopIteration:
            self._scenes.discard(playing)
            for number in playing.scene.people:
                del self._playing[number]
            self._free.extend(playing.scene.people)
        else:
            playing.started = True
            self._await(playing, what)

    def _await(self, playing: _Playing, what: Pause | Hears) -> None:
        if isinstance(what, Pause):
            self._due.setdefault(self.now + what.seconds, []).append(playing)
        else:
            playing.awaits = what
            playing.since = self.now

    def _trouble(self, playing: _Playing, text: str) -> None:
        """The exchange has failed these people. They hang up."""
        self.dropped += max(1, len(playing.scene.talks))
        if len(self.troubles) < 5:
            self.troubles.append(f"second {self.now:,}: {text}")
        playing.script.close()
        self._scenes.discard(playing)
        for number in playing.scene.people:
            del self._playing[number]
        playing.scene.cut_off()
        self._resting.append((self.now + REST_S, playing.scene.people))


def _wanted(playing: _Playing) -> str:
    """What is not heard."""
    if playing.awaits is None:
        return "the end"
    return ", ".join(
        f"“{sound}” at {number}" for number, sound in sorted(playing.awaits.all - playing.scene.heard)
    )


def _unplugged(number: str, act: object) -> None:
    raise RuntimeError(f"{number}: {act!r} before the telephones were there")


@dataclass(frozen=True, slots=True)
class Second:
    """Time passes."""


class Subscribers(Server[int]):
    """The state: how many seconds have passed. The people are in `Town`, a resource."""

    def init(self) -> int:
        """Begin to live."""
        town: Town = self.resource(Town)
        town.plugged(lambda number, act: self.named(number).cast(act))
        self.send_after(town.pace, Second())
        return town.now

    def handle_info(self, message: Second, now: int, /) -> int:
        """Let a second pass; a busy machine has longer ones, and never two at a time."""
        town: Town = self.resource(Town)
        self.send_after(town.pace, message)
        if self.whereis(town.last_switch) is None:
            return now  # the telephones are not there yet
        town.second()
        self.progress(
            f"{town.dropped} dropped, {town.in_progress:,} talk, {town.total('complaints'):,} complaints; second {town.now:,}, "
            f"{town.total('turned away'):,} got the busy tone, {town.total('waited'):,} waited"
        )
        return now + 1

    def handle_cast(self, heard: Heard, now: int, /) -> int:
        """Somebody hears something."""
        town: Town = self.resource(Town)
        town.hear(heard.number, heard.sound)
        return now
