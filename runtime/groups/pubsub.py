"""Publish and subscribe (after Phoenix.PubSub).

    NEWS = PubSub("news")

    NEWS.subscribe(self, "weather")                    its messages come as sent, to `handle_info` or `receive`
    NEWS.broadcast(self, "weather", Storm(9))          to every subscriber, 2
    NEWS.broadcast(self, "weather", Storm(9), but=self)     … but to oneself

A message that nobody can change is checked once and copied never, however many get it. Who subscribes twice gets it twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..messages import ATOMS, share
from ..pid import Pid
from ..preemption.guards import open_to_switches
from ..registry.entries import Entries
from ..registry.fanout import but_for, send_all
from ..registry.reach import in_node
from ..registry.scope import Scope, check_key, node_of, process_of

if TYPE_CHECKING:
    from ..registry.scope import Member, Where

__all__ = ["PubSub"]


class PubSub(Scope[Entries]):
    """Names a space of topics, which every node has for itself. Immutable; a constant of a module.

    Topics are any immutable values.
    """

    __slots__ = ()
    kind = "topic"

    def _new(self) -> Entries:
        return Entries()

    @in_node
    def subscribe(self, process: Member, topic: Any) -> None:
        """Have the messages of a topic sent to a process, until it ends.

        Raises:
            TypeError: the topic can change.
            NoProcess: the process has ended.
            NodeError: the node lives in another thread.
        """
        check_key("topic", topic)
        self._table(process).add(process_of(process), topic)

    @in_node
    def unsubscribe(self, process: Member, topic: Any) -> bool:
        """Undo every `subscribe` of a process to a topic. Whether there was one. What has been sent still arrives."""
        table = self._table(process)
        entries = table.of(process_of(process), topic)
        for entry in entries:
            table.remove(entry)
        return bool(entries)

    @in_node
    def subscribers(self, where: Where, topic: Any) -> list[Pid]:
        """Who has subscribed to a topic, oldest first. From any thread."""
        return [entry.process.pid for entry in self._table(where).under(topic)]

    @in_node
    def topics(self, where: Where) -> list[Any]:
        """The topics that have subscribers, oldest first. From any thread."""
        return self._table(where).keys()

    @in_node
    @open_to_switches
    def broadcast(self, where: Where, topic: Any, message: object, but: Member | None = None) -> int:
        """Send `message` to every subscriber of a topic; to how many. From any thread.

        Args:
            where: the node: `self`, a pid or the node itself.
            topic: whose subscribers.
            message: for `handle_info` or `receive`.
            but: who does not get it; usually `self`. Optional. Defaults to nobody.

        Raises:
            NotSendable: the message holds what cannot be shared.
        """
        message = share(message)
        return send_all(node_of(where).scheduler, but_for(self._table(where).under(topic), but), message)


ATOMS.add(PubSub)
