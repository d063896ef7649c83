"""Process groups (after OTP's `pg`).

    WORKERS = Groups("workers")                    a scope: its groups have nothing to do with another's

    WORKERS.join(self, "reviewers")                as often as it likes: each counts
    WORKERS.get_members(node, "reviewers")         [<0.7.0>, <0.9.0>]
    ref, members = WORKERS.monitor(self, "reviewers")
      Joined(ref, "reviewers", (<0.11.0>,))        into the mailbox, in the order in which it happens,
      Left(ref, "reviewers", (<0.7.0>,))           beginning where `members` ends

A group is there while it has members. A process that ends has left before anyone is told of its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..mailbox import INFO
from ..messages import ATOMS, share
from ..pid import Pid, Ref
from ..preemption.guards import open_to_switches
from ..registry.entries import Entries, Entry
from ..registry.fanout import but_for, send_all
from ..registry.reach import in_node
from ..registry.scope import Scope, check_key, node_of, process_of
from ..signals import Joined, Left

if TYPE_CHECKING:
    from ..process import Process
    from ..registry.scope import Member, Where

__all__ = ["Groups"]

_EVERY: Final = object()
"""In the place of a group: all of them."""


class _Memberships(Entries):
    """The groups of a scope in one node, and who monitors them."""

    def __init__(self) -> None:
        super().__init__()
        self._monitors: dict[Any, dict[Ref, Process]] = {}
        self._monitoring: dict[Process, dict[Ref, Any]] = {}

    def monitor(self, watcher: Process, group: Any) -> Ref:
        """Tell `watcher` of joins and leaves from now on."""
        ref = Ref()
        self._monitors.setdefault(group, {})[ref] = watcher
        self._monitoring.setdefault(watcher, {})[ref] = group
        return ref

    def demonitor(self, watcher: Process, ref: Ref) -> bool:
        """Tell it no more. Whether it was told."""
        own = self._monitoring.get(watcher, {})
        if ref not in own:
            return False
        group = own.pop(ref)
        if not own:
            del self._monitoring[watcher]
        there = self._monitors[group]
        del there[ref]
        if not there:
            del self._monitors[group]
        return True

    def tell(self, kind: type[Joined | Left], group: Any, pids: tuple[Pid, ...]) -> None:
        """Tell who monitors the group, or all groups."""
        for watched in (group, _EVERY):
            for ref, watcher in self._monitors.get(watched, {}).items():
                sched = watcher.sched
                watcher.post(
                    (INFO, kind(ref, group, pids), None, sched.tick(), sched.sender(), sched.under())
                )

    def release(self, process: Process) -> None:
        """A process ends: it monitors nothing any more, and leaves its groups."""
        for ref in list(self._monitoring.get(process, ())):
            self.demonitor(process, ref)
        super().release(process)

    def dropped(self, process: Process, entries: list[Entry]) -> None:
        """A process has ended: it leaves its groups, each of them as often as it had joined."""
        super().dropped(process, entries)
        if self._monitors:
            pid = process.pid
            groups: dict[Any, list[Pid]] = {}
            for entry in entries:
                groups.setdefault(entry.key, []).append(pid)
            for group, pids in groups.items():
                self.tell(Left, group, tuple(pids))


class Groups(Scope[_Memberships]):
    """Names a scope of process groups, which every node has for itself. Immutable; a constant of a module.

    Groups are named by any immutable value. Where a member is given: `self`, or a pid of any process.
    """

    __slots__ = ()
    kind = "group"

    def _new(self) -> _Memberships:
        return _Memberships()

    @in_node
    def join(self, member: Member, group: Any) -> None:
        """Put a process into a group, once more if it is in it.

        Raises:
            TypeError: the group's name can change.
            NoProcess: the process has ended.
            NodeError: the node lives in another thread.
        """
        check_key("group's name", group)
        process = process_of(member)
        table = self._table(member)
        table.add(process, group)
        table.tell(Joined, group, (process.pid,))

    @in_node
    def leave(self, member: Member, group: Any) -> bool:
        """Undo one `join`. Whether the process was in the group. Raises as `join`."""
        process = process_of(member)
        table = self._table(member)
        for entry in table.of(process, group)[-1:]:
            table.remove(entry)
            table.tell(Left, group, (process.pid,))
            return True
        return False

    @in_node
    def get_members(self, where: Where, group: Any) -> list[Pid]:
        """The members of a group, one that has joined twice twice; oldest first. From any thread."""
        return [entry.process.pid for entry in self._table(where).under(group)]

    @in_node
    def which_groups(self, where: Where) -> list[Any]:
        """The groups that have members, oldest first. From any thread."""
        return self._table(where).keys()

    @in_node
    def monitor(self, watcher: Member, group: Any) -> tuple[Ref, list[Pid]]:
        """Have joins and leaves sent to `watcher`, as `Joined` and `Left`; and who is a member now. Nothing is missed in between.

        Raises as `join`.
        """
        check_key("group's name", group)
        process = process_of(watcher)
        return self._table(watcher).monitor(process, group), self.get_members(watcher, group)

    @in_node
    def monitor_scope(self, watcher: Member) -> tuple[Ref, dict[Any, list[Pid]]]:
        """As `monitor`, for all groups of the scope."""
        process = process_of(watcher)
        members = {group: self.get_members(watcher, group) for group in self.which_groups(watcher)}
        return self._table(watcher).monitor(process, _EVERY), members

    @in_node
    def demonitor(self, watcher: Member, ref: Ref) -> bool:
        """Undo `monitor`; what has already come is taken out of the mailbox. Whether there was such a monitor."""
        process = process_of(watcher)
        known = self._table(watcher).demonitor(process, ref)
        mailbox = process.mailbox or ()
        stale = [index for index, entry in enumerate(mailbox) if _is_of(entry[1], ref)]
        for index in reversed(stale):
            del process.mailbox[index]  # type: ignore[union-attr]  # pyright: ignore[reportOptionalSubscript]
            process.taken_out(index)
        return known

    @in_node
    @open_to_switches
    def broadcast(self, where: Where, group: Any, message: object, but: Member | None = None) -> int:
        """Send `message` to the members of a group, once for each membership; to how many. From any thread.

        Args:
            where: the node: `self`, a pid or the node itself.
            group: whose members.
            message: for `handle_info` or `receive`.
            but: who does not get it. Optional. Defaults to nobody.

        Raises:
            NotSendable: the message holds what cannot be shared.
        """
        message = share(message)
        return send_all(node_of(where).scheduler, but_for(self._table(where).under(group), but), message)


def _is_of(message: Any, ref: Ref) -> bool:
    return (type(message) is Joined or type(message) is Left) and message.ref == ref


ATOMS.add(Groups)
