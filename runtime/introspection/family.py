"""A supervisor's state as an operator thinks of it: its strategy, its budget, its children. Not the engine's records."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from .lookup import id_text, pid_text, wait_s
from .pace import rested, settled
from .values import Walked

if TYPE_CHECKING:
    from runtime.supervision.child import Child
    from runtime.supervision.family import Family

__all__ = ["family_state"]


def family_state(family: Family, clock: float, width: int) -> Walked:
    """The state of a supervisor with at most `width` children. `clock`: the scheduler's, in seconds."""
    spec = family.spec
    listed = settled(lambda: list(islice(family.children.values(), width)))
    children = [_child(child, clock) for child in rested(listed)]
    more = max(0, len(family.children) - len(listed))
    if more:
        children.append({"$more": more})
    value = {
        "$type": type(spec).__name__,
        "strategy": spec.strategy,
        "auto_shutdown": spec.auto_shutdown,
        "max_restarts": spec.max_restarts,
        "max_seconds": float(spec.max_seconds),
        "used": family.intensity.used(clock),
        "children": children,
    }
    return Walked(value, truncated=more > 0, mutable=True)


def _child(child: Child, clock: float) -> dict[str, Any]:
    process = child.process
    return {
        "id": id_text(child.spec.id),
        "pid": pid_text(process.number) if process is not None else None,
        "restarting_in_s": wait_s(child, clock),
        "restart": child.spec.restart,
        "restarts": child.restarts,
    }
