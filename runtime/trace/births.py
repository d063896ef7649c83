"""A process is made: under whose story, and that it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tracing.records import ABSENT

from .telling import tell

if TYPE_CHECKING:
    from tracing.context import Context

    from ..process import Process

__all__ = ["born_of"]


def born_of(process: Process, args: Any) -> Context | None:
    """The context of its first step; None where nobody listens. `args` are not told where they are still to be computed."""
    sched = process.sched
    if sched.keep is None:
        return None
    context = sched.under()
    parent = process.parent
    known = cast("Any", args) if type(args) is tuple else ABSENT
    tell(
        process,
        "spawn",
        process.behaviour,
        parent.number if parent is not None else 0,
        (known,),
        context=context,
    )
    return context
