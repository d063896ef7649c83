"""What is known of a town in chaos, so that it can be checked: who has sent what to whom, and who must hear of whose end.

Everything here is written in the same breath as what it tells of: by processes within `self.critical()`, so that no slice ends, and no
kill comes, between the two.
"""

from __future__ import annotations

import random
from collections import Counter, OrderedDict, defaultdict
from typing import Any

from runtime import Pid

__all__ = ["World"]

REASONS_KEPT = 2_000
"""Ends whose reasons are remembered, to be compared with what others are told."""


class World:
    """The bookkeeping of one run. Kept small: what concerns a process that has ended goes with it.

    Attributes:
        cells: the pids that live, by number.
        sent: how many numbered messages each living process has had from whom, as their senders say.
        got: and as it says itself.
        dead: messages that were sent to processes that had ended.
        watching: by whom each monitor was made, and of whom; those that have not told yet.
        linked: who is told of whose end by a link.
        births, deaths: how many cells have started, and ended.
        crashes: how many ended with an exception.
        unknown: how many had ended before anybody could ask why.
        taken: how many numbered messages the living have taken.
        members: who has joined the group of all, and not left it, as its monitor hears.
        reasons: why the last have ended, as whoever heard first was told.
        wrong: what must not be, in words.
        done: what was done, by kind.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.cells: dict[int, Pid] = {}
        self.numbers: list[int] = []
        self.sent: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self.got: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self.dead = 0
        self.watching: dict[Any, tuple[Pid, Pid]] = {}
        self.linked: defaultdict[Pid, set[Pid]] = defaultdict(set)
        self.members: set[int] = set()
        self.reasons: OrderedDict[int, str] = OrderedDict()
        self.crashes = self.unknown = self.taken = 0
        self.births = self.deaths = self.downs = self.exits = self.answers = 0
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()

    def born(self, pid: Pid) -> None:
        """A cell has started."""
        self.births += 1
        self.cells[pid.number] = pid
        self.numbers.append(pid.number)

    def died(self, pid: Pid, reason: Any) -> None:
        """A cell has ended, as one hears who monitors them all."""
        self.deaths += 1
        self.crashes += isinstance(reason, BaseException)
        self.unknown += reason == "noproc"
        self.reason(pid, reason)
        if pid.number in self.members:
            self.fail(f"{pid} has ended, and has not left its group")
        if self.cells.pop(pid.number, None) is None:
            self.fail(f"{pid} has ended twice")
        self.sent.pop(pid.number, None)
        self.got.pop(pid.number, None)
        self.linked.pop(pid, None)
        self.watching = {ref: pair for ref, pair in self.watching.items() if pair[0] != pid}

    def joined(self, pids: tuple[Pid, ...]) -> None:
        """Cells have joined the group of all."""
        for pid in pids:
            if pid.number in self.members:
                self.fail(f"{pid} has joined its group twice")
            self.members.add(pid.number)

    def left(self, pids: tuple[Pid, ...]) -> None:
        """Cells have left it."""
        for pid in pids:
            if pid.number not in self.members:
                self.fail(f"{pid} has left its group twice, or before it joined")
            self.members.discard(pid.number)

    def reason(self, pid: Pid, reason: Any) -> None:
        """Somebody was told why a cell has ended: everybody has to hear the same."""
        if reason == "noproc":  # asked for after the end
            return
        told = reason if isinstance(reason, str) else repr(reason)
        first = self.reasons.setdefault(pid.number, told)
        if told != first:
            self.fail(f"{pid} ended with {first} for one, and with {told} for another")
        if len(self.reasons) > REASONS_KEPT:
            self.reasons.popitem(last=False)

    def anybody(self) -> Pid:
        """A cell that lives, as far as is known."""
        while True:
            place = self.random.randrange(len(self.numbers))
            pid = self.cells.get(self.numbers[place])
            if pid is not None:
                return pid
            self.numbers[place] = self.numbers[-1]
            self.numbers.pop()

    def send(self, sender: int, to: Pid) -> None:
        """Send the next numbered message from `sender` to `to`."""
        if to.alive:
            self.sent[to.number][sender] += 1
            to.cast(("number", sender, self.sent[to.number][sender]))
        else:
            self.dead += 1
            to.cast("nobody hears this")

    def take(self, me: Pid, sender: int, number: int) -> bool:
        """A numbered message has come: the next one of its sender, or something is wrong. Whether the taker lives."""
        if not me.alive:
            return False  # its code runs on; what it does counts no more
        before = self.got[me.number][sender]
        if number != before + 1:
            self.fail(f"{me} got message {number} of <0.{sender}.0> after {before}")
        self.got[me.number][sender] = number
        self.taken += 1
        return True

    def down(self, ref: Any) -> None:
        """A monitor has told."""
        self.downs += 1
        if self.watching.pop(ref, None) is None:
            self.fail(f"{ref} told twice, or nobody had asked it to")

    def exit(self, me: Pid, of: Pid) -> None:
        """A link has told."""
        self.exits += 1
        if of in self.linked[me]:
            self.linked[me].remove(of)
        else:
            self.fail(f"{me} heard twice that {of} ended, or without a link")

    def fail(self, what: str) -> None:
        """Keep what must not be."""
        if len(self.wrong) < 50:
            self.wrong.append(what)

    def settle(self) -> None:
        """Look for what is missing, once nothing is under way any more."""
        for number, senders in self.sent.items():
            for sender, count in senders.items():
                got = self.got[number][sender]
                if got != count and number in self.cells:
                    self.fail(f"<0.{number}.0> got {got} of {count} messages of <0.{sender}.0>")
        for ref, (watcher, target) in self.watching.items():
            if watcher.alive and not target.alive:
                self.fail(f"{watcher} never heard by {ref} that {target} has ended")
        for pid, others in self.linked.items():
            gone = [other for other in others if not other.alive]
            if pid.alive and gone:
                self.fail(f"{pid} is linked with {gone}, who ended, and was never told")
        if self.births - self.deaths != len(self.cells):
            self.fail(f"{self.births} cells were born, {self.deaths} died, and {len(self.cells)} live")
