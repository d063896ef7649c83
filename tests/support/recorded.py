"""Recorded steps made by hand: what a session would hold of a process's handlers, without a session."""

import time

from runtime.replay import About, Record, Recording, pack
from runtime.results import NOTHING
from tracing.context import born, caused
from tracing.records import ABSENT

__all__ = ["Tale"]

HANDLERS = {
    "call": "handle_call",
    "cast": "handle_cast",
    "info": "handle_info",
    "continue": "handle_continue",
}


class Tale:
    """Events of one process, in order."""

    def __init__(self, behaviour, number=42):
        self.number = number
        self.behaviour = f"{behaviour.__module__}:{behaviour.__qualname__}"
        self.events = []
        self._mono = time.monotonic()
        self._context = None

    def _event(self, kind, pid, peer, context, values, text=""):
        self._mono += 0.001
        self.events.append((self._mono, kind, pid, None, text, peer, context, values, None, None, None))

    def begin(self):
        """The context of the next step, for what it does."""
        self._context = born()
        return self

    def asked(self, peer, message, answer=ABSENT):
        context = caused(self._context)
        self._event("call", self.number, peer, context, (message,))
        if answer is not ABSENT:
            self._event("reply", peer, self.number, context, (answer,))
        return self

    def did(self, kind, peer, *values, text=""):
        self._event(kind, self.number, peer, caused(self._context), values, text)
        return self

    def handled(self, handler, message, before, state, reply=NOTHING):
        self._event(
            "handled",
            self.number,
            0,
            self._context,
            (message, before, state, reply),
            HANDLERS.get(handler, handler),
        )
        self._context = None
        return self

    def raised(self, handler, message, before, reason):
        self._event("raised", self.number, 0, self._context, (message, before, reason), HANDLERS[handler])
        return self

    def stopped(self, handler, message, before, reason, reply=ABSENT):
        """A handler says `Stop`: it has begun, and then the process ends."""
        context = born()
        self._event("handle", self.number, 0, context, (message, before), HANDLERS[handler])
        if reply is not ABSENT:
            self._event("reply", self.number, 9, context, (reply,))
        return self.ended(reason, context)

    def ended(self, reason, context=None):
        self._event("ended", self.number, 0, context, (reason,))
        return self

    def packed(self, kinds=()):
        return Record(pack(self.events), {self.number: About(self.behaviour)}, 0.0, frozenset(kinds))

    def recording(self, kinds=()):
        return Recording.of(self.packed(kinds), self.number)
