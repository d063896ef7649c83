"""What an application has its node keep of the past: how much, which triggers are set when it starts, and where their dumps go.

It is checked where the application says it, before anything runs. What it says itself is not asked about twice: a trigger that an
operator would have to force is set as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tracing.flight import Flight
from tracing.pattern import PatternError
from tracing.tap import Refused, Tap

__all__ = ["kept"]


def kept(flight: int, keep: Iterable[str], dumps: str | os.PathLike[str] | None) -> dict[str, Any]:
    """What the scheduler gets of it.

    Raises:
        TypeError: one trigger is given in the place of several, or one that is no text.
        ValueError: a trigger cannot be understood (the text says the column), or is a function's; or there is no flight recorder for it.
    """
    if isinstance(keep, str):
        raise TypeError(f"keep={keep!r} is one trigger; it takes several: keep=({keep!r},)")
    keep = tuple(keep)
    for text in keep:
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"keep has {text!r}; a trigger is a text: keep=('5s before crash',)")
    triggers = tuple(text if text.startswith("keep ") else f"keep {text}" for text in map(str.strip, keep))
    if not flight and (triggers or dumps is not None):
        what = "keep" if triggers else "dumps"
        raise ValueError(f"{what} needs the flight recorder, and flight=0 turns it off")
    trial = Tap(lambda: 0.0, flight=Flight(1))
    for text in triggers:
        try:
            trial.keep(text, force=True)
        except PatternError as error:
            raise ValueError(f"keep: this is no trigger; {error}") from None
        except Refused as refused:
            raise ValueError(f"keep={text!r}: {refused}") from None
    return {"flight": flight, "keep": triggers, "dumps": None if dumps is None else Path(dumps)}
