"""From a command line to an exit code: what goes where, and how it ends."""

from __future__ import annotations

import json

import pytest

from runtime.port.client import Place
from runtime.port.contract import (
    Code,
    Done,
    Drop,
    Failure,
    Feed,
    Kill,
    NodeQuery,
    Ps,
    Requeue,
    Resume,
    Send,
    State,
    Suspend,
)
from tests.support.command_line import AT, CommandLine, node_info, page, row, value_of
from tui.commands import COMMANDS
from tui.commands.context import EXIT_CODES


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


DONE = Done(at=AT, pid="<0.42.0>", text="<0.42.0> done")


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        (Code.NO_PROCESS, 1),
        (Code.REFUSED, 1),
        (Code.INTERNAL, 1),
        (Code.BAD_REQUEST, 2),
        (Code.CANNOT_CONNECT, 3),
        (Code.DENIED, 4),
        (Code.TIMEOUT, 5),
        (Code.VERSION, 6),
    ],
)
def test_every_failure_has_its_exit_code_and_says_why_on_stderr_alone(bank, code, exit_code):
    bank.answer(Ps, Failure(code, "this is why"))
    result = bank.run("ps", "--json")
    assert (result.code, result.out, result.err) == (exit_code, "", "observer: this is why\n")


def test_no_failure_is_without_an_exit_code():
    assert set(EXIT_CODES) == set(Code)


def test_a_node_that_cannot_be_reached_ends_with_3(bank):
    bank.node.unreachable = Failure(Code.CANNOT_CONNECT, "nobody listens on 127.0.0.1:1")
    assert bank.run("node").code == 3


def test_the_connection_is_closed_whatever_the_answer(bank):
    bank.answer(Ps, page()).run("ps")
    bank.answer(Ps, Failure(Code.TIMEOUT, "late")).run("ps")
    assert bank.node.closed == 2


def test_ctrl_c_ends_with_130_and_no_traceback(bank):
    bank.answer(Ps, KeyboardInterrupt())
    result = bank.run("ps")
    assert (result.code, result.out, result.err) == (130, "", "")


def test_following_events_ends_with_130_at_ctrl_c(bank):
    bank.answer(Feed, KeyboardInterrupt())
    assert bank.run("events", "--follow").code == 130


def test_the_answer_is_on_stdout_and_what_is_said_about_it_on_stderr(bank):
    bank.answer(Ps, page(row(), total=100_003))
    result = bank.run("ps", "--json", "--limit", "1")
    assert json.loads(result.out)[0]["pid"] == "<0.42.0>"
    assert result.err == "1 of 100,003\n"


def test_the_node_is_the_one_named(bank):
    bank.answer(NodeQuery, node_info())
    bank.run("node", "--node", "127.0.0.1:18812")
    bank.run("node", "-n", "bank")
    assert bank.node.sought == ["127.0.0.1:18812", "bank"]


def test_without_a_name_it_is_the_one_of_the_environment_else_the_only_one(bank, monkeypatch):
    bank.answer(NodeQuery, node_info())
    bank.run("node")
    monkeypatch.setenv("OBSERVER_NODE", "crew")
    bank.run("node")
    bank.run("node", "--node", "bank")
    assert bank.node.sought == [None, "crew", "bank"]


def test_the_options_reach_the_connection(bank):
    bank.answer(NodeQuery, node_info())
    bank.run("node", "--key", "alice", "--ca", "ca.pem", "--fingerprint", "ab12", "--timeout", "2.5")
    assert bank.node.options == {"key": "alice", "ca": "ca.pem", "fingerprint": "ab12", "timeout": 2.5}
    assert set(bank.node.timeouts) == {2.5}


def test_an_action_leaves_the_node_time_to_say_why_it_is_late(bank):
    bank.answer(Kill, DONE).run("kill", "42", "--timeout", "3")
    assert bank.node.asked[0].deadline_s == 3
    assert bank.node.timeouts[0] > 3


def test_kill_sends_its_reason(bank):
    bank.answer(Kill, DONE)
    assert bank.run("kill", "alice").out == "<0.42.0> done\n"
    bank.run("kill", "<0.42.0>", "--reason", "shutdown")
    assert [(request.process, request.reason) for request in bank.node.asked] == [
        ("alice", "kill"),
        ("<0.42.0>", "shutdown"),
    ]


@pytest.mark.parametrize(("command", "request_type"), [("suspend", Suspend), ("resume", Resume)])
def test_suspend_and_resume_name_their_process(bank, command, request_type):
    result = bank.answer(request_type, DONE).run(command, "0.42.0", "--json")
    assert bank.node.asked[0].process == "0.42.0"
    assert json.loads(result.out)["pid"] == "<0.42.0>"


@pytest.mark.parametrize(("command", "request_type"), [("drop", Drop), ("requeue", Requeue)])
def test_drop_and_requeue_name_their_process_and_their_message(bank, command, request_type):
    result = bank.answer(request_type, DONE).run(command, "alice", "3fa9c07b", "--timeout", "2")
    (asked,) = bank.node.asked
    assert (asked.process, asked.message, asked.deadline_s) == ("alice", "3fa9c07b", 2)
    assert (result.code, result.out) == (0, "<0.42.0> done\n")


@pytest.mark.parametrize("command", ["drop", "requeue"])
def test_a_message_that_does_not_wait_any_more_ends_with_1(bank, command):
    request = {"drop": Drop, "requeue": Requeue}[command]
    result = bank.answer(request, Failure(Code.REFUSED, "no message 3fa9c07b waits for alice")).run(
        command, "alice", "3fa9c07b"
    )
    assert (result.code, result.out) == (1, "")
    assert "no message 3fa9c07b waits" in result.err


@pytest.mark.parametrize(("option", "kind"), [([], "info"), (["--cast"], "cast"), (["--call"], "call")])
def test_send_is_a_plain_message_unless_told_otherwise(bank, option, kind):
    bank.answer(Send, DONE).run("send", "alice", '{"type": "Deposit", "amount": 5}', *option)
    assert bank.node.asked[0].kind == kind
    assert bank.node.asked[0].message == {"type": "Deposit", "amount": 5}


def test_a_call_shows_its_reply_and_nothing_else_on_stdout(bank):
    bank.answer(Send, Done(at=AT, pid="<0.42.0>", text="called", reply={"$type": "Balance", "amount": 15}))
    result = bank.run("send", "alice", '"balance"', "--call")
    assert (result.out, result.err) == ("Balance(amount=15)\n", "called\n")


def test_a_message_can_come_from_stdin(bank, monkeypatch, tmp_path):
    file = tmp_path / "message.json"
    file.write_text("[1, 2]")
    with file.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        bank.answer(Send, DONE).run("send", "alice", "-")
    assert bank.node.asked[0].message == [1, 2]


def test_connect_without_a_terminal_names_the_command_that_needs_none(bank):
    result = bank.run("connect", "bank")
    assert result.code == 2
    assert "observer ps" in result.err
    assert bank.node.sought == []


def test_nodes_lists_what_runs_here(bank):
    bank.places = [
        Place(name="bank", pid=4711, socket="/run/bank.sock", started=AT),
        Place(name="crew", pid=4712),
    ]
    assert [place["name"] for place in json.loads(bank.run("nodes", "--json").out)] == ["bank", "crew"]
    assert "bank" in bank.run("nodes").out


def test_no_nodes_is_an_empty_answer_and_no_failure(bank):
    result = bank.run("nodes", "--json")
    assert (result.code, json.loads(result.out)) == (0, [])
    assert bank.run("nodes").err == "no node runs here; to try one: observer demo\n"


def test_help_names_every_command_and_every_exit_code(bank):
    result = bank.run("--help")
    assert result.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.out
    for code in range(7):
        assert f"\n  {code}   " in result.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_says_what_it_answers_with_an_example(bank, name):
    result = bank.run(name, "--help")
    assert result.code == 0
    assert f"\n  observer {name}" in result.out
    assert max(map(len, COMMANDS[name].load().HELP.splitlines())) <= 92


def test_no_command_at_all_shows_the_help_and_ends_with_2(bank):
    result = bank.run()
    assert (result.code, result.out) == (2, "")
    assert "exit codes:" in result.err


def test_the_version_is_told(bank):
    result = bank.run("--version")
    assert result.code == 0
    assert result.out.startswith("observer ")


def test_keys_are_added_listed_and_revoked(bank, monkeypatch, tmp_path):
    monkeypatch.setenv("OBSERVER_HOME", str(tmp_path / "home"))
    added = json.loads(bank.run("key", "add", "alice", "--role", "viewer", "--json").out)
    listed = json.loads(bank.run("key", "list", "--json").out)
    assert listed == [added]
    assert (added["name"], added["role"]) == ("alice", "viewer")
    secret = json.loads((tmp_path / "home/keys/alice").read_text())["secret"]
    for result in (bank.run("key", "list"), bank.run("key", "list", "--json")):
        assert secret not in result.out + result.err
    assert bank.run("key", "revoke", "alice").code == 0
    assert bank.run("key", "list").err.startswith("no keys;")


def test_a_key_that_exists_is_not_replaced(bank, monkeypatch, tmp_path):
    monkeypatch.setenv("OBSERVER_HOME", str(tmp_path / "home"))
    bank.run("key", "add", "alice", "--role", "viewer")
    result = bank.run("key", "add", "alice", "--role", "admin")
    assert (result.code, result.out) == (1, "")
    assert "exists already" in result.err
    assert bank.run("key", "revoke", "bob").code == 1
    assert bank.run("key", "add", "../alice", "--role", "viewer").code == 2


def test_state_says_on_stderr_what_the_reader_should_know_of_it(bank):
    bank.answer(State, value_of({"n": 1}, redacted=2, truncated=True, torn=True, approx_bytes=1200))
    result = bank.run("state", "alice")
    assert result.out == "{'n': 1}\n"
    for part in ("1.2 kB", "2 redacted", "--depth", "torn"):
        assert part in result.err
