"""Questions that only the OS process of an isolated process can answer, and all about processes that live in it.

    about the isolated process   state, stack: there; mailbox, and its messages: there and here; everything else: here
    about <42.2.0>               spawned in <0.42.0>: everything there, changes too

The thread over there answers while its loop is stuck; one that does not answer in time is told as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from runtime.pid import NODE, pid_text
from runtime.port.contract import (
    Code,
    Done,
    Drop,
    Failure,
    LetterGroup,
    Link,
    Mailbox,
    MailboxContents,
    ProcessInfo,
    Replay,
    Requeue,
    StackQuery,
    State,
    TimelineQuery,
    parse_answer,
)

from . import letters
from .elsewhere import cell_of
from .lookup import find, link_to, number_in

if TYPE_CHECKING:
    from pydantic import BaseModel

    from runtime.isolation.cell import Cell
    from runtime.node import Node
    from runtime.port.contract import PortRequest
    from runtime.port.service import Principal
    from runtime.process import Process

__all__ = ["asked_inside", "moved_where_it_waits", "with_letters_inside"]

ANSWER_S: Final = 5.0
"""Seconds that the other side has: at the first question it imports what it needs to answer."""


def asked_inside(node: Node, request: PortRequest[Any], principal: Principal) -> BaseModel | None:
    """The answer of the OS process that is to answer `request`; None where the node itself is.

    Raises:
        Failure: it refuses, or does not answer; or there is none.
    """
    name = getattr(request, "process", None)
    if name is None or isinstance(request, TimelineQuery | Replay):  # told by the node, whoever was in it
        return None
    number = number_in(name) or 0
    if number // NODE not in {0, getattr(node, "number", 0)}:  # the node inside an OS process has one
        return _of_inmate(node, request, principal, number)
    if node.scheduler.block is None or not isinstance(request, State | StackQuery):
        return None
    process = find(node, name)
    cell = cell_of(node, process.number)
    return _ask(cell, request, principal, process.number) if cell is not None else None


def _of_inmate(node: Node, request: PortRequest[Any], principal: Principal, number: int) -> BaseModel:
    """About a process that was spawned in an isolated one."""
    home = number // NODE
    cell = cell_of(node, home)
    if cell is None:
        raise Failure(
            Code.NO_PROCESS,
            f"{pid_text(number)} is not alive: {pid_text(home)}, in which it would live, has no OS process",
        )
    answer = _ask(cell, request, principal, number)
    if isinstance(answer, ProcessInfo):
        return _seen_from(node, answer).model_copy(update={"lives_in": link_to(cell.owner)})
    return answer


def _seen_from(node: Node, info: ProcessInfo) -> ProcessInfo:
    """With the processes of the node as the node knows them: over there these have no names."""

    def link(known: Link) -> Link:
        process = node.table.get(number_in(known.pid) or 0)
        return link_to(process) if process is not None else known

    return info.model_copy(
        update={
            "parent": link(info.parent) if info.parent is not None else None,
            **{
                name: [link(known) for known in getattr(info, name)]
                for name in ("ancestors", "links", "monitors", "monitored_by")
            },
        }
    )


def with_letters_inside(
    node: Node, request: Mailbox, principal: Principal, here: MailboxContents
) -> MailboxContents:
    """The mailbox of an isolated process: what waits over there, then what waits `here`."""
    number = number_in(here.pid) or 0
    cell = cell_of(node, number)
    if cell is None:
        return here
    told = cell.left
    try:
        there = _ask(cell, request, principal, number)
    except Failure as failure:
        return here.model_copy(
            update={"note": f"what waits in its OS process is not shown: {failure.message}"}
        )
    assert isinstance(there, MailboxContents)
    letters = [*there.letters, *here.letters][: request.limit]
    total = there.total + max(0, here.total - told)
    return here.model_copy(
        update={
            "total": total,
            "letters": letters,
            "groups": _together(there.groups, here.groups),
            "truncated": there.truncated or total > len(letters),
            "redacted": there.redacted + here.redacted,
            "torn": there.torn or here.torn,
        }
    )


def _together(there: list[LetterGroup], here: list[LetterGroup]) -> list[LetterGroup]:
    """Groups of what waits in two places."""
    groups: dict[tuple[str, str | None, str], LetterGroup] = {}
    for group in (*there, *here):
        known = groups.setdefault((group.kind, group.sender, group.type), group)
        if known is not group:
            groups[group.kind, group.sender, group.type] = known.model_copy(
                update={
                    "count": known.count + group.count,
                    "oldest_s": max(known.oldest_s, group.oldest_s),
                    "newest_s": min(known.newest_s, group.newest_s),
                }
            )
    return sorted(groups.values(), key=lambda group: -group.count)


def moved_where_it_waits(node: Node, request: Drop | Requeue, principal: Principal) -> BaseModel:
    """Move a message that waits here, or, for an isolated process, over there.

    Raises:
        Failure: as `letters.moved`; or its OS process does not answer.
    """
    process = find(node, request.process)
    cell = cell_of(node, process.number) if node.scheduler.block is not None else None
    if cell is None or letters.found(process, request.message) is not None:
        return letters.moved(node, request)
    done = _ask(cell, request, principal, process.number)
    assert isinstance(done, Done)
    node.scheduler.from_thread(_noted, process, done.text)
    here = len(process.mailbox or ())  # not `letters`, which counts what waits over there as well
    if not here or isinstance(request, Drop):
        return done
    after = "1 that waits in the node comes" if here == 1 else f"{here:,} that wait in the node come"
    note = f"behind what waits in its OS process, where it stays; {after} after it"
    return done.model_copy(update={"notes": [note]})


def _noted(process: Process, text: str) -> None:
    if process.alive:
        process.note(text)


def _ask(cell: Cell, request: PortRequest[Any], principal: Principal, number: int) -> BaseModel:
    inside: PortRequest[Any] = request.model_copy(update={"process": pid_text(number)})
    seconds = max(ANSWER_S, getattr(request, "deadline_s", 0.0) + 1)
    question = inside.document(), principal.key, principal.role.value, principal.peer
    try:
        answered, text = cell.eyes.ask(question, seconds)
    except (OSError, TimeoutError) as error:
        raise Failure(
            Code.TIMEOUT, f"its OS process {cell.pid} does not answer ({type(error).__name__})"
        ) from None
    if not answered:
        raise Failure(Code.REFUSED, text)
    answer: BaseModel = parse_answer(inside, text)  # pyright: ignore[reportArgumentType]  # of any kind
    return answer
