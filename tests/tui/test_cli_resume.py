"""`observer trace --resume`: a node that dies while it is traced, and comes back."""

from __future__ import annotations

import json
import signal
import socket
from types import SimpleNamespace

import pytest

from runtime.port.client import Place
from runtime.port.contract import Code, Failure, Trace, TraceRead
from tests.support.command_line import CommandLine
from tests.support.eventually import eventually_sync
from tests.support.traces import pages, session, story
from tests.tui import test_cli_end_to_end
from tests.tui.test_cli_end_to_end import BANK, Bank
from tracing.store import Store
from tui import reach
from tui.commands import comeback

DEPOSIT = '{"type": "Deposit", "amount": 5}'
LOST = Failure(Code.CANNOT_CONNECT, "lost the connection to bank")


# --- against a node of ready-made answers ---------------------------------------------------------------


@pytest.fixture
def bank(monkeypatch, capsys):
    """A node that nobody has to wait for: time is over after a hundred looks."""
    monkeypatch.setattr(reach, "nodes", lambda: [Place(name="bank", socket="/run/bank.sock")])
    monkeypatch.setattr(
        comeback, "time", SimpleNamespace(monotonic=comeback.time.monotonic, sleep=lambda _: None)
    )
    return CommandLine(monkeypatch, capsys)


def one_after_the_other(*answers):
    """Each answer once; the last one for good."""
    left = list(answers)

    def answer(request):
        one = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(one, BaseException):
            raise one
        return one(request) if callable(one) else one

    return answer


def test_what_is_left_of_time_and_count_is_asked_for_again(bank):
    bank.answer(Trace, session())
    first, rest = pages(story()[:3], []), pages(story()[3:], end="count")
    bank.answer(TraceRead, one_after_the_other(first, LOST, rest))
    result = bank.run("trace", "all messages", "--resume", "--json", "--count", "7", "--for", "20")
    assert result.code == 0
    assert len(result.out.splitlines()) == 7
    begun, again = [asked for asked in bank.node.asked if isinstance(asked, Trace)]
    assert (begun.limits.count, again.limits.count) == (7, 4)
    assert begun.limits.seconds == 20 > again.limits.seconds > 10
    assert "the connection to bank was lost\nwaiting for bank to come back" in result.err
    assert "bank is back: the same incarnation" in result.err
    assert "7 records; 7 records were asked for" in result.err


def test_a_session_that_ends_with_its_node_is_resumed(bank):
    bank.answer(Trace, session())
    bank.answer(TraceRead, one_after_the_other(pages(story(), end="node"), pages([], end="time")))
    result = bank.run("trace", "all messages", "--resume")
    assert result.code == 0
    assert "because of node\nwaiting for bank" in result.err
    assert "7 records; 30 s are over" in result.err
    assert result.out.count("WHEN") == 1, "the titles stand there once"


def test_who_knows_nothing_of_the_session_is_another_incarnation(bank):
    bank.answer(Trace, session())
    refused = Failure(Code.REFUSED, "there is no session 3")
    bank.answer(TraceRead, one_after_the_other(refused, pages([], end="time")))
    assert bank.run("trace", "all messages", "--resume").code == 0
    bank.answer(TraceRead, refused)
    assert bank.run("trace", "all messages").code == 1


def test_a_node_that_is_gone_again_at_once_is_waited_for_again(bank):
    bank.answer(Trace, one_after_the_other(session(), LOST, Failure(Code.TIMEOUT, "late"), session()))
    bank.answer(TraceRead, one_after_the_other(LOST, pages([], end="time")))
    result = bank.run("trace", "all messages", "--resume")
    assert (result.code, result.err.count("is back")) == (0, 1)


@pytest.mark.parametrize(
    ("code", "ends"), [(Code.BAD_REQUEST, 2), (Code.REFUSED, 1), (Code.DENIED, 4), (Code.VERSION, 6)]
)
def test_what_waiting_does_not_mend_ends_it_with_its_own_code(bank, code, ends):
    bank.answer(Trace, one_after_the_other(session(), Failure(code, "so it is")))
    bank.answer(TraceRead, LOST)
    result = bank.run("trace", "all messages", "--resume")
    assert (result.code, "observer: so it is" in result.err) == (ends, True)


def test_a_node_that_was_never_there_is_not_waited_for(bank):
    bank.node.unreachable = Failure(Code.CANNOT_CONNECT, "nobody listens")
    result = bank.run("trace", "all messages", "--resume")
    assert (result.code, result.err) == (3, "observer: nobody listens\n")


def test_a_node_that_stays_away_ends_it_when_its_time_is_over(bank):
    bank.answer(Trace, one_after_the_other(session(), LOST))
    bank.answer(TraceRead, LOST)
    result = bank.run("trace", "all messages", "--resume", "--for", "0.1")
    assert result.code == 0
    assert result.err.endswith("0 records; its time was over while the node was away\n")


def test_a_count_that_was_reached_is_an_end_although_nobody_told_it(bank):
    bank.answer(Trace, session()).answer(TraceRead, one_after_the_other(pages(story(), []), LOST))
    result = bank.run("trace", "all messages", "--resume", "--count", "7")
    assert result.code == 0
    assert result.err.splitlines()[1] == "7 records; 7 records were asked for"


def test_ctrl_c_ends_the_waiting(bank):
    def away(_request):
        signal.raise_signal(signal.SIGINT)
        raise LOST

    bank.answer(Trace, one_after_the_other(session(), away)).answer(TraceRead, LOST)
    result = bank.run("trace", "all messages", "--resume")
    assert (result.code, "0 records; stopped by Ctrl-C" in result.err) == (130, True)


def test_each_life_of_the_node_is_kept_by_itself_with_why_it_ended(bank, tmp_path):
    file = tmp_path / "lives.sqlite"
    bank.answer(Trace, session())
    first, rest = pages(story()[:3], []), pages(story()[:2], end="time")
    bank.answer(TraceRead, one_after_the_other(first, LOST, rest))
    result = bank.run("trace", "all messages", "--resume", "--save", str(file))
    assert "5 records; 30 s are over" in result.err
    store = Store(file)
    assert [(each.why, each.size) for each in store.collections()] == [
        ("30 s are over", 2),
        ("the connection to bank was lost", 3),
    ]
    store.close()


@pytest.mark.parametrize("form", ["--mermaid", "--perfetto", "--otlp"])
def test_one_picture_of_two_lives_is_refused_at_once(bank, form):
    result = bank.run("trace", "all messages", "--resume", form)
    assert (result.code, bank.node.asked) == (2, [])
    assert "--save FILE" in result.err
    assert "observer saved" in result.err


def test_a_pid_in_the_pattern_is_warned_of(bank):
    bank.answer(Trace, session()).answer(TraceRead, pages([]))
    assert "another process's" in bank.run("trace", "<0.42.0> messages", "--resume").err
    bank.answer(TraceRead, pages([]))
    assert "another process's" not in bank.run("trace", "alice messages", "--resume").err


def test_a_node_that_hangs_is_not_waited_for_beyond_the_time(bank):
    bank.answer(Trace, session()).answer(TraceRead, one_after_the_other(LOST, pages([], end="time")))
    assert bank.run("trace", "all messages", "--resume", "--for", "2").code == 0
    assert 1 < bank.node.options["timeout"] < 2


def test_without_it_a_lost_node_ends_the_trace(bank):
    bank.answer(Trace, session()).answer(TraceRead, LOST)
    assert bank.run("trace", "all messages").code == 3


# --- against a node that dies and is started again ------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OBSERVER_NODE", raising=False)
    return tmp_path


def said(command, word):
    """What it says on stderr, up to the line that has the word."""
    lines = []
    while not lines or word not in lines[-1]:
        lines.append(command.stderr.readline())
        assert lines[-1], "it has ended"
    return "".join(lines)


def die(bank):
    """As a program does that runs out of memory."""
    bank.process.kill()
    bank.process.wait(10)
    bank.stop()


@pytest.mark.parametrize("by", ["name", "address"])
def test_a_trace_goes_on_with_the_next_incarnation(folder, monkeypatch, by):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(test_cli_end_to_end, "BANK", BANK.replace("port=0", f"port={port}"))
    bank = Bank(folder / "bank.py")
    try:
        options = ["--node", f"127.0.0.1:{port}"] if by == "address" else []
        file = folder / "lives.sqlite"
        line = ["trace", "alice receive", "--resume", "--json", "--for", "60", "--save", str(file), *options]
        with bank.start(*line) as command:
            said(command, "session 1")
            bank.ask("send", "alice", DEPOSIT, "--call")
            assert json.loads(command.stdout.readline())["seq"] == 1
            die(bank)
            said(command, "waiting for bank")
            bank = Bank(folder / "bank.py")
            assert "bank is back: another incarnation" in said(command, "session 1")
            bank.ask("send", "alice", DEPOSIT, "--call")
            record = json.loads(command.stdout.readline())
            assert (record["seq"], record["values"]["message"]["amount"]) == (1, 5)
            command.send_signal(signal.SIGINT)
            out, err = command.communicate(timeout=20)
        assert (command.returncode, out) == (130, "")
        assert "2 records; stopped by Ctrl-C" in err
        eventually_sync(lambda: all(each["end"] for each in bank.ask("traces")["sessions"]))
    finally:
        bank.stop()
    store = Store(file)
    assert [each.why for each in store.collections()] == [
        "stopped by Ctrl-C",
        "the connection to bank was lost",
    ]
    store.close()


def test_ctrl_c_ends_the_waiting_for_a_node_that_is_dead(folder):
    bank = Bank(folder / "bank.py")
    with bank.start("trace", "alice receive", "--resume", "--for", "60") as command:
        said(command, "session 1")
        die(bank)
        said(command, "waiting for bank")
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=20)
    assert command.returncode == 130
    assert "0 records; stopped by Ctrl-C" in err
    assert "Traceback" not in err
