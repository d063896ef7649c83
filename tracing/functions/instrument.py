"""The instrument of this interpreter: `sys.monitoring` where it has that, and rewritten code where it has not.

    attach(function, listener) ---> its site, made and put in place if it is the first to listen
    detach(function, listener) ---> ... taken out again when nobody listens any more

One for all nodes of the interpreter, and for any thread.
"""

from __future__ import annotations

import sys
import threading
from types import FunctionType
from typing import Final

from .sites import Instrument, Listener, Site

if sys.version_info >= (3, 12):
    from .monitoring import Monitor as OfThisInterpreter
else:
    from .rewriting import Rewriter as OfThisInterpreter

__all__ = ["Sites", "sites"]


class Sites:
    """The sites of the interpreter, by what has one.

    Args:
        instrument: how they are put in place.
    """

    def __init__(self, instrument: Instrument) -> None:
        self._instrument: Final = instrument
        self._sites: dict[int, Site] = {}
        self._lock: Final = threading.Lock()

    def attach(self, function: FunctionType, listener: Listener, instead: Listener | None = None) -> Site:
        """Let `listener` know of the calls of a function from now on.

        Args:
            function: which.
            listener: who.
            instead: who is to know of them no more, from the same moment on. Optional. Defaults to nobody.

        Raises:
            Unfit: that cannot be done with this function or this interpreter. Nothing has changed.
        """
        with self._lock:
            key = self._instrument.key(function)
            site = self._sites.get(key) or Site(function, key)
            before = site.listeners
            site.listeners = (*(each for each in before if each is not instead), listener)
            try:
                self._instrument.put(site)
            except BaseException:
                site.listeners = before
                raise
            self._sites[key] = site
            return site

    def detach(self, site: Site, listener: Listener, *, wait: bool = True) -> bool:
        """Let it know no more. Once is enough, and once too often does no harm.

        Args:
            site: of which it knows.
            listener: who.
            wait: whether to wait for another thread that is at work here. Optional. Defaults to True.

        Returns:
            Whether it is done; always, unless it has not waited.
        """
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            site.listeners = tuple(each for each in site.listeners if each is not listener)
            if self._sites.get(site.key) is not site:
                return True
            if site.listeners:
                self._instrument.put(site)
            else:
                self._instrument.take(site)
                del self._sites[site.key]
            return True
        finally:
            self._lock.release()

    @property
    def functions(self) -> list[str]:
        """Those that have a site now, as `module:qualname`."""
        with self._lock:
            return [
                f"{site.function.__module__}:{site.function.__qualname__}" for site in self._sites.values()
            ]


sites: Final = Sites(OfThisInterpreter())
"""Those of this interpreter."""
