"""Who gave up, and who is about to: in the answers of `node` and `tree`."""

from __future__ import annotations

import json

import pytest

from runtime.port.contract import (
    Event,
    Events,
    Feed,
    Info,
    NodeQuery,
    Running,
    Slicing,
    Tree,
    TreeQuery,
    Trouble,
)  # fmt: skip
from tests.support.command_line import AT, CommandLine, node_info, process_info, row, tree_node
from tests.support.other_nodes import GHOST


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


def test_node_names_first_who_gave_up_and_the_supervisor_that_restarts(bank):
    gone = Trouble(pid="<0.12.0>", name="crew", value=12, text="child scanner: more than 3 restarts in 5 s")
    again = Trouble(pid="<0.15.0>", name="reviewers", value=1, text="1 restart in 5 s, 99 left, last r-4")
    deepest = Trouble(pid="<0.14.0>", name="dispatcher", value=1204)
    result = bank.answer(NodeQuery, node_info(deepest=deepest, gave_up=gone, restarting=again)).run("node")
    trouble = [line.split() for line in result.out.partition("trouble")[2].splitlines() if line]
    assert " ".join(trouble[0]) == (
        "gave up crew <0.12.0> 12 s ago child scanner: more than 3 restarts in 5 s"
    )
    assert " ".join(trouble[-1]) == "restarting reviewers <0.15.0> 1 restart in 5 s, 99 left, last r-4"


def test_node_names_where_it_began_below_who_gave_up(bank):
    gone = Trouble(pid="<0.12.0>", name="crew", value=12, text="child plant: more than 3 restarts in 5 s")
    cause = Trouble(pid="<0.63.0>", name="printer", value=12, text="KeyError('cyan')")
    out = bank.answer(NodeQuery, node_info(gave_up=gone, root_cause=cause)).run("node").out
    _, second, *_ = [" ".join(line.split()) for line in out.partition("trouble")[2].splitlines() if line]
    assert second == "root cause printer <0.63.0> 12 s ago KeyError('cyan')"


def test_tree_names_who_gave_up_and_why(bank):
    text = "child scanner: more than 3 restarts in 5 s"
    crew = tree_node("crew", pid=None, status="ended", last_reason="shutdown", gave_up=text)
    out = bank.answer(TreeQuery, Tree(at=AT, processes=1, roots=[crew])).run("tree").out
    assert "✗ gave up" in out
    assert "child scanner" in out


def test_node_says_how_time_is_sliced_and_who_uses_it_up(bank):
    spinner = Running(
        pid="<0.21.0>", name="reviewer-4", handler="handle_info(Review)", for_s=12.3, slices=11_204
    )
    sliced = Slicing(mode="time-slicing", why="1 ms slices", parks=59_316, interrupts=1, rescues=2, parked=3)
    result = bank.answer(NodeQuery, node_info(slicing=sliced, spinning=spinner))
    out = result.run("node").out
    assert "✓ on  1 ms slices" in out
    assert "parked 3, taken 59,316, interrupted 1, rescues 2" in out
    assert "parked reviewer-4 <0.21.0> in handle_info(Review) for 12 s, 11,204 slices" in out
    document = json.loads(bank.run("node", "--json").out)
    assert (document["slicing"]["parks"], document["spinning"]["slices"]) == (59_316, 11_204)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("off: asked for with time_slicing=False", "○ off  asked for"),
        ("report only: no GIL", "▲ report only  no GIL"),
    ],
)
def test_node_says_why_time_is_not_sliced(bank, sentence, words):
    assert words in bank.answer(NodeQuery, node_info(preemption=sentence)).run("node").out


def test_node_lists_what_does_not_end_and_says_what_to_make_of_it(bank):
    out = bank.answer(NodeQuery, node_info(zombies=[GHOST])).run("node").out
    (line,) = [line for line in out.splitlines() if GHOST.pid in line]
    for words in ("reviewer-4", "demo.reviewer:Reviewer", "20", "killed, by key owner", "walk"):
        assert words in line
    assert "Restart the node when convenient" in " ".join(out.split())
    (ghost,) = json.loads(bank.run("node", "--json").out)["zombies"]
    assert (ghost["pid"], ghost["throws"], ghost["stack"][-1]["function"]) == ("<0.17.0>", 20, "walk")


def test_info_explains_a_zombie(bank):
    info = process_info(row=row("<0.17.0>", status="zombie"), zombie=GHOST)
    out = bank.answer(Info, info).run("info", "17").out
    assert "† zombie" in out
    assert "ended (killed, by key owner), but its code does not" in out


def test_a_zombie_is_an_event(bank):
    event = Event(seq=1, at=AT, pid="<0.17.0>", name="glutton", kind="zombie", text="its code does not end")
    assert "its code does not end" in bank.answer(Feed, Events(at=AT, events=[event])).run("events").out
