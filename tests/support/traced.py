"""Functions under trace, in tests: a module of them, a tap with probes, and what a session has heard."""

from __future__ import annotations

import sys
import textwrap
import time
from types import ModuleType
from typing import Any

from tests.support.events import Subject
from tracing.functions import Probes
from tracing.limits import Limits
from tracing.tap import Tap

__all__ = ["Traced", "heard"]


class Traced:
    """A tap whose sessions trace functions of a module `bank`.

    Attributes:
        here: whose code runs, as the probes ask; may be changed.
    """

    def __init__(self, source: str, **options: Any) -> None:
        self.bank = ModuleType("bank")
        sys.modules["bank"] = self.bank
        exec(compile(textwrap.dedent(source), "bank.py", "exec"), vars(self.bank))
        self.here: Any = lambda: (Subject(), None, None)
        self.probes = Probes(time.monotonic, self._asked, **options)
        self.tap = Tap(time.monotonic, probes=self.probes)

    def _asked(self) -> Any:
        return self.here()

    def open(self, pattern: str, *, force: bool = False, **limits: Any) -> Any:
        """A session."""
        return self.tap.open(pattern, Limits(**limits), force=force)

    def close(self) -> None:
        """Nothing stays."""
        self.tap.close()
        if sys.modules.get("bank") is self.bank:
            del sys.modules["bank"]


def heard(session: Any) -> list[tuple[Any, ...]]:
    """What a session has heard since it was asked last: kind, arguments, and how it ended."""
    events = [event for _, event, _ in session.take()[0]]
    return [(event[1].removeprefix("function_"), *event[7]) for event in events]
