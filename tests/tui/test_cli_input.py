"""Wrong input: said in one line, with the value, what would be right, and exit code 2."""

from __future__ import annotations

import pytest

from runtime.port.contract import REQUESTS, Code, Failure
from tests.support.command_line import CommandLine
from tui.commands import COMMANDS


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["ps", "--sort", "size"], ["'size'", "pid, name, behaviour", "mailbox", "counter:NAME"]),
        (["ps", "--sort", "counter:"], ["'counter:'"]),
        (["ps", "--limit", "-1"], ["--limit", "'-1'", "0 to 5,000"]),
        (["ps", "--limit", "5001"], ["'5001'", "5,000"]),
        (["ps", "--limit", "many"], ["'many'"]),
        (["ps", "--filter", "x" * 201], ["--filter", "201 characters", "200"]),
        (["ps", "--timeout", "soon"], ["--timeout", "'soon'", "2.5"]),
        (["ps", "--timeout", "0"], ["'0'", "0.001 to 60"]),
        (["ps", "--timeout", "nan"], ["'nan'"]),
        (["ps", "--timeout", "inf"], ["'inf'", "60"]),
        (["ps", "extra"], ["extra"]),
        (["ps", "--jsn"], ["--jsn"]),
        (["mailbox", "42", "--limit", "0"], ["'0'", "1 to 1,000"]),
        (["mailbox"], ["PROCESS"]),
        (["state", "42", "--depth", "33"], ["'33'", "1 to 32"]),
        (["tree", "--children", "0"], ["'0'", "1 to 10,000"]),
        (["tree", "--limit", "10001"], ["'10001'", "1 to 10,000"]),
        (["events", "42", "--follow"], ["--follow", "PROCESS"]),
        (["events", "42", "--limit", "101"], ["101", "100"]),
        (["kill"], ["PROCESS"]),
        (["kill", "42", "--reason", ""], ["--reason", "1 to 200"]),
        (["connect", "--interval", "0.01"], ["--interval", "'0.01'"]),
        (["key"], ["add|list|revoke"]),
        (["key", "add", "alice"], ["--role"]),
        (["key", "add", "alice", "--role", "root"], ["'root'", "viewer"]),
        (["key", "destroy", "alice"], ["'destroy'"]),
        (["plan"], ["MODULE"]),
        (["plan", "shop/agents.py"], ["'shop/agents.py'", "a file", "'shop.agents'"]),
        (["plan", "./shop/__init__.py"], ["'shop'"]),
        (["rollback", "shop.agents:Till"], ["a behaviour", "'shop.agents'"]),
        (["plan", "shop agents"], ["'shop agents'", "shop.agents"]),
        (["plan", ""], ["''", "shop.agents"]),
        (["plan", *["a"] * 51], ["51 modules", "at most 50"]),
        (["reload"], ["shop.agents", "--plan ID"]),
        (["reload", "a", "--plan", "b"], ["one of the two"]),
        (["reload", "--plan", "b", "--dependants"], ["--dependants", "MODULE"]),
        (["reload", "a", "--guard", "0/5"], ["--guard", "'0/5'", "3/60"]),
        (["reload", "a", "--guard", "3/"], ["'3/'"]),
        (["reload", "a", "--guard", "3/nan"], ["'3/nan'", "86,400"]),
        (["reload", "a", "--deadline", "601"], ["'601'", "0.001 to 600"]),
        (["rollback", "a", "--overdue", "wait"], ["'wait'", "refuse", "kill"]),
        (["upgrades", "--limit", "101"], ["'101'", "0 to 100"]),
        (["pss"], ["'pss'", "ps"]),
        (["--json", "ps"], ["after the command", "observer COMMAND --json"]),
        (["demo", "--json"], ["--headless"]),
    ],
)
def test_wrong_input_is_explained_before_any_node_is_asked(bank, line, said):
    result = bank.run(*line)
    assert (result.code, result.out) == (2, "")
    for part in said:
        assert part in result.err
    assert "Traceback" not in result.err
    assert bank.node.sought == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["trace", ""], "0 characters"),
        (["trace", "a" * 3000], "3000 characters"),
        (["trace", "ali\udcffce receive"], "unicode"),
        (["keep", "x" * 3000], "2000 characters"),
        (["replay", ""], "1 character"),
    ],
)
def test_a_text_that_makes_no_request_is_explained(bank, line, said):
    result = bank.run(*line)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("hello", ["line 1, column 1", "'hello'", "'\"hello\"'"]),
        ('{"type": "Deposit",\n "amount" 5}', ["line 2, column 11"]),
        ("", ["line 1, column 1"]),
        ("[1, NaN]", ["NaN"]),
        ("1e999", ["1e999"]),
        ("[" * 400 + "]" * 400, ["nested too deeply"]),
        ("[" * 100_000, ["not JSON"]),
        ("9" * 5_000, ["not JSON"]),
    ],
)
def test_a_message_that_is_not_json_is_explained_with_its_position(bank, message, said):
    result = bank.run("send", "alice", message)
    assert (result.code, result.out) == (2, "")
    for part in said:
        assert part in result.err
    assert bank.node.sought == []


def test_a_message_on_stdin_that_is_not_text_is_explained(bank, monkeypatch, tmp_path):
    file = tmp_path / "message"
    file.write_bytes(b"\xff\xfe")
    with file.open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        result = bank.run("send", "alice", "-")
    assert result.code == 2
    assert "not text" in result.err


def test_a_mistake_is_said_without_its_control_characters(bank):
    result = bank.run("ps", "--sort", "\x1b[2J")
    assert "\x1b" not in result.err
    assert r"\x1b[2J" in result.err


def test_a_mistake_names_where_help_is(bank):
    assert bank.run("ps", "--sort", "size").err.endswith("try: observer ps --help\n")
    assert bank.run("ps", "--jsn").err == "observer ps: it takes no --jsn\ntry: observer ps --help\n"
    assert bank.run("key", "add", "alice").err.endswith("try: observer key add --help\n")


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if name not in {"connect", "demo", "nodes", "key", "saved"}]
)
def test_the_common_options_stand_after_every_command_that_asks_a_node(bank, name):
    text = bank.run(name, "--help").out
    for option in ("--node", "--key", "--ca", "--fingerprint", "--timeout", "--json"):
        assert option in text


@pytest.mark.parametrize(
    "line",
    [
        ["ps", "--limit", "5000", "--filter", "x" * 200, "--timeout", "60"],
        ["ps", "--limit", "0"],
        ["mailbox", "42", "--limit", "1000"],
        ["state", "42", "--depth", "32", "--width", "10000"],
        ["tree", "--children", "10000", "--limit", "10000"],
        ["history", "--limit", "5000"],
        ["events", "42", "--limit", "100"],
        ["events", "--limit", "5000"],
        ["crashes", "--limit", "100"],
        ["audit", "--limit", "1000"],
        ["modules", "--limit", "5000"],
        ["plan", *["a"] * 50, "--timeout", "60"],
        ["reload", "--plan", "77aa", "--guard", "1000000/86400", "--deadline", "600"],
        ["rollback", *["a"] * 50, "--deadline", "0.001"],
        ["upgrades", "--limit", "100"],
        ["kill", "42", "--reason", "x" * 200, "--timeout", "60"],
        ["send", "42", "1", "--timeout", "0.001"],
    ],
)
def test_what_the_help_allows_the_contract_allows(bank, line):
    refusal = Failure(Code.REFUSED, "asked")
    bank.node.answers = dict.fromkeys(REQUESTS.values(), refusal)
    assert (bank.run(*line).code, len(bank.node.asked)) == (1, 1)
