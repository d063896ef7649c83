"""Text from agents, made fit to be shown: names, labels, reasons, and the names of their classes.

Any `str` may be of a class of its own, whose every method is user code; a class's name may be one too. What leaves
this file is exactly `str`, of bounded length, without control characters, direction marks and lone surrogates.
"""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["class_name", "clean", "cleaned", "digits", "plain"]

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_NAME: Final = vars(type)["__name__"]
"""The descriptor of `type` itself: reading a class through it runs no code of its metaclass."""
_USERINFO: Final = re.compile(r'(?<=://)([^\s/?#:"<>]*):[^\s/?#"<>]+@')
"""User and password of a URL, up to the last `@` before its path. Every run is read once: it ends where one can begin."""
_BEYOND: Final = 1000
"""Characters after the cut in which a password that began before it may end."""
BITS: Final = 256
"""An int of more bits is told by its size: its digits would be expensive, and no use to anybody."""


def clean(value: object, limit: int = 2000) -> str:
    """`plain(value)` without what a terminal obeys or reorders and without passwords; cut at `limit` characters."""
    return cleaned(value, limit)[0]


def cleaned(value: object, limit: int = 2000) -> tuple[str, int]:
    """`clean(value)`, and how many passwords it would have shown, as `scheme://user:password@host`."""
    text, passwords = plain(value), 0
    if len(text) <= limit and text.isprintable() and "://" not in text:
        return text, 0  # as nearly all are
    head = text[:limit]
    if "://" in head:
        hidden, passwords = _USERINFO.subn(r"\1:***@", text[: limit + _BEYOND])
        head = hidden[:limit]
    more = f"… (+{len(text) - limit})" if len(text) > limit else ""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", head) + more, passwords


def plain(value: object) -> str:
    """A `str` as it is, an `int` in digits, and of everything else the name of its class."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[return-value]  # pyright: ignore[reportReturnType]  # kind is str
    if issubclass(kind, str):
        return str.__str__(value)  # pyright: ignore[reportArgumentType]
    if kind is int:
        return digits(value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return f"<{class_name(kind)}>"


def digits(value: int) -> str:
    """An int as text, its own class's methods left alone."""
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= BITS else f"an int of {bits} bits"


def class_name(kind: Any) -> str:
    """A class's name, past its metaclass."""
    name = _NAME.__get__(kind)
    return name if type(name) is str else str.__str__(name)
