"""The whole way of tracing: `observer trace` and its like against a node in a process of its own."""

from __future__ import annotations

import json
import signal

import pytest

from tests.support.eventually import eventually_sync
from tests.tui.test_cli_end_to_end import Bank

DEPOSIT = '{"type": "Deposit", "amount": 5}'


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OBSERVER_HOME", str(folder / "home"))
        patch.delenv("OBSERVER_NODE", raising=False)
        bank = Bank(folder / "bank.py")
        yield bank
        bank.stop()


def opened(bank, command):
    """Wait until a command has its session, and the node listens."""
    assert command.stderr.readline().startswith("session ")
    bank.ask("send", "bob", DEPOSIT, "--call")  # the loop has come round since


def sessions(bank):
    return [each for each in bank.ask("traces")["sessions"] if each["end"] is None]


def test_a_trace_ends_at_its_count_with_0_and_says_so(bank):
    with bank.start("trace", "alice messages, handled -> return", "--count", "3", "--for", "20") as command:
        opened(bank, command)
        bank.ask("send", "alice", DEPOSIT, "--call")
        out, err = command.communicate(timeout=20)
    assert command.returncode == 0
    assert "Deposit(amount=5)" in out
    assert len(out.splitlines()) == 4
    assert "3 records; 3 records were asked for" in err


def test_results_and_states_that_a_pattern_asks_for_are_in_its_lines(bank):
    with bank.start("trace", "alice handled -> return, state", "--count", "2", "--for", "20") as command:
        opened(bank, command)
        bank.ask("send", "alice", DEPOSIT, "--call")
        bank.ask("send", "alice", DEPOSIT, "--cast")
        out, _ = command.communicate(timeout=20)
    _, call, cast = out.splitlines()
    assert "handle_call  → " in call
    assert "all of it" in call
    assert "handle_cast  all of it" in cast


def test_a_trace_ends_in_time_with_0(bank):
    result = bank.run("trace", "alice receive", "--for", "0.2", "--json")
    assert (result.returncode, result.stdout) == (0, "")
    assert "0.2 s are over" in result.stderr


def test_ctrl_c_ends_a_trace_in_order(bank):
    with bank.start("trace", "alice receive", "--json") as command:
        opened(bank, command)
        bank.ask("send", "alice", DEPOSIT, "--cast")
        record = json.loads(command.stdout.readline())
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=20)
    assert (command.returncode, out) == (130, "")
    assert record["values"]["message"]["amount"] == 5
    assert "1 record; stopped by Ctrl-C" in err
    assert "Traceback" not in err
    assert sessions(bank) == []


def test_a_trace_that_is_killed_leaves_no_session(bank):
    with bank.start("trace", "alice receive") as command:
        opened(bank, command)
        assert len(sessions(bank)) == 1
        command.kill()
    eventually_sync(lambda: sessions(bank) == [])


def test_a_reader_of_a_pipe_that_goes_ends_the_session_quietly(bank):
    with bank.start("trace", "alice receive", "--json") as command:
        opened(bank, command)
        command.stdout.close()
        for _ in range(3):
            bank.ask("send", "alice", DEPOSIT, "--cast")
        assert command.wait(20) == 0
        assert "Traceback" not in command.stderr.read()
    eventually_sync(lambda: sessions(bank) == [])


def test_somebody_else_stops_a_trace(bank):
    with bank.start("trace", "alice receive") as command:
        opened(bank, command)
        number = sessions(bank)[0]["session"]
        assert f"session {number} is stopped" in bank.run("traces", "--stop", str(number)).stdout
        _, err = command.communicate(timeout=20)
    assert command.returncode == 0
    assert "stopped by key owner" in err
    (entry,) = [
        each
        for each in bank.ask("audit")
        if each["action"] == "trace_stop" and each["target"] == f"session {number}"
    ]
    assert entry["outcome"] == "ok"


def test_a_wrong_pattern_ends_with_2_and_a_caret(bank):
    result = bank.run("trace", "alice recieve")
    assert result.returncode == 2
    lines = result.stderr.splitlines()
    assert lines[1][lines[2].index("^") :] == "recieve"


def test_a_dangerous_pattern_ends_with_1_unless_forced(bank):
    refused = bank.run("trace", "all events", "--for", "0.2")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert bank.run("trace", "all events", "--for", "0.2", "--force").returncode == 0


def test_a_story_that_nobody_traced_is_told(bank):
    bank.ask("send", "carol", DEPOSIT, "--call")
    result = bank.run("timeline", "carol")
    assert result.returncode == 0
    assert "carol" in result.stdout
    assert "█" in result.stdout
    story = bank.ask("timeline", "carol")
    assert bank.ask("timeline", story["trace"][:10])["trace"] == story["trace"]
    assert "carol" in bank.run("timeline", "carol", "--sequence").stdout
    assert bank.run("timeline", "nobody").returncode == 1


def test_a_crash_is_kept_with_what_was_before(bank):
    bank.ask("keep", "5s", "before", "crash")
    bank.ask("send", "erin", DEPOSIT, "--cast")
    bank.ask("send", "erin", '"crash"')
    (dump,) = eventually_sync(lambda: bank.ask("dumps"))
    assert (dump["kind"], dump["name"]) == ("crash", "erin")
    shown = bank.run("dumps", str(dump["dump"]))
    assert "Deposit(amount=5)" in shown.stdout
    report = bank.ask("crashes", "erin")[0]
    assert 5 in [
        record["values"].get("message", {}).get("amount")
        for record in report["before"]
        if record["kind"] == "handled"
    ]
    bank.ask("keep", "--forget", "5s", "before", "crash")
    assert bank.ask("keep") == []


def test_a_process_is_recorded_and_replayed(bank):
    with bank.start("record", "dave", "--as", "dave of today") as command:
        opened(bank, command)
        for _ in range(3):
            bank.ask("send", "dave", DEPOSIT, "--call")
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=20)
    assert (command.returncode, "Traceback" in err) == (130, False)
    assert "3 steps of dave; stopped by key owner" in out
    assert "dave of today" in bank.run("record").stdout
    replayed = bank.run("replay", "dave of today")
    assert replayed.returncode == 0
    assert "3 of 3 steps replayed" in replayed.stdout
