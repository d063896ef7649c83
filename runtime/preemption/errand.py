"""A step that is a function: what the runtime does now and then (`init`, `terminate`, a hook)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .guards import boundary

__all__ = ["Errand"]


class Errand:
    """Calls `function`, which never raises, with the argument of the step."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., None]) -> None:
        self._function = function

    @boundary
    def step(self, arguments: tuple[Any, ...], /) -> None:
        """The step."""
        self._function(*arguments)
