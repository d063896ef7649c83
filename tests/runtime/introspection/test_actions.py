"""What an operator changes: kill, suspend, resume, send."""

from __future__ import annotations

import threading

import pytest

from runtime import ChildSpec, Server, Supervisor
from runtime.introspection.posting import on_loop
from runtime.port.contract import (
    AuditQuery,
    Code,
    Failure,
    History,
    Kill,
    NodeQuery,
    Resume,
    Role,
    Send,
    State,
    Suspend,
)
from tests.runtime.introspection.behaviours import Account, Redacting, Stuck, Worker, bank
from tests.support.eventually import eventually_sync


class Trapping(Server):
    trap_exits = True

    def init(self):
        return ()

    def handle_info(self, message, state):
        return (*state, message)


@pytest.fixture
def node(live):
    return live(bank())


def refused(node, request, match):
    with pytest.raises(Failure, match=match) as failure:
        node.ask(request)
    return failure.value.code


# --- kill -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["<0.{}.0>", "0.{}.0", "{}", " {} "])
def test_a_process_is_killed_by_any_form_of_its_pid(node, how):
    pid = node.node.whereis("desk-1")
    done = node.ask(Kill(process=how.format(pid.number)))
    assert (done.pid, done.text) == (str(pid), "desk-1 was ended: kill")
    assert not pid.alive


def test_a_killed_child_is_restarted_and_the_history_says_by_whom(node):
    node.ask(Kill(process="desk-1"), key="ann")
    entry = eventually_sync(lambda: next((e for e in node.ask(History()).entries if e.new_pid), None))
    assert (entry.child, entry.reason, entry.by) == ("desk-1", "killed", "key ann")


def test_a_reason_of_ones_own_ends_it_too(node):
    node.ask(Kill(process="desk-1", reason="tired"))
    assert node.ask(History()).entries[0].reason == "tired"


def test_a_process_that_traps_exits_is_told(live):
    node = live(Supervisor([ChildSpec("cautious", Trapping)], name="top"))
    assert (
        node.ask(Kill(process="cautious", reason="please")).text
        == "cautious traps exits, and has been told: please"
    )
    eventually_sync(lambda: node.ask(State(process="cautious")).value)
    assert node.ask(State(process="cautious")).value == [{"$type": "Exit", "pid": None, "reason": "please"}]
    node.ask(Kill(process="cautious"))
    eventually_sync(lambda: node.row("cautious").restarts == 1)


def test_normal_does_nothing_and_is_refused(node):
    assert refused(node, Kill(process="alice", reason="normal"), "`normal` does nothing") is Code.REFUSED


@pytest.mark.parametrize("action", [Kill, Suspend])
def test_the_root_is_spared(node, action):
    assert refused(node, action(process="1"), "root supervisor is the node itself") is Code.REFUSED


@pytest.mark.parametrize(
    ("name", "words"),
    [("nobody", "no process is named 'nobody'"), ("99999", "<0.99999.0> is not alive"), ("", "no process is named ''"),
     ("9" * 30, "no process is named")],
)  # fmt: skip
@pytest.mark.parametrize("action", [Kill, Suspend, Resume])
def test_who_is_not_there_cannot_be_changed(node, action, name, words):
    assert refused(node, action(process=name), words) in {Code.NO_PROCESS, Code.REFUSED}


def test_a_child_that_is_not_running_is_told_by_its_name(live):
    node = live(Supervisor([ChildSpec("once", Worker, restart="temporary")], name="top"))
    pid = node.node.whereis("once")
    node.ask(Kill(process="once"))
    assert refused(node, Kill(process="once"), rf"{pid} \(once\) has ended: killed$") is Code.NO_PROCESS


def test_of_who_has_ended_the_successor_is_named(node):
    pid = node.node.whereis("desk-1")
    node.do(node.node.named("desk-1").cast, "crash")
    eventually_sync(lambda: node.node.whereis("desk-1") not in {pid, None})
    with pytest.raises(Failure) as failure:
        node.ask(Kill(process=str(pid)))
    assert failure.value.message == (
        f"{pid} (desk-1) has ended: ValueError; its successor is {node.node.whereis('desk-1')}"
    )


# --- suspend and resume -----------------------------------------------------------------------------


def test_a_suspended_process_handles_nothing_until_it_is_resumed(node):
    assert node.ask(Suspend(process="alice")).text == "alice is suspended"
    node.do(lambda: [node.node.named("alice").cast(n) for n in range(3)])
    row = node.row("alice")
    assert (row.status, row.mailbox) == ("suspended", 3)
    assert refused(node, Suspend(process="alice"), "alice is already suspended") is Code.REFUSED
    assert node.ask(Resume(process="alice")).text == "alice goes on, with 3 messages waiting"
    eventually_sync(lambda: node.row("alice").mailbox == 0)
    assert refused(node, Resume(process="alice"), "alice is not suspended") is Code.REFUSED


# --- send -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [None, 5, 1.5, "text", True, [1, [2]], {"a": 1}])
def test_a_plain_value_is_sent_as_it_is(node, message):
    node.ask(Send(process="alice", message=message, kind="cast"))
    eventually_sync(lambda: "last" in node.ask(State(process="alice")).value)
    assert node.ask(State(process="alice")).value["last"] == message


def test_an_accepted_message_is_made_and_validated(node):
    done = node.ask(
        Send(process="alice", message={"type": "Deposit", "amount": 5, "tags": ["a"]}, kind="call")
    )
    assert (done.reply, done.text) == (5, "alice answered")
    node.ask(Send(process="alice", message={"type": "Transfer", "to": "bob", "amount": 5}))
    eventually_sync(lambda: "info" in node.ask(State(process="alice")).value)
    state = node.ask(State(process="alice")).value
    assert state["info"] == {"$type": "Transfer", "to": "bob", "amount": 5}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "Withdraw"}, "alice accepts no message of type 'Withdraw'; it accepts: Deposit, Transfer"),
        ({"type": 5}, "accepts no message of type '5'"),
        ({"type": "os.system"}, "accepts no message"),
        (
            {"type": "Deposit", "amount": "much"},
            "Deposit: amount: Input should be a valid integer.*got 'much'",
        ),
        ({"type": "Deposit"}, "Deposit: amount: .*required"),
        ({"type": "Deposit", "amount": 5, "colour": 1}, "Deposit has no field colour; it has: amount, tags"),
        ({"type": "Deposit", "amount": 13}, "an unlucky amount"),
        ({"type": "Deposit", "amount": 14}, "Deposit refused this: KeyError"),
        ({"type": "Transfer", "to": "x", "amount": 0}, "Transfer: amount: .*greater than 0"),
        ({"type": "Transfer", "to": "x", "amount": 1, "b": 1}, "Transfer has no field b; it has: to, amount"),
    ],
)
@pytest.mark.parametrize("kind", ["info", "cast", "call"])
def test_what_a_behaviour_does_not_accept_is_refused(node, message, words, kind):
    assert refused(node, Send(process="alice", message=message, kind=kind), words) is Code.BAD_REQUEST
    assert node.row("alice").reductions == 1


def test_a_class_that_is_no_data_cannot_be_made(node):
    message = {"type": "Unmakeable"}
    assert refused(node, Send(process="alice", message=message), "cannot be made from JSON") is Code.REFUSED


def test_a_behaviour_that_accepts_nothing_says_how_it_would(node):
    request = Send(process="desk-1", message={"type": "Deposit"})
    assert (
        refused(node, request, r"it accepts: none; its class would declare them: accepts = \(…\)")
        is Code.BAD_REQUEST
    )


def test_a_call_that_is_not_answered_in_time(node):
    request = Send(process="alice", message="later", kind="call", deadline_s=0.1)
    assert refused(node, request, "alice|<0.*has not answered within 0.1 s") is Code.TIMEOUT


def test_a_call_that_crashes_its_process(node):
    request = Send(process="alice", message="nonsense", kind="call")
    assert refused(node, request, "ended before it answered: ValueError") is Code.REFUSED


def test_a_reply_is_redacted(node, live):
    assert node.ask(Send(process="alice", message="password", kind="call")).reply == {
        "password": {"$redacted": True}
    }
    shy = live(Supervisor([ChildSpec("shy", Redacting, "x")], name="top"))
    assert shy.ask(Send(process="shy", message={"a": 1}, kind="call")).reply == "redacted"


# --- audit ------------------------------------------------------------------------------------------


def test_every_action_is_recorded_with_its_key_its_target_and_its_outcome(node):
    node.ask(Suspend(process="alice"), key="ann", role=Role.OPERATOR)
    with pytest.raises(Failure):
        node.ask(Kill(process="nobody", reason="why"), key="bob")
    node.ask(Send(process="bob", message={"type": "Deposit", "amount": 5}, kind="cast"), key="ann")
    node.ask(NodeQuery())
    entries = node.ask(AuditQuery()).entries
    assert [(e.key, e.action, e.target, e.detail) for e in entries] == [
        ("ann", "send", "bob", "cast Deposit"), ("bob", "kill", "nobody", "why"), ("ann", "suspend", "alice", ""),
    ]  # fmt: skip
    assert entries[0].outcome == entries[2].outcome == "ok"
    assert entries[1].outcome.startswith("no process is named")
    assert (entries[2].role, entries[2].peer) == (Role.OPERATOR, "test")
    assert len(node.ask(AuditQuery(limit=1)).entries) == 1


def test_the_values_of_a_message_that_was_refused_are_not_recorded(node):
    request = Send(process="alice", message={"type": "Deposit", "amount": "hunter2"})
    with pytest.raises(Failure, match="hunter2"):
        node.ask(request)
    entry = node.ask(AuditQuery()).entries[0]
    assert (entry.detail, entry.outcome) == ("info Deposit", "bad_request")


def test_an_action_that_fails_by_a_bug_is_recorded_too(node, monkeypatch):
    monkeypatch.setattr("runtime.introspection.actions.kill", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        node.introspection(
            Kill(process="alice"), type("Who", (), {"key": "ann", "role": Role.ADMIN, "peer": "x"})
        )
    assert node.ask(AuditQuery()).entries[0].outcome == "failed: ZeroDivisionError"


# --- posting ----------------------------------------------------------------------------------------


def test_work_runs_on_the_loop_and_its_errors_come_back(node):
    assert on_loop(node.node, threading.get_ident, 5) == node.thread.ident
    assert node.do(lambda: on_loop(node.node, threading.get_ident, 5)) == node.thread.ident
    with pytest.raises(KeyError):
        on_loop(node.node, lambda: {}["x"], 5)
    with pytest.raises(SystemExit):
        on_loop(node.node, lambda: (_ for _ in ()).throw(SystemExit()), 5)
    with pytest.raises(TimeoutError, match="mine"):
        on_loop(node.node, lambda: (_ for _ in ()).throw(TimeoutError("mine")), 5)


def test_processes_of_every_kind_can_be_killed(live):
    node = live(
        Supervisor(
            [ChildSpec("stuck", Stuck), ChildSpec("w", Worker), ChildSpec("a", Account, "x")], name="top"
        )
    )
    node.do(node.node.named("stuck").cast, "await")
    eventually_sync(lambda: node.row("stuck").status == "awaiting")
    for name in ("stuck", "w", "a", "top"):
        pid = node.node.whereis(name)
        node.ask(Kill(process=name))
        assert not pid.alive
