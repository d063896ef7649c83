"""Presence: who is where, with what (after Phoenix.Presence).

    ONLINE = Presence("online")

    ONLINE.track(self, "room 1", "alice", Meta("phone"))     as long as this process lives, or until `untrack`
    ONLINE.list(node, "room 1")                              {"alice": [Meta("phone"), Meta("laptop")]}
    ONLINE.subscribe(self, "room 1")
      PresenceDiff("room 1", joins=(("alice", …),), leaves=())   into the mailbox, from now on

A key is there while at least one process tracks it: a user with three connections has three metas. Each change is one
diff; an update leaves with the old meta and joins with the new one. The end of a process is one diff for each topic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ObserverError, describe
from ..messages import ATOMS
from ..preemption.guards import boundary
from ..registry.entries import Entries, Entry
from ..registry.fanout import tell
from ..registry.reach import in_node
from ..registry.scope import Scope, check_constant, check_key, process_of

if TYPE_CHECKING:
    from ..process import Process
    from ..registry.scope import Member, Where

__all__ = ["AlreadyTracked", "Presence", "PresenceDiff"]

Changes = tuple[tuple[Any, Any], ...]
Metas = list[Any]


class AlreadyTracked(ObserverError):  # noqa: N818 - the reason's name in Phoenix is `already_tracked`
    """Raised when a process tracks a key in a topic that it tracks there already; `update` changes its meta."""

    def __init__(self, pid: object, topic: Any, key: Any) -> None:
        super().__init__(
            f"{pid} tracks {describe(key)} in {describe(topic)} already; use update(…) to change its meta"
        )
        self.pid = pid


@dataclass(frozen=True, slots=True)
class PresenceDiff:
    """Who has come and gone in a topic: keys with metas. For subscribers."""

    topic: Any
    joins: Changes
    leaves: Changes


class _Present(Entries):
    """Who is present in one node: entries under topics, whose values are pairs of key and meta; and subscribers."""

    def __init__(self) -> None:
        super().__init__()
        self.subscribers = Entries()

    def tell(self, topic: Any, joins: Changes, leaves: Changes) -> None:
        """Send a diff to the subscribers of a topic."""
        listeners = self.subscribers.under(topic)
        if listeners:
            tell((entry.process for entry in listeners), PresenceDiff(topic, joins, leaves))

    def find(self, process: Process, topic: Any, key: Any) -> Entry | None:
        """What `process` tracks as `key` in a topic."""
        return next((entry for entry in self.of(process, topic) if entry.value[0] == key), None)

    def release(self, process: Process) -> None:
        """A process ends: it hears of nobody any more, and is nowhere."""
        self.subscribers.release(process)
        super().release(process)

    def dropped(self, process: Process, entries: list[Entry]) -> None:
        """What it tracked is gone: one diff for each topic."""
        super().dropped(process, entries)
        topics: dict[Any, list[Any]] = {}
        for entry in entries:
            topics.setdefault(entry.key, []).append(entry.value)
        for topic, leaves in topics.items():
            self.tell(topic, (), tuple(leaves))


class Presence(Scope[_Present]):
    """Names a space of presence, which every node has for itself. Immutable; a constant of a module.

    Topics, keys and metas are immutable values. Where a process is given: `self`, or a pid of any process.
    """

    __slots__ = ()
    kind = "presence"

    def _new(self) -> _Present:
        return _Present()

    def words(self, entry: Entry) -> str:
        """Key and topic, without the meta."""
        return f"{describe(entry.value[0])} in {describe(entry.key)}"

    @in_node
    def track(self, process: Member, topic: Any, key: Any, meta: Any = None) -> None:
        """Say that `key` is present in a topic, with `meta`, for as long as the process lives.

        Raises:
            AlreadyTracked: the process tracks this key there; another one may.
            TypeError: topic, key or meta can change.
            NoProcess: the process has ended.
            NodeError: the node lives in another thread.
        """
        check_key("topic", topic)
        check_key("key", key)
        check_constant("meta", meta)
        tracker, table = process_of(process), self._table(process)
        if table.find(tracker, topic, key) is not None:
            raise AlreadyTracked(tracker.pid, topic, key)
        table.add(tracker, topic, (key, meta))
        table.tell(topic, ((key, meta),), ())

    @in_node
    def untrack(self, process: Member, topic: Any, key: Any) -> bool:
        """Undo `track`. Whether the process tracked this key there. Raises as `track`."""
        table = self._table(process)
        entry = table.find(process_of(process), topic, key)
        if entry is None:
            return False
        table.remove(entry)
        table.tell(topic, (), (entry.value,))
        return True

    @boundary
    def update(self, process: Member, topic: Any, key: Any, meta: Any | Callable[[Any], Any]) -> None:
        """Change the meta of a key: to a value, or to what a function makes of the present one.

        Raises:
            KeyError: the process does not track this key there.
            Otherwise as `track`.
        """
        if callable(meta):
            meta = meta(self._meta(process, topic, key))
        check_constant("meta", meta)
        self._put(process, topic, key, meta)

    @in_node
    def _meta(self, process: Member, topic: Any, key: Any) -> Any:
        return self._entry(process, topic, key).value[1]

    @in_node
    def _put(self, process: Member, topic: Any, key: Any, meta: Any) -> None:
        entry = self._entry(process, topic, key)
        old = entry.value
        entry.value = new = (old[0], meta)
        self._table(process).tell(topic, (new,), (old,))

    def _entry(self, process: Member, topic: Any, key: Any) -> Entry:
        entry = self._table(process).find(process_of(process), topic, key)
        if entry is None:
            raise KeyError(key)
        return entry

    @in_node
    def list(self, where: Where, topic: Any) -> dict[Any, Metas]:
        """Who is present in a topic: keys with their metas, oldest first. From any thread."""
        present: dict[Any, list[Any]] = {}
        for entry in self._table(where).under(topic):
            key, meta = entry.value
            present.setdefault(key, []).append(meta)
        return present

    @in_node
    def get_by_key(self, where: Where, topic: Any, key: Any) -> Metas:
        """The metas of one key; none if it is not present. From any thread."""
        return [entry.value[1] for entry in self._table(where).under(topic) if entry.value[0] == key]

    @in_node
    def subscribe(self, process: Member, topic: Any) -> None:
        """Have the diffs of a topic sent to a process; once, however often it asks.

        `list` in the same step says who is there before the first one: nothing is missed in between. Raises as `track`.
        """
        check_key("topic", topic)
        listener, subscribers = process_of(process), self._table(process).subscribers
        if not subscribers.of(listener, topic):
            subscribers.add(listener, topic)

    @in_node
    def unsubscribe(self, process: Member, topic: Any) -> bool:
        """Undo `subscribe`. Whether the process had subscribed. What has been sent still arrives."""
        subscribers = self._table(process).subscribers
        entries = subscribers.of(process_of(process), topic)
        for entry in entries:
            subscribers.remove(entry)
        return bool(entries)


ATOMS.add(Presence)
