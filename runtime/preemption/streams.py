"""Standard output and error: a write to a slow pipe must not be left in the middle.

A step that is parked inside the buffer of a stream makes every other write to it fail (“reentrant call”). So `write` and
`flush` of the two streams go through a function of this module while a node slices: the guards see its frame, and hold the
step there. The stream objects stay what they are; a host that puts others in their place loses nothing but this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

__all__ = ["guard", "release"]

_NAMES: Final = ("write", "flush")
_guarded: Final[list[TextIO]] = []
_users = 0


def guard() -> None:
    """Guard `sys.stdout` and `sys.stderr`, as often as `release` will be called."""
    global _users  # noqa: PLW0603 - one for the OS process, like the streams
    _users += 1
    if _users > 1:
        return
    for stream in {id(stream): stream for stream in (sys.stdout, sys.stderr)}.values():
        attributes = getattr(stream, "__dict__", None)
        if attributes is None or any(name in attributes for name in _NAMES):
            continue  # no buffer of the interpreter's, or somebody else's already
        for name in _NAMES:
            setattr(stream, name, _held(getattr(stream, name)))
        _guarded.append(stream)


def release() -> None:
    """Undo `guard`."""
    global _users  # noqa: PLW0603
    _users -= 1
    if _users:
        return
    for stream in _guarded:
        for name in _NAMES:
            stream.__dict__.pop(name, None)
    _guarded.clear()


def _held(method: Callable[..., Any]) -> Callable[..., Any]:
    """`method`, with a frame that the guards know."""

    def held(*args: Any) -> Any:
        return method(*args)

    held.__name__ = held.__qualname__ = method.__name__
    held.__doc__ = method.__doc__
    return held
