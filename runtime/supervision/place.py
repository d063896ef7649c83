"""Where a child runs: on the node's loop as most do, or on a thread of its own; and what cannot run there."""

from __future__ import annotations

import inspect
from typing import Any, Final, Literal

__all__ = ["THREAD", "Place", "check_place", "place_of"]

Place = Literal["thread"] | None
"""None: on the loop."""
THREAD: Final = "thread"
_HANDLERS: Final = (
    "init", "handle_call", "handle_cast", "handle_info", "handle_continue", "terminate",
)  # fmt: skip


def place_of(child: Any, *, thread: Any) -> Place:
    """The place that the options of a spec ask for.

    Raises:
        TypeError: an option is of the wrong kind.
    """
    if not isinstance(thread, bool):
        raise TypeError(f"child {child!r}: thread={thread!r}; it is True or False")
    return THREAD if thread else None


def check_place(child: Any, behaviour: Any, place: Place) -> None:
    """Whether `behaviour` can run there.

    Raises:
        ValueError: it cannot; the message says why, and what to do.
    """
    if place is None:
        return
    name = getattr(behaviour, "__qualname__", repr(behaviour))
    if not inspect.isclass(behaviour):
        raise ValueError(
            f"child {child!r}: thread=True is for Server classes, whose plain handlers it runs on a thread; {name} is none. "
            "An async function runs on the loop; give what blocks to asyncio.to_thread"
        )
    coroutines = [each for each in _HANDLERS if inspect.iscoroutinefunction(getattr(behaviour, each, None))]
    if coroutines:
        raise ValueError(
            f"child {child!r}: thread=True runs plain handlers, and {name}.{coroutines[0]} is async. "
            "Write it plainly, with self.wait(…), or leave thread=True out"
        )
