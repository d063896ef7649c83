"""Two accounts of the same calls: what the exchange has billed, and what those who talked have noted.

They come from two sides that share nothing but the second that it is: bills from the processes that handle the calls, notes from the
people's own watches. Here they are laid side by side, call by call; what agrees is only counted, so that days of traffic fit.
"""

from __future__ import annotations

__all__ = ["Accounts"]

Key = tuple[str, str, int]
"""Caller, callee, and the second at which the call ended."""
SHOWN = 5


class Accounts:
    """Bills and notes, compared.

    Attributes:
        billed: seconds on all bills.
        noted: seconds in all notes.
        bills: how many there are.
        notes: how many there are.
        exact: calls on which both agree, to the second.
        wrong: calls on which they do not, the first five, in words.
        differing: how many these are.
    """

    def __init__(self) -> None:
        self.billed = self.noted = self.bills = self.notes = self.exact = self.differing = 0
        self.wrong: list[str] = []
        self._billed: dict[Key, int] = {}
        self._noted: dict[Key, int] = {}

    def bill(self, caller: str, callee: str, ended: int, seconds: int) -> None:
        """The exchange has billed a call."""
        self.bills += 1
        self.billed += seconds
        self._settle((caller, callee, ended), seconds, self._noted, self._billed)

    def note(self, caller: str, callee: str, ended: int, seconds: int) -> None:
        """The people of a call say how long they have talked."""
        self.notes += 1
        self.noted += seconds
        self._settle((caller, callee, ended), seconds, self._billed, self._noted)

    def _settle(self, key: Key, seconds: int, there: dict[Key, int], here: dict[Key, int]) -> None:
        said = there.pop(key, None)
        if said is None:
            if key in here:
                self._differ(f"{_words(key)}: billed or noted twice")
            here[key] = seconds
        elif said == seconds:
            self.exact += 1
        else:
            self._differ(f"{_words(key)}: {said} s on one account, {seconds} s on the other")

    def _differ(self, text: str) -> None:
        self.differing += 1
        if len(self.wrong) < SHOWN:
            self.wrong.append(text)

    @property
    def unbilled(self) -> int:
        """Calls that people have had and the exchange has not billed; right after a call, its bill is on the way."""
        return len(self._noted)

    @property
    def unheard_of(self) -> int:
        """Calls that were billed and that nobody has had."""
        return len(self._billed)

    @property
    def agree(self) -> bool:
        """Whether both are the same, call by call and to the second."""
        return not (self.differing or self._noted or self._billed) and self.billed == self.noted


def _words(key: Key) -> str:
    caller, callee, ended = key
    return f"{caller} to {callee}, ended at second {ended:,}"
