"""The kinds of events: what each is, to which groups it belongs, and what its values are called.

    KINDS["handled"].values  ->  ("message", "before", "state", "reply")     labels, in the order of `Event`'s values
    GROUPS["messages"]       ->  {"send", "receive", "call", "reply", "timer"}

An event holds its values as a tuple, since a mapping for each message would cost more than the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["GROUPS", "KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event.

    Attributes:
        group: under which name a pattern asks for it and its like.
        says: what has happened, for people.
        values: labels of its values.
        peer: who the other process is; empty where there is none.
    """

    group: str
    says: str
    values: tuple[str, ...] = ()
    peer: str = ""


KINDS: Final[dict[str, Kind]] = {
    "send": Kind("messages", "a message leaves", ("message",), "receiver"),
    "receive": Kind("messages", "a message is taken from the mailbox", ("message",), "sender"),
    "call": Kind("messages", "a call leaves", ("message",), "callee"),
    "reply": Kind("messages", "a call is answered", ("reply",), "caller"),
    "timer": Kind("messages", "a timer has fired", ("message",), "receiver"),
    "handle": Kind("handlers", "a handler begins", ("message", "state"), "sender"),
    "handled": Kind("handlers", "a handler has returned", ("message", "before", "state", "reply"), "sender"),
    "raised": Kind("handlers", "a handler has raised", ("message", "state", "reason"), "sender"),
    "parked": Kind("handlers", "a step has used up its slice"),
    "state": Kind("states", "a state has become another", ("before", "state")),
    "spawn": Kind("lifecycle", "a process is made", ("arguments",), "parent"),
    "started": Kind("lifecycle", "its init is over"),
    "ended": Kind("lifecycle", "a process has ended", ("reason",)),
    "crash": Kind("lifecycle", "a process has crashed", ("reason",)),
    "restarted": Kind("lifecycle", "a child runs again"),
    "gave_up": Kind("lifecycle", "a supervisor has reached its maximum restart intensity"),
    "suspended": Kind("lifecycle", "an operator has suspended it"),
    "resumed": Kind("lifecycle", "an operator has resumed it"),
    "zombie": Kind("lifecycle", "its code does not end"),
    "overflow": Kind("lifecycle", "a bounded mailbox is full"),
    "node_started": Kind("lifecycle", "the node has started"),
    "link": Kind("relations", "two processes are linked", (), "linked"),
    "unlink": Kind("relations", "a link is gone", (), "linked"),
    "monitor": Kind("relations", "one watches another", (), "watched"),
    "demonitor": Kind("relations", "one watches no more", (), "watched"),
    "register": Kind("relations", "a process gets a name"),
    "unregister": Kind("relations", "a process loses a name"),
    "code_changed": Kind("code", "newer code is in place", ("before", "state")),
    "function_call": Kind("functions", "a function is called", ("arguments",)),
    "function_return": Kind("functions", "a function has returned", ("arguments", "result")),
    "function_raise": Kind("functions", "a function has raised", ("arguments", "reason")),
    "span_start": Kind("spans", "a span of the user's begins", ("attributes",)),
    "span_end": Kind("spans", "a span of the user's is over", ("attributes",)),
    "count": Kind("counters", "a counter has risen", ("amount",)),
    "operator": Kind("operators", "an operator has acted", ("detail",)),
}  # fmt: skip
"""Every kind. Those of `functions` are asked for by the name of a function, and not by a group."""


def _groups() -> dict[str, frozenset[str]]:
    names = {kind.group for kind in KINDS.values()} - {"functions"}
    groups = {name: frozenset(kind for kind, about in KINDS.items() if about.group == name) for name in names}
    groups["events"] = frozenset().union(*groups.values())
    return groups


GROUPS: Final[dict[str, frozenset[str]]] = _groups()
"""Kinds by the name of their group; `events` is all of them but the functions."""
