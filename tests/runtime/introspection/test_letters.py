"""What waits in a mailbox: grouped; one message dropped or put last, and no other."""

import asyncio

import pytest

from runtime import ChildSpec, MessageDropped, Supervisor, exits
from runtime.introspection import letters
from runtime.port.contract import (
    AuditQuery,
    Code,
    Drop,
    Failure,
    Mailbox,
    ProcessEvents,
    Requeue,
    Resume,
    Role,
    State,
    Suspend,
)
from tests.runtime.introspection.behaviours import Account, Deposit, bank
from tests.support.eventually import eventually_sync
from tests.support.isolated import Cell, coroutine


@pytest.fixture
def node(live):
    """A bank; alice is suspended, and three messages wait for her."""
    node = live(bank())
    node.ask(Suspend(process="alice"))
    for message in (Deposit(1), "hello", Deposit(2)):
        node.do(node.node.named("alice").cast, message)
    return node


def waiting(node, name="alice", **options):
    return node.ask(Mailbox(process=name, **options))


def noted(node, name):
    """What is kept of its last two events, up to the colon."""
    return [event.text.split(":")[0] for event in node.ask(ProcessEvents(process=name)).events[-2:]]


def refused(node, request, match):
    with pytest.raises(Failure, match=match) as failure:
        node.ask(request)
    return failure.value.code


def test_a_message_is_dropped_by_its_id(node):
    hello = waiting(node).letters[1]
    done = node.ask(Drop(process="alice", message=hello.id))
    assert done.text == "dropped: cast str of alice"
    assert [letter.type for letter in waiting(node).letters] == ["Deposit", "Deposit"]
    node.ask(Resume(process="alice"))
    assert node.ask(State(process="alice")).value["last"]["amount"] == 2


def test_a_message_is_put_last_by_its_id(node):
    before = waiting(node).letters
    done = node.ask(Requeue(process="alice", message=before[0].id))
    assert done.text == "put behind all others: cast Deposit of alice"
    after = waiting(node).letters
    assert [letter.id for letter in after] == [before[index].id for index in (1, 2, 0)]
    assert after[2].age_s >= before[0].age_s


def test_ids_are_those_of_one_message_as_long_as_it_waits(node):
    first, again = waiting(node), waiting(node)
    ids = [letter.id for letter in first.letters]
    assert len(set(ids)) == 3
    assert ids == [letter.id for letter in again.letters]


@pytest.mark.parametrize("request_", [Drop, Requeue])
def test_a_message_that_does_not_wait_any_more_is_refused_and_nothing_is_touched(node, request_):
    gone = waiting(node).letters[0].id
    node.ask(Drop(process="alice", message=gone))
    match = rf"no message {gone} waits for alice: it was handled or moved, or never was; `observer mailbox '<0\.\d+\.0>'`"
    assert refused(node, request_(process="alice", message=gone), match) is Code.REFUSED
    assert waiting(node).total == 2


def test_a_message_that_is_handled_between_two_looks_is_refused(node, monkeypatch):
    alice = node.node.whereis("alice")._process
    found = waiting(node).letters[0].id

    def handled_first(node_, work, deadline_s):
        alice.mailbox.popleft()
        return work()

    monkeypatch.setattr(letters, "on_loop", handled_first)
    assert refused(node, Drop(process="alice", message=found), "it was handled") is Code.REFUSED
    assert waiting(node).total == 2


def test_the_runtimes_own_messages_are_refused(live):
    node = live(ChildSpec("alice", Account, "alice"), ChildSpec("bob", Account, "bob"))
    alice, bob = (node.node.whereis(name)._process for name in ("alice", "bob"))
    node.ask(Suspend(process="alice"))
    node.do(exits.monitor, alice, bob)
    node.do(exits.signal, bob, "kill", None)
    (down,) = eventually_sync(lambda: waiting(node).letters)
    match = "info Down is the runtime's own message to alice; it stays"
    for request in (Drop, Requeue):
        assert refused(node, request(process="alice", message=down.id), match) is Code.REFUSED


def test_who_did_it_is_recorded_without_the_message(node):
    hello = waiting(node).letters[1].id
    node.ask(Drop(process="alice", message=hello), key="ann")
    (entry,) = [entry for entry in node.ask(AuditQuery()).entries if entry.action == "drop"]
    assert (entry.key, entry.target, entry.detail, entry.outcome) == (
        "ann",
        "alice",
        f"message {hello}",
        "ok",
    )
    assert any("dropped: cast str" in event.text for event in node.ask(ProcessEvents(process="alice")).events)


def test_a_viewer_may_do_neither():
    assert {Drop.role, Requeue.role} == {Role.OPERATOR}


def test_messages_are_counted_by_kind_sender_and_type(node):
    assert waiting(node).groups == []
    node.do(node.node.named("alice").send, Deposit(3))
    groups = waiting(node, groups=True, limit=1).groups
    assert [(group.kind, group.sender, group.type, group.count) for group in groups] == [
        ("cast", None, "Deposit", 2), ("cast", None, "str", 1), ("info", None, "Deposit", 1),
    ]  # fmt: skip
    assert groups[0].oldest_s >= groups[0].newest_s >= groups[2].oldest_s


def test_of_a_very_long_mailbox_the_oldest_are_counted_and_it_says_so(node, monkeypatch):
    monkeypatch.setattr(letters, "COUNTED", 2)
    contents = waiting(node, groups=True)
    assert [(group.type, group.count) for group in contents.groups] == [("Deposit", 1), ("str", 1)]
    assert contents.note == "only the oldest 2 are counted"


def test_what_waits_in_another_os_process_is_dropped_put_last_and_counted_there(live):
    node = live(Supervisor([ChildSpec("picker", coroutine, isolated=True)], name="top"))
    picker = node.node.named("picker")
    for _ in range(3):
        node.do(picker.send, "later")
    eventually_sync(lambda: waiting(node, "picker").total == 3)
    one, two, three = (letter.id for letter in waiting(node, "picker").letters)
    assert node.ask(Requeue(process="picker", message=one)).text.startswith("put behind all others: info str")
    assert node.ask(Drop(process="picker", message=two)).text.startswith("dropped: info str")
    assert [letter.id for letter in waiting(node, "picker").letters] == [three, one]
    eventually_sync(lambda: noted(node, "picker") == ["put behind all others", "dropped"])
    node.ask(Suspend(process="picker"))
    node.do(picker.send, "four")
    (group,) = waiting(node, "picker", groups=True).groups
    assert group.count == 3
    here = waiting(node, "picker").letters[2]
    assert here.value == "four"
    node.ask(Drop(process="picker", message=here.id))
    assert refused(node, Drop(process="picker", message=here.id), "no message .* waits") is Code.REFUSED
    assert [letter.id for letter in waiting(node, "picker").letters] == [three, one]


def test_who_has_called_an_isolated_process_is_told_that_the_call_was_dropped(live):
    node = live(ChildSpec("cell", Cell, "first", isolated=True))
    node.ask(Suspend(process="cell"))
    call = asyncio.run_coroutine_threadsafe(node.node.named("cell").call("state"), node.loop)
    (letter,) = eventually_sync(lambda: waiting(node, "cell").letters)
    node.ask(Drop(process="cell", message=letter.id))
    with pytest.raises(MessageDropped):
        call.result(5)


def test_what_an_isolated_server_was_given_is_not_said_to_stand_behind_what_waits_in_the_node(live):
    node = live(ChildSpec("cell", Cell, isolated=True))
    cell = node.node.named("cell")
    asyncio.run_coroutine_threadsafe(cell.call(("send_after", 0, "a long nap")), node.loop).result(5)
    eventually_sync(lambda: node.node.whereis("cell")._process.more().doing == "asleep")
    for message in ("given", "here"):
        node.do(cell.cast, message)
    letters_ = eventually_sync(lambda: len(found := waiting(node, "cell").letters) == 2 and found)
    done = node.ask(Requeue(process="cell", message=letters_[0].id))
    assert [letter.value for letter in waiting(node, "cell").letters] == ["given", "here"]
    assert done.notes == [
        "behind what waits in its OS process, where it stays; 1 that waits in the node comes after it"
    ]
    assert node.ask(Drop(process="cell", message=letters_[0].id)).notes == []
