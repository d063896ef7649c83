"""A file of records on the command line: what it holds, and which of it fits. No node is asked."""

from __future__ import annotations

import json

import pytest

from runtime.port.contract import Trace, TraceRead
from tests.support.command_line import CommandLine
from tests.support.traces import TRACE, pages, session, story


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def file(bank, tmp_path):
    """A file with one story in it."""
    path = tmp_path / "night.sqlite"
    bank.answer(Trace, session())
    bank.answer(TraceRead, pages(story()))
    assert bank.run("trace", "all messages", "--save", str(path)).code == 0
    return str(path)


def records(result):
    assert result.code == 0, result.err
    return [json.loads(line) for line in result.out.splitlines()]


def test_what_was_kept_is_listed(bank, file):
    result = bank.run("saved", file)
    titles, line = result.out.splitlines()
    assert titles.split() == ["N", "WHEN", "SORT", "RECORDS", "TITLE", "WHY"]
    assert line.split()[0] == "1"
    assert "session" in line
    assert "all messages" in line
    (listed,) = json.loads(bank.run("saved", file, "--json").out)
    assert (listed["number"], listed["title"], listed["records"]) == (1, "all messages", len(story()))


def test_its_records_are_those_that_were_told(bank, file):
    told = records(bank.run("saved", file, "1", "--json"))
    assert [one["kind"] for one in told] == [one.kind for one in story()]
    assert [one["pid"] for one in told] == [one.pid for one in story()]
    assert [one["values"] for one in told] == [one.values for one in story()]
    lines = bank.run("saved", file, "1")
    assert lines.out.splitlines()[0].split()[0] == "WHEN"
    assert len(lines.out.splitlines()) == 1 + len(story())


def test_records_are_found_by_process_story_kind_and_time(bank, file):
    first = story()[0]
    kinds = {one.kind for one in story()}
    kind = next(iter(sorted(kinds)))
    assert {one["kind"] for one in records(bank.run("saved", file, "--kind", kind, "--json"))} == {kind}
    pid = next(one.pid for one in story() if one.pid)
    found = records(bank.run("saved", file, "--process", pid, "--json"))
    assert found
    assert all(pid in {one["pid"], one["peer"]} for one in found)
    assert len(records(bank.run("saved", file, "--story", TRACE[:6], "--json"))) == len(
        [one for one in story() if one.trace == TRACE]
    )
    capitals = bank.run("saved", file, "--story", TRACE[:6].upper(), "--json")
    assert {one["trace"] for one in records(capitals)} == {TRACE}
    assert records(bank.run("saved", file, "--story", "ffff", "--json")) == []
    assert records(bank.run("saved", file, "--until", first.at.isoformat(), "--json")) == []
    assert len(records(bank.run("saved", file, "--since", first.at.isoformat(), "--json"))) == len(story())
    few = bank.run("saved", file, "1", "--limit", "1", "--json")
    assert len(records(few)) == 1
    assert "more with --limit" in few.err


def test_a_file_becomes_a_diagram_without_a_node(bank, file):
    assert bank.run("saved", file, "--mermaid").out.startswith("sequenceDiagram")
    assert "traceEvents" in json.loads(bank.run("saved", file, "1", "--perfetto").out)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere.sqlite"], 1, "there is no file nowhere.sqlite"),
        ([__file__], 1, "test_cli_saved.py"),
        (["."], 1, ". is a directory, and no file of records"),
        (["FILE", "99"], 1, "has no number 99; it has 1"),
        (["FILE", "99", "--json"], 1, "has no number 99"),
        (["FILE", "0"], 2, "0"),
        (["FILE", "--process", "alice"], 2, "'alice' is no pid"),
        (["FILE", "--story", "xyz"], 2, "'xyz' is no trace id"),
        (["FILE", "--since", "yesterday"], 2, "'yesterday' is no time"),
        (["FILE", "--kind", "recieve"], 2, "recieve"),
        (["FILE", "--json", "--mermaid"], 2, "an answer has one form"),
    ],
)
def test_what_is_wrong_is_told(bank, file, arguments, code, said):
    result = bank.run("saved", *(file if each == "FILE" else each for each in arguments))
    assert (result.code, result.out) == (code, "")
    assert said in result.err


def test_what_does_not_fit_is_nothing(bank, file):
    result = bank.run("saved", file, "1", "--story", "ffff")
    assert (result.code, result.out) == (0, "")
    assert "no record fits" in result.err
