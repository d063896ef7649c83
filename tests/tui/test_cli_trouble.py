"""Who gave up, and who is about to: in the answers of `node` and `tree`."""

from __future__ import annotations

import pytest

from runtime.port.contract import NodeQuery, Tree, TreeQuery, Trouble
from tests.support.command_line import AT, CommandLine, node_info, tree_node


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


def test_tree_names_who_gave_up_and_why(bank):
    text = "child scanner: more than 3 restarts in 5 s"
    crew = tree_node("crew", pid=None, status="ended", last_reason="shutdown", gave_up=text)
    out = bank.answer(TreeQuery, Tree(at=AT, processes=1, roots=[crew])).run("tree").out
    assert "✗ gave up" in out
    assert "child scanner" in out
