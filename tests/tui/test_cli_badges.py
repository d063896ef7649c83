"""Stale and old code in `observer ps`, `tree` and `info`: glyph and word, and only where there is any."""

from __future__ import annotations

import pytest

from runtime.port.contract import Info, ProcessCode, Ps, Tree, TreeQuery
from tests.support.command_line import AT, CommandLine, page, process_info, row, tree_node


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


def test_the_list_has_a_column_for_it_only_where_somebody_runs_such_code(bank):
    bank.node.answers[Ps] = page(row(), row(pid="<0.43.0>"))
    assert "CODE" not in bank.run("ps").out
    bank.node.answers[Ps] = page(row(), row(pid="<0.43.0>", code="stale"), row(pid="<0.44.0>", code="old"))
    lines = bank.run("ps").out.splitlines()
    assert " CODE" in lines[0]
    assert ["▲ stale" in line for line in lines] == [False, False, True, False]
    assert ["◐ old" in line for line in lines] == [False, False, False, True]


def test_the_tree_says_it_beside_the_status(bank):
    bank.node.answers[TreeQuery] = Tree(at=AT, processes=1, roots=[tree_node("till", code="stale")])
    assert "· waiting  ▲ stale" in bank.run("tree").out


def test_a_process_has_the_version_of_its_code_and_why_it_is_not_the_newest(bank):
    bank.node.answers[Info] = process_info(code=ProcessCode(module="shop", version="aaa", current="aaa"))
    assert "code          aaa\n" in bank.run("info", "42").out
    old = ProcessCode(
        module="shop", version="aaa", current="bbb", mark="old", why="it keeps it until it ends"
    )
    bank.node.answers[Info] = process_info(code=old)
    assert "aaa ◐ old: bbb is in place: it keeps it until it ends" in bank.run("info", "42").out
    stale = ProcessCode(module="shop", version="aaa", current="aaa", mark="stale")
    bank.node.answers[Info] = process_info(code=stale)
    assert "aaa ▲ stale: its file has changed since" in bank.run("info", "42").out
