"""What workers of this runtime's side do among themselves: links, monitors, keys, groups, and what they hear of it.

The twin of `otp_society.erl`: a name is a registered name, a key that of a registry, a group one of process groups.
"""

from typing import Any

from runtime import AlreadyRegistered, CallError, Down, Exit, Groups, Joined, Left, Registry
from tests.differential.observer_record import Record, class_of

__all__ = ["GROUPS", "KEYS", "Society", "ask", "heard", "places", "settle_in"]

KEYS = Registry[str, None]("keys")
GROUPS = Groups("groups")


class Society:
    """What one worker does, and has going on. Made for each thing it is told."""

    def __init__(self, worker: Any, record: Record) -> None:
        self.worker = worker
        self.record = record
        self.monitors = record.monitors.setdefault(worker.pid, {})
        self.watches = record.watches.setdefault(worker.pid, [])

    def act(self, verb: str, what: Any) -> str:
        """Do it; its outcome in the words that both sides have in common."""
        return getattr(self, verb)(what) or "ok"

    def link(self, other):
        self.worker.link(other)

    def unlink(self, other):
        self.worker.unlink(other)

    def monitor(self, other):
        self.monitors.setdefault(other, []).append(self.worker.monitor(other))

    def demonitor(self, other):
        refs = self.monitors.pop(other, None)
        for ref in refs or ():
            self.worker.demonitor(ref)
        return None if refs else "none"

    def register(self, key):
        try:
            KEYS.register(self.worker, key)
        except AlreadyRegistered:
            return "taken"
        return None

    def unregister(self, key):
        return None if KEYS.unregister(self.worker, key) else "none"

    def join(self, group):
        GROUPS.join(self.worker, group)

    def leave(self, group):
        return None if GROUPS.leave(self.worker, group) else "none"

    def watch(self, group):
        if group == "all":
            ref, members = GROUPS.monitor_scope(self.worker)
            known = [[name, self.record.whos(pids)] for name, pids in sorted(members.items())]
        else:
            ref, pids = GROUPS.monitor(self.worker, group)
            known = [[group, self.record.whos(pids)]]
        self.watches.append(ref)
        self.record.note(self.worker.pid, "members", known)

    def unwatch(self, _):
        refs = [*self.watches]
        self.watches.clear()
        for ref in refs:
            GROUPS.demonitor(self.worker, ref)
        return None if refs else "none"


def settle_in(worker, record, child):
    """In its init."""
    society = Society(worker, record)
    for group in child["watches"]:
        society.watch(group)
    for group in child["joins"]:
        society.join(group)


def heard(worker, record, message):
    """Note what has come to a worker."""
    match message:
        case Exit(pid, reason):
            record.note(worker.pid, "exit", record.who(pid), class_of(reason))
        case Down(_, pid, reason):
            record.monitors.get(worker.pid, {}).pop(pid, None)
            record.note(worker.pid, "down", record.who(pid), class_of(reason))
        case Joined(_, group, pids):
            for pid in pids:
                record.note(worker.pid, "joined", group, record.who(pid))
        case Left(_, group, pids):
            for pid in pids:
                record.note(worker.pid, "left", group, record.who(pid))
        case ("told", group):
            record.note(worker.pid, "told", group)
        case _:
            raise NotImplementedError


def places(node, record):
    """Who is found where; what nobody has, is left out."""
    ids = sorted({name for name, _ in record.workers.values()})
    return {
        "names": {name: record.who(pid) for name in ids if (pid := node.whereis(name)) is not None},
        "keys": {key: record.who(pid) for key, pid, _ in KEYS.select(node)},
        "groups": {
            group: record.whos(GROUPS.get_members(node, group)) for group in GROUPS.which_groups(node)
        },
    }


async def ask(node, kind, what):
    """Who answers there."""
    address = node.named(what) if kind == "name" else KEYS.at(node, what)
    try:
        return await address.call("who")
    except CallError:
        return "noproc"
