"""Who is found where, as an observer sees it: bounded, without values, and without code of the keys' classes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from runtime import ChildSpec, Groups, Presence, PubSub, Registry, Server
from runtime.port.contract import Code, Failure, Feed, Info, RegistryQuery, Send
from tests.support.eventually import eventually_sync

ROOMS = Registry("rooms")
WORKERS = Groups("workers")
NEWS = PubSub("news")
ONLINE = Presence("online")


class Full(Server):
    accepts = ()
    mailbox_limit = 2

    def init(self):
        return 0

    def handle_cast(self, message, state):
        return state + 1


class Quiet(Server):
    def init(self):
        return 0


@pytest.fixture
def node(live):
    return live(ChildSpec("full", Full), ChildSpec("bob", Quiet))


def settle(node):
    """The two are found in four ways."""

    def work():
        full, bob = node.node.whereis("full"), node.node.whereis("bob")
        ROOMS.register(full, ("lobby", 1), {"password": "hunter2"})
        WORKERS.join(full, "tellers")
        WORKERS.join(bob, "tellers")
        NEWS.subscribe(bob, "weather")
        ONLINE.track(bob, "hall", "bob", "a secret")

    node.do(work)


def found(answer):
    return [(entry.kind, entry.scope, entry.key, entry.process.name) for entry in answer.entries]


def test_every_entry_is_shown_with_its_kind_scope_key_and_process_and_no_value(node):
    settle(node)
    answer = node.ask(RegistryQuery())
    assert found(answer) == [
        ("key", "rooms", "('lobby', 1)", "full"),
        ("group", "workers", "tellers", "full"),
        ("group", "workers", "tellers", "bob"),
        ("topic", "news", "weather", "bob"),
        ("presence", "online", "bob in hall", "bob"),
    ]
    assert answer.total == 5
    assert [(table.kind, table.scope, table.entries) for table in answer.tables] == [
        ("key", "rooms", 1),
        ("group", "workers", 2),
        ("topic", "news", 1),
        ("presence", "online", 1),
    ]
    assert "hunter2" not in answer.model_dump_json()
    assert "secret" not in answer.model_dump_json()


def test_the_entries_of_one_process_or_one_scope_are_asked_for(node):
    settle(node)
    assert {entry.process.name for entry in node.ask(RegistryQuery(process="bob")).entries} == {"bob"}
    assert node.ask(RegistryQuery(process="bob")).total == 3
    assert [kind for kind, *_ in found(node.ask(RegistryQuery(scope="workers")))] == ["group", "group"]
    assert node.ask(RegistryQuery(scope="nothing")).total == 0
    with pytest.raises(Failure):
        node.ask(RegistryQuery(process="nobody"))


def test_an_answer_has_no_more_entries_than_asked_for(node):
    settle(node)
    answer = node.ask(RegistryQuery(limit=2))
    assert (len(answer.entries), answer.total) == (2, 5)
    assert node.ask(RegistryQuery(limit=0)).entries == []


def test_a_process_says_what_it_is_registered_as_100_entries_at_most(node):
    settle(node)
    info = node.ask(Info(process="bob"))
    assert [entry.kind for entry in info.entries] == ["group", "topic", "presence"]
    assert info.more_entries == 0

    def more():
        for number in range(120):
            WORKERS.join(node.node.whereis("bob"), number)

    node.do(more)
    info = node.ask(Info(process="bob"))
    assert (len(info.entries), info.more_entries) == (100, 23)


def test_a_keys_own_repr_is_not_run(node):
    def work():
        ROOMS.register(node.node.whereis("bob"), Loud("x"))

    node.do(work)
    (entry,) = node.ask(RegistryQuery()).entries
    assert entry.key == "<Loud>"


@dataclass(frozen=True)
class Loud:
    text: str

    def __repr__(self):
        raise RuntimeError("boom")

    __str__ = __repr__


def test_a_process_says_what_its_mailbox_may_hold_and_what_was_too_much(node):
    assert node.ask(Info(process="bob")).bound is None

    def work():
        pid = node.node.whereis("full")
        pid._process.pause()
        for number in range(2):
            pid.cast(number)

    node.do(work)
    bound = node.ask(Info(process="full")).bound
    assert (bound.limit, bound.policy, bound.refused) == (2, "refuse", 0)
    with pytest.raises(Failure, match="is full") as failure:
        node.ask(Send(process="full", message=1, kind="cast"))
    assert failure.value.code is Code.REFUSED
    assert node.ask(Info(process="full")).bound.refused == 1
    events = eventually_sync(lambda: [event for event in node.ask(Feed()).events if event.kind == "overflow"])
    assert [(event.name, event.text) for event in events] == [("full", "mailbox full at 2: refuse")]
