"""`observer registry`, and what the Process page tells of keys, groups and limits."""

from __future__ import annotations

import json

import pytest

from runtime.port.contract import Bound, Entry, Info, Link, Registered, RegistryQuery, Table
from tests.support.command_line import AT, CommandLine, process_info
from tui.limits import bound_text
from tui.pages.parts.links import relations

BANK = Link(pid="<0.4.0>", name="bank")
WEB = Link(pid="<0.5.0>")


def entry(kind, scope, key, process=BANK):
    return Entry(kind=kind, scope=scope, key=key, process=process)


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


def test_one_line_says_who_is_found_where(bank):
    found = [entry("key", "rooms", "lobby"), entry("group", "workers", "tellers", WEB)]
    bank.answer(RegistryQuery, Registered(at=AT, total=2, entries=found))
    first, *rest = bank.run("registry").out.splitlines()
    assert first.split() == ["SCOPE", "KIND", "KEY", "PID", "NAME"]
    assert [line.split() for line in rest] == [
        ["rooms", "key", "lobby", "<0.4.0>", "bank"],
        ["workers", "group", "tellers", "<0.5.0>"],
    ]


def test_what_is_left_out_is_counted_and_nothing_says_so(bank):
    bank.answer(RegistryQuery, Registered(at=AT, total=7, entries=[entry("key", "rooms", "lobby")]))
    assert bank.run("registry").err == "1 of 7\n"
    bank.answer(RegistryQuery, Registered(at=AT, total=0))
    assert bank.run("registry").err == "no entries\n"


def test_it_asks_for_one_process_or_one_scope_and_json_is_whole(bank):
    tables = [Table(kind="key", scope="rooms", entries=1)]
    bank.answer(RegistryQuery, Registered(at=AT, total=0, tables=tables))
    answer = json.loads(bank.run("registry", "bank", "--scope", "rooms", "--limit", "3", "--json").out)
    assert (answer["tables"], answer["entries"], answer["total"]) == (
        [{"kind": "key", "scope": "rooms", "entries": 1}],
        [],
        0,
    )
    assert bank.node.asked[-1] == RegistryQuery(process="bank", scope="rooms", limit=3)


def test_a_process_says_what_it_is_registered_as(bank):
    info = process_info(
        entries=[entry("key", "rooms", "lobby"), entry("key", "halls", "lobby")], more_entries=3
    )
    bank.answer(Info, info)
    lines = [" ".join(line.split()) for line in bank.run("info", "bank").out.splitlines()]
    assert "key lobby (rooms)" in lines
    assert "and 3 more" in lines
    rows = [row for row in relations(info) if row.what == "key"]
    assert [(row.name, row.text) for row in rows] == [("lobby", "rooms"), ("lobby", "halls")]
    assert len({row.key for row in rows}) == 2


def test_a_process_says_what_its_mailbox_may_hold_and_what_was_too_much(bank):
    bound = Bound(limit=1000, policy="block", blocked=12, waiting=2)
    assert bound_text(bound) == "1,000, block, 12 had to wait, 2 waiting now"
    bank.answer(Info, process_info(bound=bound))
    assert "1,000, block, 12 had to wait" in bank.run("info", "bank").out
    bank.answer(Info, process_info())
    assert "limit" not in bank.run("info", "bank").out
