"""The limits of a session as they are typed, and as they are told."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationError

from runtime.port.contract import TraceLimits
from tui.format import number

__all__ = ["limits_text", "limits_words", "read_limits"]

_NAMES: Final = ("count", "seconds", "rate", "work", "queue", "size")
_WHOLE: Final = frozenset({"count", "queue", "size"})
_FORM: Final = re.compile(r"([a-z]+)\s*=\s*(\d[\d_,]*(?:\.\d+)?)", re.ASCII)


def limits_text(limits: TraceLimits) -> str:
    """As they are typed: `count=1000 seconds=30 …`."""
    return " ".join(f"{name}={getattr(limits, name):.10g}" for name in _NAMES)


def limits_words(limits: TraceLimits) -> str:
    """As they are told."""
    return (
        f"{number(limits.count)} records · {limits.seconds:g} s · {number(limits.rate)}/s · "
        f"queue {number(limits.queue)} · {number(limits.size)} characters a record"
    )


def read_limits(text: str, before: TraceLimits) -> TraceLimits:
    """The limits with what was typed changed.

    Raises:
        ValueError: it is not legal; the message says what is.
    """
    found = _FORM.findall(text)
    rest = _FORM.sub("", text).strip(" ,")
    unknown = [name for name, _ in found if name not in _NAMES]
    if rest or unknown:
        wrong = (unknown or [rest])[0]
        raise ValueError(
            f"{wrong[:40]!r} is no limit; there are {', '.join(_NAMES)}, as in count=5000 seconds=60"
        )
    known: dict[str, Any] = before.model_dump()
    for name, figure in found:
        value = float(figure.replace(",", "").replace("_", ""))
        known[name] = int(value) if name in _WHOLE else value
    try:
        return TraceLimits.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['loc'][0]}={first['input']:.10g}: {first['msg'].lower()}") from None
