"""Commands that open the console: `connect` and `demo`, with a console that only notes how it was opened."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.port.client import Place
from runtime.port.contract import Code, Failure, NodeQuery
from tests.support.command_line import CommandLine, node_info
from tui.commands import connect, demo


@pytest.fixture
def bank(monkeypatch, capsys):
    """A command line in a terminal."""
    monkeypatch.setattr(connect, "has_terminal", lambda: True)
    monkeypatch.setattr(demo, "has_terminal", lambda: True)
    return CommandLine(monkeypatch, capsys).answer(NodeQuery, node_info())


@pytest.fixture
def opened(monkeypatch):
    """The consoles that were opened: where, and how."""
    consoles = []

    def run(place, **options):
        consoles.append((place, options))
        return SimpleNamespace(failure=None)

    monkeypatch.setitem(sys.modules, "tui.app", SimpleNamespace(run=run))
    return consoles


@pytest.fixture
def launched(monkeypatch):
    """What the demo's launcher was asked for."""
    calls = []

    def run_headless(path, *, db, json):
        calls.append(("headless", path, db, json))
        return 0

    def start_node(path, db):
        calls.append(("node", path, db))
        return SimpleNamespace(
            place=Place(name="crew"),
            finish=lambda: calls.append("finished") or "412 files\n",
            exit_code=0,
        )

    launcher = SimpleNamespace(run_headless=run_headless, start_node=start_node)
    monkeypatch.setitem(sys.modules, "demo.launch", launcher)
    return calls


def test_connect_opens_the_console_on_the_node_that_was_named(bank, opened):
    assert bank.run("connect", "bank", "--read-only", "--interval", "2", "--key", "alice").code == 0
    ((place, options),) = opened
    assert (place.name, bank.node.sought) == ("bank", ["bank"])
    assert (options["read_only"], options["interval"], options["key"], options["hints"]) == (
        True,
        2.0,
        "alice",
        False,
    )


def test_connect_takes_the_node_of_the_environment(bank, opened, monkeypatch):
    monkeypatch.setenv("OBSERVER_NODE", "crew")
    bank.run("connect")
    assert bank.node.sought == ["crew"]


def test_connect_takes_the_only_node_that_runs_here(bank, opened):
    bank.places = [Place(name="bank")]
    bank.run("connect")
    assert (bank.node.sought, len(opened)) == ([None], 1)


def test_connect_lets_its_user_pick_one_of_several_nodes(bank, opened, monkeypatch):
    bank.places = [Place(name="bank", pid=1), Place(name="crew", pid=2)]
    monkeypatch.setattr(sys, "stdin", io.StringIO("0\ncrew\n3\n2\n"))
    result = bank.run("connect")
    assert opened[0][0].name == "crew"
    assert "1  bank" in result.out
    assert result.err.count("Which node? 1 to 2") == 4


def test_leaving_the_picker_opens_nothing(bank, opened, monkeypatch):
    bank.places = [Place(name="bank"), Place(name="crew")]
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert bank.run("connect").code == 130
    assert opened == []


@pytest.mark.parametrize(
    ("code", "exit_code"), [(Code.CANNOT_CONNECT, 3), (Code.DENIED, 4), (Code.VERSION, 6)]
)
def test_a_node_that_cannot_be_reached_is_an_error_and_no_console(bank, opened, code, exit_code):
    bank.node.unreachable = Failure(code, "this is why")
    result = bank.run("connect", "bank")
    assert (result.code, result.err, opened) == (exit_code, "observer: this is why\n", [])


def test_demo_opens_the_console_with_hints_and_shows_its_summary_after_leaving(bank, opened, launched):
    result = bank.run("demo", "some/path", "--db", "found.db")
    assert launched == [("node", Path("some/path"), Path("found.db")), "finished"]
    ((place, options),) = opened
    assert (place.name, options["hints"], options["start_page"], options["sort"]) == (
        "crew", True, "processes", "mailbox",
    )  # fmt: skip
    assert (result.code, result.out) == (0, "412 files\n")


@pytest.fixture
def soul(monkeypatch):
    """What the launcher of the demo called `soul` was asked for."""
    calls = []

    def run_headless(*, json, workers, seconds):
        calls.append(("headless", json, workers, seconds))
        return 1

    def start_node():
        calls.append("node")
        return SimpleNamespace(
            place=Place(name="soul"), finish=lambda: calls.append("finished") or "", exit_code=0
        )

    launcher = SimpleNamespace(run_headless=run_headless, start_node=start_node, HINTS=("g desk",))
    monkeypatch.setitem(sys.modules, "demo.soul.launch", launcher)
    return calls


def test_a_demo_goes_by_its_name_and_has_hints_of_its_own(bank, opened, launched, soul):
    result = bank.run("demo", "soul")
    assert (soul, launched) == (["node", "finished"], [])
    ((place, options),) = opened
    assert (place.name, options["hints"], options["start_page"]) == ("soul", ("g desk",), "node")
    assert (result.code, result.out) == (0, "")


def test_a_demo_by_its_name_runs_without_a_terminal_and_tells_whether_all_was_well(
    bank, soul, opened, monkeypatch
):
    monkeypatch.setattr(demo, "has_terminal", lambda: False)
    assert bank.run("demo", "soul", "--headless").code == 1
    line = ("demo", "soul", "--headless", "--json", "--workers", "50", "--seconds", "2.5")
    assert bank.run(*line).code == 1
    assert soul == [("headless", False, None, None), ("headless", True, 50, 2.5)]
    assert opened == []


def test_a_folder_that_is_called_as_a_demo_is_given_with_its_path(bank, opened, launched, soul):
    bank.run("demo", "./soul")
    assert (launched[0], soul) == (("node", Path("soul"), None), [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("soul", "--db", "found.db"), "--db is an option of another demo"),
        (("--workers", "5", "--headless"), "--workers is an option of another demo"),
        (("some/path", "--seconds", "5", "--headless"), "--seconds is an option of another demo"),
        (("soul", "--seconds", "5"), "--seconds goes with --headless"),
        (("soul", "--json"), "--json goes with --headless"),
    ],
)
def test_options_that_do_not_go_together_are_refused(bank, opened, launched, soul, line, why):
    result = bank.run("demo", *line)
    assert (result.code, launched, soul, opened) == (2, [], [], [])
    assert why in result.err


def test_each_demo_gets_the_options_that_are_its_own(bank, opened, monkeypatch):
    asked = []
    launcher = SimpleNamespace(run_headless=lambda **options: asked.append(options) or 0)
    monkeypatch.setitem(sys.modules, "demo.exchange.launch", launcher)
    assert bank.run("demo", "exchange", "--headless", "--calls", "500").code == 0
    assert asked == [{"json": False, "calls": 500, "seconds": None}]
    result = bank.run("demo", "exchange", "--headless", "--workers", "5")
    assert (result.code, len(asked)) == (2, 1)
    assert "--workers is an option of another demo" in result.err


@pytest.mark.parametrize("value", ["0", "-1", "many", "1000000"])
def test_a_number_of_workers_that_makes_no_sense_is_refused(bank, soul, value):
    assert bank.run("demo", "soul", "--headless", "--workers", value).code == 2
    assert soul == []


def test_a_demo_by_its_name_without_a_terminal_names_the_way_that_needs_none(bank, soul, monkeypatch):
    monkeypatch.setattr(demo, "has_terminal", lambda: False)
    assert "run: observer demo soul --headless" in bank.run("demo", "soul").err


def test_the_demos_node_ends_even_when_its_console_fails(bank, launched, monkeypatch):
    def fail(place, **options):
        raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "tui.app", SimpleNamespace(run=fail))
    assert bank.run("demo").code == 130
    assert launched[-1] == "finished"


def test_a_demo_whose_console_has_failed_says_so_and_ends_as_the_console_did(bank, launched, monkeypatch):
    ended = SimpleNamespace(failure=Failure(Code.INTERNAL, "the console crashed"))
    monkeypatch.setitem(sys.modules, "tui.app", SimpleNamespace(run=lambda place, **options: ended))
    result = bank.run("demo")
    assert (result.code, result.err, launched[-1]) == (1, "observer: the console crashed\n", "finished")


def test_demo_headless_needs_no_terminal(bank, opened, launched, monkeypatch):
    monkeypatch.setattr(demo, "has_terminal", lambda: False)
    assert bank.run("demo", "--headless", "--json").code == 0
    assert (launched, opened) == ([("headless", None, None, True)], [])


def test_demo_without_a_terminal_names_the_way_that_needs_none(bank, launched, monkeypatch):
    monkeypatch.setattr(demo, "has_terminal", lambda: False)
    result = bank.run("demo")
    assert (result.code, launched) == (2, [])
    assert "--headless" in result.err


def test_a_console_that_could_not_show_its_node_ends_with_the_failures_code(bank, monkeypatch):
    ended = SimpleNamespace(failure=Failure(Code.VERSION, "the node was upgraded meanwhile"))
    monkeypatch.setitem(sys.modules, "tui.app", SimpleNamespace(run=lambda place, **options: ended))
    result = bank.run("connect", "bank")
    assert (result.code, result.err) == (6, "observer: the node was upgraded meanwhile\n")
