"""Functions under sites on CPython 3.12 and later, by `sys.monitoring` (PEP 669).

    PY_START, PY_RETURN    of the code objects concerned only: no other code runs slower
    PY_UNWIND              these interpreters know it only for all code at once, so it is on only while somebody wants to know how calls end

A tool id is taken with the first site and given back after the last. Calls that are under way are found by their frame, not by their
thread: greenlets, generators and coroutines stand still in the middle, and others begin meanwhile. Nothing is changed in
functions or in their code.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType, FunctionType
from typing import Any, Final

from .sites import Call, Site, Unfit

__all__ = ["Monitor"]

_NAME: Final = "observer: functions"
_TOOLS: Final = (3, 4, 5, 2)
"""First the ids that no kind of tool is known by; 0 and 1 are left to debuggers and coverage."""
_MOST: Final = 10_000
"""Calls under way that are remembered. One whose end is never told (a generator that is dropped) gives way."""
_LOCALS_ARE_KEPT: Final = sys.version_info < (3, 13)
"""Whether reading a frame's locals makes a copy that lives as long as the frame."""


class Monitor:
    """Puts sites under functions by their code: functions with the same code share one. Not for two threads at a time."""

    def __init__(self) -> None:
        self._monitoring: Final[Any] = vars(sys)["monitoring"]
        self._events: Final[Any] = self._monitoring.events
        self._tool: int | None = None
        self._sites: dict[int, Site] = {}
        self._ending: set[int] = set()
        """Sites of which somebody wants to know how calls end."""
        self._under_way: dict[int, tuple[Site, tuple[Call, ...]]] = {}

    def key(self, function: FunctionType) -> int:
        """What has one site: a code object."""
        return id(function.__code__)

    def put(self, site: Site) -> None:
        """Begin to tell it, or look again at what it wants.

        Raises:
            Unfit: all tools that this interpreter has room for are in use.
        """
        tool = self._begin()
        self._sites[site.key] = site
        ends = site.ends
        (self._ending.add if ends else self._ending.discard)(site.key)
        events = self._events.PY_START | (self._events.PY_RETURN if ends else 0)
        self._monitoring.set_local_events(tool, site.code, events)
        self._look_for_ends(tool)

    def take(self, site: Site) -> None:
        """Tell it no more."""
        if self._sites.get(site.key) is not site or self._tool is None:
            return
        self._monitoring.set_local_events(self._tool, site.code, 0)
        del self._sites[site.key]
        self._ending.discard(site.key)
        for frame, (whose, _) in list(self._under_way.items()):
            if whose is site:
                self._under_way.pop(frame, None)
        self._look_for_ends(self._tool)
        if not self._sites:
            self._end(self._tool)

    # --- the tool -------------------------------------------------------------------------------------

    def _begin(self) -> int:
        if self._tool is None:
            self._tool = self._free_tool()
            for event, callback in self._callbacks():
                self._monitoring.register_callback(self._tool, event, callback)
        return self._tool

    def _free_tool(self) -> int:
        for tool in _TOOLS:
            try:
                self._monitoring.use_tool_id(tool, _NAME)
            except ValueError:  # somebody has it
                continue
            return tool
        owners = ", ".join(str(self._monitoring.get_tool(tool)) for tool in sorted(_TOOLS))
        raise Unfit(f"sys.monitoring has no tool id left for tracing functions; they are in use by {owners}")

    def _end(self, tool: int) -> None:
        for event, _ in self._callbacks():
            self._monitoring.register_callback(tool, event, None)
        self._monitoring.free_tool_id(tool)
        self._tool = None
        self._under_way.clear()

    def _callbacks(self) -> tuple[tuple[int, Any], ...]:
        events = self._events
        return (
            (events.PY_START, self._started),
            (events.PY_RETURN, self._returned),
            (events.PY_UNWIND, self._unwound),
        )

    def _look_for_ends(self, tool: int) -> None:
        wanted = self._events.PY_UNWIND if self._ending else 0
        if self._monitoring.get_events(tool) != wanted:
            self._monitoring.set_events(tool, wanted)

    # --- in the code that is monitored ------------------------------------------------------------------

    def _started(self, code: CodeType, _place: int) -> None:
        site = self._sites.get(id(code))
        if site is None:
            return
        frame = sys._getframe(1)
        calls = site.begun(_values(frame, site.names))
        if calls is not None:
            if len(self._under_way) >= _MOST:
                self._under_way.pop(next(iter(self._under_way), 0), None)
            self._under_way[id(frame)] = (site, calls)

    def _returned(self, code: CodeType, _place: int, result: Any) -> None:
        site = self._sites.get(id(code))
        if site is not None:
            site.returned(self._over(site, sys._getframe(1)), result)

    def _unwound(self, code: CodeType, _place: int, error: BaseException) -> None:
        site = self._sites.get(id(code))
        if site is not None:
            site.raised(self._over(site, sys._getframe(1)), error)

    def _over(self, site: Site, frame: FrameType) -> tuple[Call, ...] | None:
        whose, calls = self._under_way.pop(id(frame), (None, None))
        return calls if whose is site else None


def _values(frame: FrameType, names: tuple[str, ...]) -> tuple[Any, ...]:
    if not names:
        return ()
    held: Any = frame.f_locals
    values = tuple([held[name] for name in names])
    if _LOCALS_ARE_KEPT:
        held.clear()  # else an argument that is deleted early would live on in it
    return values
