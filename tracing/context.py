"""Cause and effect: the trace id of a story, the span id of one message and its handling, and the span that caused it.

    born()            a message from outside         (trace, span, 0,             principal)
    newborn()         the same; its ids are drawn when somebody first reads them
    caused(context)   what a step under it sends     (trace, new,  context's span, principal)

A context is minted when a message is *sent*, travels with it, and is the context of the step that handles it. So sending and
handling have the same span, and the cause of a span is the step that sent it. It is a plain tuple: one is minted for each message.

Between programs it travels as the W3C's `traceparent` (https://www.w3.org/TR/trace-context/, section 3.2):

    00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
    version, trace id, parent id, flags; lower-case hex
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from threading import RLock
from typing import Any, Final, TypeAlias, cast

__all__ = [
    "Context", "Newborn", "born", "caused", "from_traceparent", "newborn", "plain", "random_bits", "to_traceparent",
]  # fmt: skip

Context: TypeAlias = tuple[int, int, int, str | None]
"""(trace id, 128 bits; span id, 64 bits; the span that caused it, 0 if it came from outside; principal)."""

_source: Final = random.Random()  # noqa: S311 - ids are to be unlike each other, not secret
random_bits: Final = _source.getrandbits
_KNOWN: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_SAMPLED: Final = 1
_SPAN: Final = (1 << 64) - 1
"""The bits of a trace id that the first span of a story has as its own: as random as others, for half the price."""

if hasattr(os, "register_at_fork"):  # pragma: no branch - everywhere but on Windows
    os.register_at_fork(after_in_child=_source.seed)  # a forked child would draw its parent's ids


def born(principal: str | None = None) -> Context:
    """The context of a message from outside: a story begins.

    Args:
        principal: on whose behalf. Optional. Defaults to nobody's.
    """
    trace = random_bits(128) or 1
    return trace, trace & _SPAN or 1, 0, principal


class Newborn:
    """A context whose ids nobody has read: most messages of a traced node are told by one thread and read by another, if at all.

    It can be read as the tuple that it stands for, from any thread, and is pickled as that.
    """

    __slots__ = ("_ids",)

    def drawn(self) -> Context:
        """The context."""
        try:
            return self._ids
        except AttributeError:
            with _drawing:
                self._ids: Context = getattr(self, "_ids", None) or born()
            return self._ids

    @property
    def known(self) -> Context | None:
        """The context, if somebody has read it."""
        ids: Context | None = getattr(self, "_ids", None)
        return ids

    def __getitem__(self, index: Any) -> Any:
        ids: Any = self.drawn()
        return ids[index]

    def __len__(self) -> int:
        return 4

    def __eq__(self, other: object) -> bool:
        return self.drawn() == (other.drawn() if isinstance(other, Newborn) else other)

    def __hash__(self) -> int:
        return hash(self.drawn())

    def __repr__(self) -> str:
        return repr(self.drawn())

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self.drawn(),)


def plain(context: Context | None) -> Context | None:
    """The tuple itself."""
    return cast("Any", context).drawn() if isinstance(context, Newborn) else context


_drawing: Final = RLock()
"""Held while ids are drawn: two readers of a `Newborn` see the same."""
newborn: Final = cast("Callable[[], Context]", Newborn)
"""`born()`, put off: it takes a third of the time."""


def caused(context: Context) -> Context:
    """The context of what a step under `context` sends, spawns or sets a timer for."""
    return context[0], random_bits(64) or 1, context[1], context[3]


def to_traceparent(context: Context) -> str:
    """The header that hands `context` on: who receives it is caused by its span. Always sampled."""
    return f"00-{context[0]:032x}-{context[1]:016x}-{_SAMPLED:02x}"


def from_traceparent(header: str, principal: str | None = None) -> Context:
    """The context of a message that has come with a `traceparent`: a span of its own, caused by the one that it names.

    Of a version that is not known yet, what stands before the flags' end is read, as the standard says.

    Args:
        header: the text, without blanks around it.
        principal: on whose behalf. Optional. Defaults to nobody's.

    Raises:
        ValueError: it does not follow the grammar; the message says where.
    """
    found = _KNOWN.fullmatch(header) if len(header) <= 512 else None
    if found is None:
        raise ValueError(
            f"traceparent {header[:80]!r}: it is VERSION-TRACE-PARENT-FLAGS in lower-case hex, 2, 32, 16 and 2 digits: "
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
    version, trace, parent, _, more = found.groups()
    if version == "ff":
        raise ValueError(f"traceparent {header[:80]!r}: version ff is forbidden; use 00")
    if version == "00" and more is not None:
        raise ValueError(
            f"traceparent {header[:80]!r}: version 00 ends after its flags; leave {more[:20]!r} out"
        )
    if not int(trace, 16) or not int(parent, 16):
        raise ValueError(f"traceparent {header[:80]!r}: a trace id or parent id of zeros alone is invalid")
    return int(trace, 16), random_bits(64) or 1, int(parent, 16), principal
