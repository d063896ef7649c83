"""The whole way: `observer` as its users run it, against a node in a process of its own."""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import tui
from tests.support.eventually import eventually_sync
from tui.cli import main

ROOT = Path(tui.__file__).parent.parent

BANK = """
import asyncio
import hashlib
from dataclasses import dataclass

from runtime import ChildSpec, Node, Reply, Server, Supervisor


@dataclass(frozen=True)
class Deposit:
    amount: int


class Account(Server):
    accepts = (Deposit,)

    def init(self, owner):
        return 0

    def handle_call(self, message, caller, balance):
        match message:
            case Deposit(amount) if amount > 0:
                return Reply(balance + amount, balance + amount)
            case "balance":
                return Reply(balance, balance)
            case _:
                raise ValueError(f"not for an account: {message!r}")

    def handle_cast(self, message, balance):
        return balance + message.amount

    def handle_info(self, message, balance):
        match message:
            case {"block_s": seconds}:
                # one call of C code, which nobody can park
                hashlib.pbkdf2_hmac("sha256", b"", b"", int(seconds * 2_000_000))
            case "crash":
                raise RuntimeError("asked to crash")
        return balance


async def main():
    async with Node("bank", port=0) as node:
        accounts = [ChildSpec(name, Account, name) for name in ("alice", "bob", "carol", "dave", "erin")]
        await node.start(Supervisor(accounts, max_restarts=100, max_seconds=5, name="accounts"))
        print("up", flush=True)
        await node.run_forever()


asyncio.run(main())
"""


class Bank:
    """A running node, and the command line beside it."""

    def __init__(self, script: Path) -> None:
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        script.write_text(BANK)
        self.process = subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=self.environment
        )
        if self.process.stdout.readline() != "up\n":
            self.stop()
            pytest.fail("the node did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def start(self, *argv: str, **options) -> subprocess.Popen:
        """Begin one command line."""
        return subprocess.Popen(
            [sys.executable, "-m", "tui", *argv],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment, **options,
        )  # fmt: skip

    def run(self, *argv: str) -> subprocess.CompletedProcess:
        """Run one command line."""
        with self.start(*argv) as command:
            out, err = command.communicate(timeout=30)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(argv, command.returncode, out, err)

    def ask(self, *argv: str):
        """The answer of one command line, from its JSON; run within this process, which is ten times as fast."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            assert main([*argv, "--json"]) == 0, err.getvalue()
        return json.loads(out.getvalue())


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBSERVER_HOME", str(folder / "home"))
        patch.delenv("OBSERVER_NODE", raising=False)
        bank = Bank(folder / "bank.py")
        yield bank
        bank.stop()


def test_the_node_is_found_by_its_name(bank):
    (place,) = json.loads(bank.run("nodes", "--json").stdout)
    assert (place["name"], place["pid"]) == ("bank", bank.process.pid)
    assert bank.ask("node")["incarnation"] == place["incarnation"]
    assert bank.ask("node", "--node", "bank")["incarnation"] == place["incarnation"]
    assert bank.ask("node", "--node", f"127.0.0.1:{place['port']}")["port"] == place["port"]


def test_the_node_says_how_it_is(bank):
    node = json.loads(bank.run("node", "--json").stdout)
    assert (node["name"], node["processes"] >= 6, node["pid"]) == ("bank", True, bank.process.pid)
    assert node["rss_bytes"] > 1_000_000
    assert "bank" in bank.run("node").stdout


def test_ps_lists_the_processes_and_sorts_and_filters_them(bank):
    rows = json.loads(bank.run("ps", "--json").stdout)
    named = {row["name"]: row for row in rows}
    assert {"alice", "bob", "carol", "dave", "erin"} <= set(named)
    assert named["alice"]["parent"] == named["bob"]["parent"]
    assert named["alice"]["behaviour"].endswith("Account")
    assert [
        row["name"]
        for row in bank.ask("ps", "--sort", "name", "--desc", "--filter", "account")
        if row["name"]
    ][:2] == ["erin", "dave"]
    limited = bank.run("ps", "--limit", "2", "--json")
    assert len(json.loads(limited.stdout)) == 2
    assert limited.stderr.startswith("2 of ")


def test_the_tree_holds_the_supervisor_and_its_children(bank):
    tree = json.loads(bank.run("tree", "--json").stdout)
    (accounts,) = [root for root in tree["children"] if root["strategy"]]
    assert (accounts["strategy"], accounts["max_restarts"], accounts["max_seconds"]) == (
        "one_for_one",
        100,
        5,
    )
    assert [child["id"] for child in accounts["children"]] == ["alice", "bob", "carol", "dave", "erin"]
    assert "├ alice" in bank.run("tree").stdout


def test_a_process_is_named_by_pid_in_three_ways_or_by_its_name(bank):
    pid = bank.ask("info", "alice")["row"]["pid"]
    number = pid.strip("<>").split(".")[1]
    for name in (pid, pid.strip("<>"), number):
        assert bank.ask("info", name)["row"]["name"] == "alice"
    result = bank.run("info", "nobody")
    assert (result.returncode, result.stdout) == (1, "")
    assert "nobody" in result.stderr


def test_messages_are_sent_called_and_validated(bank):
    assert bank.run("send", "alice", '{"type": "Deposit", "amount": 5}', "--call").stdout == "5\n"
    bank.ask("send", "alice", '{"type": "Deposit", "amount": 7}', "--cast")
    assert bank.ask("send", "alice", '"balance"', "--call")["reply"] == 12
    assert bank.ask("state", "alice")["value"] == 12
    for wrong in ('{"type": "Withdraw", "amount": 5}', '{"type": "Deposit", "amount": "much"}'):
        result = bank.run("send", "alice", wrong, "--call")
        assert (result.returncode in {1, 2}, result.stdout) == (True, "")
        assert "Deposit" in result.stderr
    assert bank.ask("info", "alice")["accepts"] == ["Deposit"]


def test_a_crash_leaves_a_report_a_history_and_events(bank):
    old = bank.ask("info", "bob")["row"]["pid"]
    bank.ask("send", "bob", '"crash"')
    eventually_sync(lambda: bank.ask("history", "bob"))
    (entry,) = bank.ask("history", "bob")
    assert (entry["child"], entry["old_pid"], "asked to crash" in entry["reason"]) == ("bob", old, True)
    assert bank.ask("info", "bob")["row"]["pid"] == entry["new_pid"]
    (report,) = bank.ask("crashes", "bob")
    assert "asked to crash" in report["traceback"]
    assert "RuntimeError" in bank.run("crashes", "bob").stdout
    assert old in {event["pid"] for event in bank.ask("events")}
    assert bank.ask("events", "bob")


def test_a_kill_is_recorded_with_its_key(bank):
    old = bank.ask("info", "carol")["row"]["pid"]
    bank.ask("kill", "carol")
    eventually_sync(lambda: bank.ask("history", "carol"))
    (entry,) = bank.ask("history", "carol")
    assert (entry["old_pid"], entry["by"]) == (old, "key owner")
    latest = next(line for line in bank.ask("audit") if line["action"] == "kill")
    assert (latest["key"], latest["role"], latest["outcome"]) == ("owner", "admin", "ok")
    assert bank.run("kill", old).returncode == 1


def test_a_suspended_process_lets_its_mailbox_fill_until_resumed(bank):
    bank.ask("suspend", "dave")
    for _ in range(3):
        bank.ask("send", "dave", '{"type": "Deposit", "amount": 1}', "--cast")
    (row,) = [row for row in bank.ask("ps", "--filter", "suspended") if row["name"] == "dave"]
    assert row["mailbox"] == 3
    contents = bank.ask("mailbox", "dave")
    assert (contents["total"], contents["letters"][0]["type"]) == (3, "Deposit")
    assert "Deposit(amount=1)" in bank.run("mailbox", "dave").stdout
    bank.ask("resume", "dave")
    eventually_sync(lambda: bank.ask("state", "dave")["value"] == 3)


def test_one_message_that_waits_is_dropped_another_put_last_and_the_rest_handled(bank):
    before = bank.ask("state", "bob")["value"]
    bank.ask("suspend", "bob")
    for amount in (1, 10, 100):
        bank.ask("send", "bob", f'{{"type": "Deposit", "amount": {amount}}}', "--cast")
    first, second, _ = bank.ask("mailbox", "bob")["letters"]
    bank.ask("requeue", "bob", first["id"])
    bank.ask("drop", "bob", second["id"])
    left = [letter["value"]["amount"] for letter in bank.ask("mailbox", "bob")["letters"]]
    assert left == [100, 1]
    (group,) = bank.ask("mailbox", "bob", "--groups")["groups"]
    assert (group["kind"], group["type"], group["count"]) == ("cast", "Deposit", 2)
    again = bank.run("drop", "bob", second["id"])
    assert (again.returncode, "was handled or moved" in again.stderr) == (1, True)
    bank.ask("resume", "bob")
    eventually_sync(lambda: bank.ask("state", "bob")["value"] == before + 101)
    actions = [entry["action"] for entry in bank.ask("audit") if entry["target"] == "bob"]
    assert {"drop", "requeue"} <= set(actions)


def test_while_the_loop_is_stuck_reads_answer_and_changes_end_with_5(bank):
    bank.ask("send", "erin", '{"block_s": 4}')
    running = eventually_sync(lambda: bank.ask("node")["running"])
    erin = bank.ask("info", "erin")["row"]["pid"]
    assert running["pid"] == erin
    result = bank.run("kill", "alice", "--timeout", "0.3")
    assert (result.returncode, result.stdout) == (5, "")
    assert erin in result.stderr
    assert "handle_info" in {
        frame["function"].split(".")[-1] for frame in bank.ask("stack", "erin")["frames"]
    }
    eventually_sync(lambda: bank.ask("node")["running"] is None, within=10)


def test_a_viewer_may_list_but_not_read_or_change(bank):
    bank.ask("key", "add", "guest", "--role", "viewer")
    assert bank.ask("ps", "--key", "guest")
    assert bank.ask("tree", "--key", "guest")
    for line in (
        ["state", "alice"],
        ["kill", "alice"],
        ["send", "alice", "1"],
        ["audit"],
        ["stack", "alice"],
    ):
        result = bank.run(*line, "--key", "guest")
        assert (result.returncode, result.stdout) == (4, ""), line
        assert "guest" in result.stderr or "viewer" in result.stderr
    bank.ask("key", "revoke", "guest")
    assert bank.run("ps", "--key", "guest").returncode == 4


def test_what_cannot_be_reached_ends_with_3(bank):
    for name in ("127.0.0.1:1", "nowhere", "/no/such.sock"):
        result = bank.run("ps", "--node", name)
        assert (result.returncode, result.stdout) == (3, ""), result.stderr
    assert bank.run("ps", "--node", "host:port").returncode == 2


def test_events_are_followed_until_ctrl_c(bank):
    with bank.start("events", "--follow", "--json", "--limit", "1") as command:
        command.stdout.readline()
        bank.ask("kill", "alice", "--reason", "asked")
        seen = set()
        while not {"ended", "crash", "killed"} & seen:
            seen.add(json.loads(command.stdout.readline())["kind"])
        command.send_signal(signal.SIGINT)
        assert command.wait(10) == 130
        assert command.stderr.read() == ""


def test_a_reader_that_has_seen_enough_is_no_failure(bank):
    with bank.start("events", "--follow") as command:
        command.stdout.readline()
        command.stdout.close()
        bank.ask("suspend", "erin")
        bank.ask("resume", "erin")
        assert command.wait(20) in {0, 141}
        assert command.stderr.read() == ""


def test_a_terminal_shows_aligned_columns_that_fit(bank):
    pty = pytest.importorskip("pty")
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "ps"], stdout=slave, stderr=subprocess.PIPE, text=True,
        env={key: value for key, value in bank.environment.items() if key != "COLUMNS"} | {"NO_COLOR": "1"},
    ) as command:  # fmt: skip
        os.close(slave)
        assert command.wait(20) == 0, command.stderr.read()
    shown = os.read(master, 65536).decode().replace("\r\n", "\n")
    os.close(master)
    assert shown.startswith("PID")
    assert "alice" in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_a_cold_ps_costs_little_beside_its_libraries(bank):
    def seconds(*command):
        """Processor time, since other work on this machine makes the wall clock a matter of luck."""
        times = []
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *command], check=True, capture_output=True, env=bank.environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
        return min(times)

    assert seconds("-m", "tui", "ps") - seconds("-c", "import pydantic, rpyc") < 0.3
