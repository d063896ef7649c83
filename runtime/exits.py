"""How processes end: exit signals, links, monitors, and what follows an end.

    signal(process, reason)          what Erlang's exit/2 does
      "kill"                         ends it, as "killed"; cannot be trapped (a linked process that ended so is no such signal)
      it traps exits                 Exit(pid, reason) into its mailbox; from its parent: terminate, then end
      "normal" from another          ignored
      anything else                  ends it

    end(process, reason)             out of table, names, registries and groups at once, then, in this order:
      its callers fail, timers and tasks are cancelled, links get signals, monitors get Down

Signals that an end causes are worked off by a loop, not by recursion: a chain of 100,000 links is no deeper than one.
The rules are those of Erlang's reference manual, chapter "Processes", and of `gen_server` for the parent's exit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .crash import CrashReport, report
from .errors import NotSendable, ProcessDied
from .mailbox import INFO, SHUTDOWN, Entry
from .messages import share
from .pid import Ref
from .preemption.guards import to_its_end
from .signals import Down, Exit, is_orderly
from .status import ENDED
from .trace.telling import tell

if TYPE_CHECKING:
    from .process import Process

__all__ = ["demonitor", "end", "flush", "link", "monitor", "signal", "unlink", "watch"]

Watcher = Callable[[Any], None]
"""Told the exit reason: what the runtime itself uses instead of a monitoring process."""

FEW: Final = 4
"""Links that stand in a tuple."""


def signal(
    process: Process,
    reason: Any,
    sender: Process | None = None,
    by: str | None = None,
    *,
    linked: bool = False,
) -> None:
    """Send an exit signal to `process`.

    Args:
        process: who gets it.
        reason: an exit reason; `"kill"` cannot be trapped.
        sender: whose exit or act it is; None for the host.
        by: who caused it, for the restart history. Optional. Defaults to None.
        linked: whether it is the end of a linked process; `"kill"` is then a reason like any other, as in Erlang.
            Optional. Defaults to False.
    """
    if process.status == ENDED:
        return
    if process.far:
        process.told("exit", reason, sender)
        return
    word = (
        reason if type(reason) is str else None
    )  # nothing else is compared: it would run code of the reason's class
    if word == "kill" and not linked:
        end(process, "killed", by=by)
    elif process.trap_exits:
        _trapped(process, reason, sender)
    elif word != "normal" or sender is process:
        end(process, reason, by=by)


def _trapped(process: Process, reason: Any, sender: Process | None) -> None:
    number = sender.number if sender is not None else 0
    if sender is None or sender is not process.parent or not process.obeys_parent:
        message = Exit(sender.pid if sender is not None else None, share(reason))
        process.post((INFO, message, None, process.sched.tick(), number, process.sched.under()))
        return
    entry: Entry = (SHUTDOWN, reason, None, process.sched.tick(), number, process.sched.under())
    if not process.suspend:
        process.post(entry)
        return
    if process.mailbox is None:  # as OTP: a suspended server still obeys its parent, before all that waits
        process.mailbox = deque()
    process.mailbox.appendleft(entry)
    process.unpause()


@to_its_end
def end(process: Process, reason: Any, *, crash: CrashReport | None = None, by: str | None = None) -> None:
    """End `process` now, whatever it does. Its parked or running code is left behind; nothing reaches it any more."""
    if process.status == ENDED:
        return
    reason = _sendable(reason)
    if crash is None and not is_orderly(reason):
        crash = report(process, reason, None)
    node, sched = process.sched.node, process.sched
    lost, linked = process.letters, process.linked()
    node.table.remove(process)
    node.registry.release(process)
    process.status = ENDED
    try:
        node.ledger.ended(process, reason, crash, lost, by)
    finally:  # a host's logging filter may raise; whoever waits for this process is told all the same
        try:
            process.let_go(reason)
        finally:
            _fail_callers(process, reason)
            _release(process)
            process.state = reason
            task, process.task = process.task, None  # its exception would keep its frames
            if task is not None:
                sched.cancel(task)
            _tell(process, reason, linked)


def _sendable(reason: Any) -> Any:
    """A reason goes to other processes; one that cannot is replaced by the error that says so."""
    try:
        return share(reason)
    except NotSendable as error:
        return error


def _fail_callers(process: Process, reason: Any) -> None:
    waiting = [entry[2] for entry in process.mailbox or () if entry[2] is not None]
    if process.current is not None and process.current[2] is not None:
        waiting.append(process.current[2])
    waiting.extend(process.owed)
    for caller in waiting:
        caller._fail(ProcessDied(process, reason))


def _release(process: Process) -> None:
    """End what the process has going on, and let go of what it held."""
    extra = process.extra
    if extra is not None:
        for timer in (extra.timers or {}).values():
            timer.cancel()
        for task in list(extra.tasks or ()):
            process.sched.cancel(task.task)
        for ref, target in (extra.monitors or {}).items():
            target.watchers.pop(ref, None)
        extra.timers = extra.tasks = extra.monitors = None
    for worker in process.sched.standing.get(process, ()):
        worker.workers.queue(worker)
    process.sched.waits.blocked.pop(process, None)
    process.release()


def _tell(process: Process, reason: Any, linked: list[Process]) -> None:
    """Signal links and monitors. Called again for what these end, it only adds to the list that is being worked off."""
    pending = process.sched.signals
    busy = bool(pending)
    watchers = process.watchers
    if process.extra is not None:
        process.extra.watchers, process.extra.links = None, ()
    for ref, watcher in watchers.items():
        _notify(process, ref, watcher, reason)
    # The parent last: whoever hangs below a supervisor that was killed ends, and frees its name, before it is replaced.
    parent = process.parent
    for other in sorted(linked, key=lambda other: other is parent):
        _discard(other, process)
        pending.append((other, reason, process))
    if busy:
        return
    index = 0
    try:
        while index < len(pending):
            other, cause, sender = pending[index]
            index += 1
            signal(other, cause, sender, linked=True)
    finally:
        pending.clear()


def _notify(process: Process, ref: Ref, watcher: Any, reason: Any) -> None:
    if callable(watcher):
        watcher(reason)
        return
    if watcher.extra is not None and watcher.extra.monitors is not None:
        watcher.extra.monitors.pop(ref, None)
    if watcher.status != ENDED:
        message = Down(ref, process.pid, share(reason))
        sched = process.sched
        watcher.post((INFO, message, None, sched.tick(), process.number, sched.under()))


def link(one: Process, other: Process) -> None:
    """Link two processes: each gets an exit signal when the other ends. With a dead one: `noproc`, as OTP."""
    if other.status == ENDED:
        signal(one, "noproc", other)
        return
    if one.status == ENDED:  # what is left of its code
        return
    _add(one, other)
    _add(other, one)
    if one.sched.tap is not None:
        tell(one, "link", peer=other.number)
    one.told("link", other)
    other.told("link", one)


def _add(process: Process, other: Process) -> None:
    """Links are a tuple while they are few: most processes have one, and a set takes 216 bytes."""
    links = process.links
    if type(links) is set:
        links.add(other)
    elif other not in links:
        process.links = {*links, other} if len(links) >= FEW else (*links, other)


def _discard(process: Process, other: Process) -> None:
    links = process.links
    if type(links) is set:
        links.discard(other)
    elif other in links:
        process.links = tuple(item for item in links if item is not other)


def unlink(one: Process, other: Process) -> None:
    """Undo `link`; no effect where there is none."""
    _discard(one, other)
    _discard(other, one)
    if one.sched.tap is not None:
        tell(one, "unlink", peer=other.number)
    one.told("unlink", other)
    other.told("unlink", one)


def flush(process: Process, other: Process) -> None:
    """Take the `Exit` of an ended `other` out of the mailbox, if it has come."""
    if other.status != ENDED or not process.mailbox:
        return
    for index, entry in enumerate(process.mailbox):
        if type(entry[1]) is Exit and entry[1].pid == other.pid:
            del process.mailbox[index]
            process.taken_out(index)
            return


def monitor(watcher: Process, target: Process | None, ref: Ref | None = None) -> Ref:
    """`watcher` gets a `Down` when `target` ends; at once, with `noproc`, when it has. A `ref` that was made elsewhere may be given."""
    ref = ref or Ref()
    if watcher.status == ENDED:  # what is left of its code
        return ref
    if target is None or target.status == ENDED:
        message = Down(ref, None if target is None else target.pid, "noproc")
        watcher.post((INFO, message, None, watcher.sched.tick(), 0, watcher.sched.under()))
        return ref
    extra = watcher.more()
    if extra.monitors is None:
        extra.monitors = {}
    extra.monitors[ref] = target
    _watched_by(target, ref, watcher)
    if watcher.sched.tap is not None:
        tell(watcher, "monitor", peer=target.number)
    target.told("monitor", ref, watcher)
    return ref


def demonitor(watcher: Process, ref: Ref) -> bool:
    """Undo `monitor`, and take a `Down` that has already come out of the mailbox. Whether there was one."""
    extra = watcher.extra
    target = extra.monitors.pop(ref, None) if extra is not None and extra.monitors is not None else None
    if target is not None:
        target.watchers.pop(ref, None)
        if watcher.sched.tap is not None:
            tell(watcher, "demonitor", peer=target.number)
        target.told("demonitor", ref, watcher)
    mailbox = watcher.mailbox or deque()
    for index, entry in enumerate(mailbox):
        if type(entry[1]) is Down and entry[1].ref == ref:
            del mailbox[index]
            watcher.taken_out(index)
            return True
    return target is not None


def watch(target: Process, watcher: Watcher) -> Ref:
    """Call `watcher(reason)` when `target` ends. For the runtime itself; `target` is alive."""
    ref = Ref()
    _watched_by(target, ref, watcher)
    return ref


def _watched_by(target: Process, ref: Ref, watcher: Process | Watcher) -> None:
    extra = target.more()
    if extra.watchers is None:
        extra.watchers = {}
    extra.watchers[ref] = watcher
