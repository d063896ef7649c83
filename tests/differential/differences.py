"""Where this runtime differs from OTP on purpose: data, with the reason for each.

A difference changes what OTP did into what is expected here; whatever is not in this list has to be equal.
This file compares nothing: `comparison.py` does.

Where either side may rightly do another thing each time, or OTP fails, no script is generated (`script_society.py`):

- names and keys below a supervisor that is killed. Its successor starts them again while those that were left behind may still have
  them: on OTP such starts fail by luck, and use up restarts. Here the start waits for them to end (`supervision/starting.py`).
- links among more than two, or between children of different supervisors: who of them ends first is said nowhere.
- a process that watches groups and is in one: `pg` of OTP 25.2 crashes when it ends. Here it is a process like any other.
- a dynamic child with a registered name beside one with the same id and without: OTP's have no ids. Here the name is the id, and an id
  under which somebody is registered belongs to one child.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["DIFFERENCES", "Difference"]


@dataclass(frozen=True)
class Difference:
    """One deliberate difference: what it is, why, and how an entry of OTP's observation reads here."""

    what: str
    why: str
    apply: Callable[[dict[str, Any]], dict[str, Any]]


def _in_order_of_start(entry: dict[str, Any]) -> dict[str, Any]:
    """OTP lists children from the last started to the first."""
    tree = {name: {**seen, "children": seen["children"][::-1]} for name, seen in entry["tree"].items()}
    answers = [answer[::-1] if isinstance(answer, list) else answer for answer in entry["answers"]]
    return {**entry, "tree": tree, "answers": answers}


def _one_spec_for_each(entry: dict[str, Any]) -> dict[str, Any]:
    """OTP counts the one template of a simple_one_for_one supervisor."""

    def counted(name: str, seen: dict[str, Any]) -> dict[str, Any]:
        _, active, supervisors, workers = seen["counts"]
        return {**seen, "counts": [workers, active, supervisors, workers]} if name.endswith("dyn") else seen

    return {**entry, "tree": {name: counted(name, seen) for name, seen in entry["tree"].items()}}


def _no_exception(entry: dict[str, Any]) -> dict[str, Any]:
    """OTP raises an error in a process that links with the dead and does not trap exits; `terminate` sees it."""

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(item) for item in value]
        return "noproc" if value == "noproc_raised" else value

    trace = [event for event in entry["trace"] if event[0] != "stop" or event[-1] != "noproc_raised"]
    return {**entry, "trace": trace, "ended": read(entry["ended"]), "heard": read(entry["heard"])}


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        what="which_children lists children in order of start; OTP lists them in reverse",
        why="People read a tree from the top; OTP's order is how its list happens to be built, and not documented.",
        apply=_in_order_of_start,
    ),
    Difference(
        what="count_children of a dynamic supervisor counts one spec for each child; OTP counts the template: 1",
        why="Here each child has a spec of its own, as under Elixir's DynamicSupervisor, which counts so too.",
        apply=_one_spec_for_each,
    ),
    Difference(
        what="a process that links with a dead one and does not trap exits gets the exit signal noproc, and ends; in OTP link/1 "
        "raises noproc where it sees that the other is dead, and `terminate` runs",
        why="It is the signal that Erlang's manual describes for every other case; the outcome must not hang on which of two "
        "ends came first.",
        apply=_no_exception,
    ),
)
