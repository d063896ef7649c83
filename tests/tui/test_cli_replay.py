"""`observer record` and `observer replay`: what they say, and how they end."""

from __future__ import annotations

import json
import signal

import pytest

from runtime.port.contract import (
    Code,
    Done,
    Failure,
    Record,
    Recorded,
    Recording,
    Recordings,
    RecordingsQuery,
    RecordWait,
    Replay,
    ReplayChange,
    ReplayDifference,
    ReplayReport,
    ReplayStep,
    StopTrace,
)
from tests.support.command_line import AT, CommandLine
from tests.support.traces import session


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


KEPT = Recording(recording=3, name="three", at=AT, text="3 steps of alice; 10 s are over")


def report(**fields):
    ground = {
        "at": AT, "pid": "<0.3.0>", "name": "alice", "behaviour": "shop:Account", "recorded": "4f2a", "replayed": "4f2a",
        "mode": "lock-step", "steps": 3, "done": 3, "same": 3, "seconds": 0.012, "identical": True,
    }  # fmt: skip
    return ReplayReport(**ground | fields)


DIFFERENT = report(
    replayed="b81d", same=2, first=2, differences=1, identical=False, notes=["time is not in the record"],
    differing=[
        ReplayStep(
            number=2, at=AT, handler="handle_cast", message={"$type": "Deposit", "amount": 2},
            differences=[
                ReplayDifference(
                    what="state", text="another state",
                    changes=[ReplayChange(path="balance", form="changed", before=3, after=4)],
                )
            ],
            assumed=["the time"],
        )
    ],
)  # fmt: skip


def test_a_recording_ends_with_where_it_is_kept(bank):
    answers = [
        Recorded(at=AT, session=session()),
        Recorded(at=AT, session=session(end="time"), over=True, recording=KEPT),
    ]
    bank.answer(Record, session()).answer(RecordWait, lambda _request: answers.pop(0))
    result = bank.run("record", "alice", "--for", "10", "--count", "50", "--as", "three")
    assert (result.code, result.out) == (0, "recording 3  three  3 steps of alice; 10 s are over\n")
    asked, waited = bank.node.asked[:2]
    assert (asked.process, asked.limits.seconds, asked.limits.count) == ("alice", 10, 50)
    assert waited.name == "three"


def test_ctrl_c_ends_a_recording_and_keeps_it(bank):
    answers = [
        Recorded(at=AT, session=session()),
        Recorded(at=AT, session=session(end="asked"), over=True, recording=KEPT),
    ]

    def wait(_request):
        if len(answers) == 2:
            signal.raise_signal(signal.SIGINT)
        return answers.pop(0)

    bank.answer(Record, session()).answer(RecordWait, wait).answer(StopTrace, Done(at=AT, text="stopped"))
    result = bank.run("record", "alice", "--json")
    assert result.code == 130
    assert json.loads(result.out)["recording"] == 3
    assert [type(each) for each in bank.node.asked] == [Record, RecordWait, StopTrace, RecordWait]


def test_where_nothing_happened_nothing_is_kept(bank):
    bank.answer(Record, session()).answer(RecordWait, Recorded(at=AT, session=session(end="time"), over=True))
    result = bank.run("record", "alice")
    assert (result.code, result.out) == (1, "")
    assert "nothing is kept" in result.err


def test_what_has_been_recorded_is_listed(bank):
    bank.answer(RecordingsQuery, Recordings(at=AT, recordings=[KEPT]))
    assert bank.run("record").out.splitlines()[1].split()[:3] == ["3", "14:02:11Z", "three"]
    assert json.loads(bank.run("record", "--json").out)[0]["name"] == "three"
    bank.answer(RecordingsQuery, Recordings(at=AT, recordings=[]))
    assert "nothing has been recorded" in bank.run("record").err


@pytest.mark.parametrize("option", [["--for", "3"], ["--count", "5"], ["--as", "x"]])
def test_options_of_a_recording_without_a_process_are_refused(bank, option):
    result = bank.run("record", *option)
    assert (result.code, result.out) == (2, "")
    assert (
        f"{option[0]} is for a recording, and no process is named: observer record PROCESS {option[0]}"
        in result.err
    )
    assert bank.node.asked == []


def test_a_recording_has_limits_where_none_are_said(bank):
    bank.answer(Record, session()).answer(RecordWait, Recorded(at=AT, session=session(end="time"), over=True))
    assert "at most 60 s" in bank.run("record", "alice").err
    limits = bank.node.asked[0].limits
    assert (limits.seconds, limits.count) == (60, 10_000)


def test_a_replay_that_goes_as_recorded_ends_with_0(bank):
    result = bank.answer(Replay, report()).run("replay", "three")
    assert result.code == 0
    assert "3 of 3 steps replayed in 12 ms: 3 as recorded, 0 differ" in result.out


def test_a_replay_says_what_was_replayed_and_in_which_file_it_is(bank):
    told = report(source="recording three, in /home/ann/.observer/traces/bank.sqlite")
    lines = bank.answer(Replay, told).run("replay", "three").out.splitlines()
    assert lines[1] == "from recording three, in /home/ann/.observer/traces/bank.sqlite"


def test_a_file_goes_to_the_node_by_its_whole_path_and_a_name_as_it_is(bank, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teller.record").touch()
    bank.answer(Replay, report())
    for what in ("./teller.record", "teller.record", "before/after"):
        bank.run("replay", what)
    assert [request.what for request in bank.node.asked] == [
        str(tmp_path / "teller.record"), "teller.record", "before/after",
    ]  # fmt: skip


def test_a_replay_that_differs_ends_with_1_and_shows_where(bank):
    result = bank.answer(Replay, DIFFERENT).run("replay", "three")
    assert result.code == 1
    assert "code 4f2a → b81d" in result.out
    assert "step 2  handle_cast  Deposit(amount=2)" in result.out
    assert "    balance: 3 → 4\n" in result.out
    assert result.err == "time is not in the record\n"
    assert json.loads(bank.run("replay", "three", "--json").out)["first"] == 2


@pytest.mark.parametrize(
    ("line", "what", "process"),
    [
        (["three"], "three", None),
        (["before the change"], "before the change", None),
        (["3", "<0.42.0>"], "3", "<0.42.0>"),
        (["dump", "2"], "dump 2", None),
        (["dump", "2", "<0.42.0>"], "dump 2", "<0.42.0>"),
        (["crash", "reviewer-3"], "crash reviewer-3", None),
    ],
)
def test_what_is_meant(bank, line, what, process):
    bank.answer(Replay, report()).run("replay", *line)
    assert (bank.node.asked[0].what, bank.node.asked[0].process) == (what, process)


def test_options_reach_the_node(bank, tmp_path):
    bank.answer(Replay, report()).run(
        "replay",
        "three",
        "--code",
        str(tmp_path / "x.py"),
        "--module",
        "shop",
        "--free",
        "--outside",
        "--deadline",
        "5",
    )
    asked = bank.node.asked[0]
    assert (asked.code, asked.module, asked.free, asked.outside, asked.deadline_s) == (
        str(tmp_path / "x.py"),
        "shop",
        True,
        True,
        5,
    )


def test_too_many_words_end_with_2(bank):
    assert bank.run("replay", "before", "the", "change").code == 2


def test_what_is_not_there_ends_with_1(bank):
    assert bank.answer(Replay, Failure(Code.REFUSED, "no recording")).run("replay", "three").code == 1
