"""Event sites: what happens is told to whoever listens. Each costs one test where nobody does.

if sched.tap is not None:
    tell(process, "link", peer=other.number)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .stories import here

if TYPE_CHECKING:
    from tracing.context import Context

    from ..caller import Caller
    from ..mailbox import Entry
    from ..process import Process
    from ..run_queue import RunQueue

__all__ = ["HOST", "raised", "replied", "sent", "tell"]


class _Host:
    """Who sends from outside of all processes, and whom it concerns that something happens to the node itself."""

    number = 0
    name = None
    behaviour = ""
    started = 0.0
    ancestors = ()
    redact = None


HOST = _Host()


def tell(
    process: Process,
    kind: str,
    text: str = "",
    peer: int = 0,
    values: tuple[Any, ...] = (),
    *,
    context: Context | None = None,
    took: float | None = None,
) -> None:
    """Something has happened to `process`. On the loop's thread; never raises.

    Args:
        process: to whom.
        kind: one of `tracing.kinds.KINDS`.
        text: one line without values. Optional.
        peer: number of the other process. Optional.
        values: as the kind says. Optional.
        context: to which story it belongs. Optional. Defaults to that of what runs.
        took: seconds of work. Optional.
    """
    sched = process.sched
    tap = sched.tap
    offer = tap.offers.get(kind) if tap is not None else None
    if offer is None:
        return
    if context is None:
        context = here(sched)
    offer(
        process,
        (
            sched.clock(), kind, process.number, process.name, text, peer, context, values, None, took,
            process.redact if values else None,
        ),
    )  # fmt: skip


def raised(process: Process, reason: Any) -> None:
    """A handler has raised."""
    sched, entry = process.sched, process.current
    tap = sched.tap
    if tap is None or "raised" not in tap.kinds or entry is None:
        return
    now = sched.clock()
    tap.offer(
        process,
        (
            now, "raised", process.number, process.name, process.handler(entry), entry[4], here(sched) or entry[5],
            (entry[1], process.state, reason), max(0.0, process.since - entry[3]), now - process.since, process.redact,
        ),
    )  # fmt: skip


def sent(sched: RunQueue, now: float, kind: str, target: Process, entry: Entry) -> None:
    """A message leaves for `target`, whose behaviour says what may be seen of it. Only while `sched.traced`."""
    hear = sched.heard.call if kind == "call" else sched.heard.send
    if hear is not None:
        hear += (now, kind, sched.running or HOST, target, entry)


def replied(caller: Caller[Any], value: Any) -> None:
    """A call has been answered. Only while `sched.traced`."""
    process: Process = caller._process
    hear = process.sched.heard.reply
    entry = getattr(caller, "asked", None)
    if hear is not None and entry is not None:
        hear += (process.sched.clock(), "reply", process, value, entry)
