"""Triggers of the flight recorder, and what they have kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runtime.port.contract import (
    Code,
    Done,
    Dump,
    DumpQuery,
    Dumps,
    DumpsQuery,
    Failure,
    ForgetTrigger,
    KeepTrigger,
    Trigger,
)
from tracing.pattern import PatternError
from tracing.tap import Refused

from ..lookup import now, pid_text, when
from ..text import clean
from .vain import in_vain, nobody

if TYPE_CHECKING:
    from runtime.node import Node
    from tracing import triggers as floor

    from .showing import Showing

__all__ = ["dump_of", "dumps_of", "forget", "keep", "triggers_of"]

MOST: Final = 50
"""Triggers at a time: each looks at every event of its kinds."""


def keep(node: Node, request: KeepTrigger) -> Done:
    """Set a trigger; the notes say why it may keep nothing.

    Raises:
        Failure: `BAD_REQUEST`: it cannot be understood. `REFUSED`: it is dangerous, there is no flight recorder, or there are too many.
    """
    tap = node.scheduler.listening.tap
    if tap.triggers is not None and len(tap.triggers.all) >= MOST:
        raise Failure(Code.REFUSED, f"{MOST} triggers are set; take one of them away first")
    try:
        trigger = tap.keep(request.text, force=request.force)
    except PatternError as error:
        raise Failure(Code.BAD_REQUEST, f"this is no trigger; {error}") from None
    except Refused as error:
        raise Failure(Code.REFUSED, str(error)) from None
    names = [
        f"nobody is called {name!r} now (see `observer ps`); who gets the name counts from then on"
        for name in nobody(node, trigger.pattern)
    ]
    return Done(at=now(), text=f"set: {clean(trigger.text)}", notes=[*names, *in_vain(node, trigger.pattern)])


def forget(node: Node, request: ForgetTrigger) -> Done:
    """Take a trigger away.

    Raises:
        Failure: it is not set.
    """
    tap = node.scheduler.listening.tap
    if not tap.forget(request.text):
        set_ = [clean(each.text) for each in tap.triggers.all] if tap.triggers is not None else []
        raise Failure(
            Code.REFUSED,
            f"no such trigger is set: {clean(request.text, 200)}; set are: {'; '.join(set_) or 'none'}",
        )
    return Done(at=now(), text=f"taken away: {clean(request.text)}; what it has kept stays")


def triggers_of(node: Node) -> tuple[list[Trigger], int]:
    """The triggers that are set, and how many dumps there are."""
    triggers = node.scheduler.listening.tap.triggers
    if triggers is None:
        return [], 0
    dumps = list(triggers.dumps.copy())
    return [
        Trigger(text=clean(each.text), dumps=sum(dump.trigger.text == each.text for dump in dumps))
        for each in triggers.all
    ], len(dumps)


def dumps_of(node: Node, request: DumpsQuery) -> Dumps:
    """What has been kept, newest first."""
    return Dumps(at=now(), dumps=[_told(node, dump) for dump in reversed(_dumps(node))][: request.limit])


def dump_of(node: Node, request: DumpQuery, showing: Showing) -> Dump:
    """One dump, with its records.

    Raises:
        Failure: there is none of this number, or it had to go.
    """
    dumps = _dumps(node)
    dump = next((each for each in dumps if each.number == request.dump), None)
    if dump is None:
        known = f"{dumps[0].number} to {dumps[-1].number}" if dumps else "none"
        raise Failure(Code.REFUSED, f"there is no dump {request.dump}; there are: {known}")
    return _told(node, dump).model_copy(update={"records": showing.events(list(dump.events))})


def _dumps(node: Node) -> list[floor.Dump]:
    triggers = node.scheduler.listening.tap.triggers
    return list(triggers.dumps.copy()) if triggers is not None else []


def _told(node: Node, dump: floor.Dump) -> Dump:
    mono, kind, pid, name, text, _, context = dump.event[:7]
    return Dump(
        dump=dump.number,
        at=when(node.wall(mono)),
        trigger=clean(dump.trigger.text),
        pid=pid_text(pid) if pid else None,
        name=clean(name, 200) if name is not None else None,
        kind=kind,
        text=clean(text, 300),
        trace=f"{context[0]:032x}" if context is not None else "",
        events=len(dump.events),
    )
