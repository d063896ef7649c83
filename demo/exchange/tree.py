"""The exchange's supervision tree.

    exchange             one_for_one
    ├── engineer                          puts versions on disk (in the console's node)
    ├── subscribers                       everybody who has a telephone
    ├── billing                           enters bills
    └── area-1 … area-4  one_for_one
        ├── lines-1                       each line under its number
        ├── calls-1      dynamic          a process for each call
        └── switch-1                      starts them

What a newcomer looks at comes first. The subscribers wait until the last switch is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo.exchange.billing import Billing
from demo.exchange.line import Line
from demo.exchange.switch import Switch
from demo.exchange.town import Subscribers
from runtime import ChildSpec, DynamicSupervisor, StateMachine, Supervisor

__all__ = ["AREAS", "exchange", "numbers_for"]

AREAS = 4
LINES_A_CALL = 3
"""Lines for each call in progress: two or three people take part in one, some are between two, and some are cut off."""


def numbers_for(calls: int) -> list[str]:
    """The numbers of an exchange that has so many calls in progress."""
    each = calls * LINES_A_CALL // AREAS + 12
    return [f"{area}-{number:04}" for area in range(1, AREAS + 1) for number in range(1, each + 1)]


def exchange(numbers: Sequence[str], handling: type[StateMachine[Any]], *more: ChildSpec) -> Supervisor:
    """The tree with these lines. Its node needs the resources `Accounts` and `Town`."""
    areas = [_area(str(area), numbers, handling) for area in range(1, AREAS + 1)]
    return Supervisor(
        [*more, ChildSpec("subscribers", Subscribers), ChildSpec("billing", Billing), *areas], name="exchange"
    )


def _area(area: str, numbers: Sequence[str], handling: type[StateMachine[Any]]) -> ChildSpec:
    lines = [ChildSpec(number, Line, number) for number in numbers if number.startswith(f"{area}-")]
    tree = Supervisor(
        [
            ChildSpec(f"lines-{area}", Supervisor(lines)),
            ChildSpec(f"calls-{area}", DynamicSupervisor()),
            ChildSpec(f"switch-{area}", Switch, area, len(lines), handling),
        ]
    )
    return ChildSpec(f"area-{area}", tree)
