"""Who is restarted when a child ends, and whether it is restarted at all. Pure: values in, values out.

    one_for_one    only it
    one_for_all    every child
    rest_for_one   it, and the children started after it

The others are stopped first, in reverse order of start; then all are started in order. OTP's supervisor manual,
"Restart strategies" and "restart".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeVar, get_args

from ..signals import is_orderly
from .child_spec import Restart

__all__ = ["STRATEGIES", "Strategy", "affected", "is_restarted"]

Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)
Id = TypeVar("Id")


def affected(strategy: Strategy, children: Iterable[Id], ended: Id) -> list[Id]:
    """Those of `children` (in order of start) that are restarted because `ended` has ended, in order of start."""
    if strategy == "one_for_one":
        return [ended]
    if strategy == "one_for_all":
        return list(children)
    siblings = list(children)
    return siblings[siblings.index(ended) :]


def is_restarted(restart: Restart, reason: Any) -> bool:
    """Whether a child of this restart type is started again after it ended with `reason`."""
    return restart == "permanent" or (restart == "transient" and not is_orderly(reason))
