"""What the record has for one step, and what the step does when it is replayed. Effects are noted; none takes place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..results import NOTHING
from .shadows import Unanswered, number_of

__all__ = ["Asked", "Effect", "Tape"]

Alike = Callable[[Any, Any], bool]


class Effect(NamedTuple):
    """What a step does to others.

    Attributes:
        kind: `send`, `call`, `spawn`, `count`, which are compared; or `timer`, `monitor`, `task`, `reply`, …
        peer: number of the other process; None where it is not known, or there is none.
        to: the other, in words.
        value: the message; NOTHING where there is none.
    """

    kind: str
    peer: int | None
    to: str
    value: Any


class Asked(NamedTuple):
    """A call that the step has made, and its answer; none, if `answered` is not set."""

    peer: int
    message: Any
    answer: Any
    answered: bool


class Tape:
    """One step.

    Args:
        asked: the calls that it has made, in order.
        alike: whether two messages are the same.

    Attributes:
        effects: what it does now.
        assumed: what it was told that is in no record.
    """

    def __init__(self, asked: list[Asked], alike: Alike) -> None:
        self._asked: Final = list(asked)
        self._alike: Final = alike
        self.effects: Final[list[Effect]] = []
        self.assumed: Final[list[str]] = []

    def note(self, kind: str, peer: int | None, to: str, value: Any = NOTHING) -> None:
        """Note an effect."""
        self.effects.append(Effect(kind, peer, to, value))

    def sent(self, address: Any, message: Any) -> None:
        """A cast or a message leaves."""
        self.note("send", number_of(address), str(address), message)

    def asked(self, address: Any, message: Any) -> Any:
        """A call leaves: its answer, from the record.

        Raises:
            Unanswered: there is none.
        """
        peer = number_of(address)
        self.note("call", peer, str(address), message)
        for place, one in enumerate(self._asked):
            if (peer is None or one.peer == peer) and self._alike(one.message, message):
                del self._asked[place]
                if one.answered:
                    return one.answer
                raise Unanswered(
                    f"it calls {address}, and the record has no answer: none came, or it was not kept"
                )
        raise Unanswered(
            f"it calls {address} with a {type(message).__qualname__}, which it did not in the record"
        )

    def assume(self, text: str) -> None:
        """It was told something that is in no record."""
        if text not in self.assumed:
            self.assumed.append(text)
