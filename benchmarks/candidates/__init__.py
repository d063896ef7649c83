"""Who is measured. A candidate is a module of functions, each named after a measure; what it lacks, it cannot do."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Final

from benchmarks.setting import Measured, Skipped

__all__ = ["CANDIDATES", "Candidate", "find"]

_OBSERVER: Final = tuple(
    f"observer.{room}"
    for room in (
        "messages",
        "starts",
        "memory",
        "neighbours",
        "attached",
        "million",
        "elsewhere",
        "upgrade",
        "tracing",
        "features",
        "frames",
    )
)


@dataclass(frozen=True)
class Candidate:
    """One of those that are measured.

    Attributes:
        key: names it on the command line and in the saved figures.
        title: names it in the tables.
        modules: where its measures stand, below this package; none for OTP, whose stand in `otp/`.
        slicing: whether its node slices time.
        distribution: what has to be installed. Optional. Defaults to nothing.
    """

    key: str
    title: str
    modules: tuple[str, ...] = ()
    slicing: bool = False
    distribution: str | None = None


CANDIDATES: Final = {
    candidate.key: candidate
    for candidate in (
        Candidate("slicing", "this runtime", _OBSERVER, slicing=True),
        Candidate("plain", "this runtime, slicing off", _OBSERVER),
        Candidate("otp", "OTP, one scheduler"),
        Candidate("asyncio", "asyncio.Queue", ("asyncio_queues",)),
        Candidate("pykka", "pykka", ("pykka_actors",), distribution="pykka"),
        Candidate("xoscar", "xoscar", ("xoscar_actors",), distribution="xoscar"),
        Candidate("autogen", "autogen-core", ("autogen_agents",), distribution="autogen-core"),
    )
}
"""In the order of the tables' columns."""


def find(key: str, measure: str) -> tuple[Measured, bool]:
    """The function that does a measure with a candidate, and whether it wants time-slicing.

    Raises:
        Skipped: the candidate is not installed, or has nothing like it.
    """
    candidate = CANDIDATES[key]
    for name in candidate.modules:
        try:
            module = import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as missing:
            if candidate.distribution is None or (missing.name or "").startswith("benchmarks"):
                raise
            raise Skipped(f"{candidate.distribution} is not installed: {missing}") from None
        if measure in module.__all__:
            return getattr(module, measure), candidate.slicing
    raise Skipped(f"{candidate.title} has nothing like it")
