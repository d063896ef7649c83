"""`observer waits`: the forest of who waits for whom."""

from __future__ import annotations

import json

import pytest

from runtime.port.contract import Info, Link, NodeQuery, Trouble, Wait, Waits, WaitsQuery
from tests.support.command_line import AT, CommandLine, node_info, process_info
from tui.pages.parts.links import relations
from tui.pages.trouble import lines

AUDIT = Link(pid="<0.3.0>", name="audit")
BANK = Link(pid="<0.4.0>", name="bank")
WEB = Link(pid="<0.5.0>", name="web")


def wait(caller, callee, for_s=3.0, **more):
    return Wait(
        caller=caller,
        callee=callee,
        for_s=for_s,
        **{"stage": "handling", "own": True, "message": "Deposit"} | more,
    )


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


def waits(*found, cycles=()):
    return Waits(at=AT, total=len(found), waits=list(found), cycles=list(cycles))


def test_below_each_process_stand_those_that_wait_for_it(bank):
    bank.answer(
        WaitsQuery,
        waits(
            wait(WEB, BANK, 2.0, stage="mailbox", ahead=4),
            wait(BANK, AUDIT, left_s=1.5),
            wait(None, BANK, 1.0, stage="later", message=None, own=False),
        ),
    )
    first, *rest = bank.run("waits").out.splitlines()
    assert first.split() == ["WHO", "WAITS", "LEFT", "MESSAGE", "WHERE"]
    assert [" ".join(line.split()) for line in rest] == [
        "<0.3.0> audit",
        "<0.4.0> bank 3.0 s 1.5 s Deposit its handler runs",
        "<0.5.0> web 2.0 s ∞ Deposit 4 messages ahead",
        "the host 1.0 s ∞ – to be answered later",
    ]
    assert [len(line) - len(line.lstrip()) for line in rest] == [0, 2, 4, 4]


def test_a_circle_is_named_and_each_of_its_processes_stands_once(bank):
    bank.answer(WaitsQuery, waits(wait(WEB, BANK), wait(BANK, WEB), cycles=[[BANK, WEB]]))
    first, _titles, *rest = bank.run("waits").out.splitlines()
    assert first == "circle  bank <0.4.0> waits for web <0.5.0> waits for bank <0.4.0>"
    assert [line.split()[:2] for line in rest] == [
        ["<0.4.0>", "bank"],
        ["<0.5.0>", "web"],
        ["<0.4.0>", "bank"],
    ]


def test_a_task_that_waits_is_marked(bank):
    bank.answer(WaitsQuery, waits(wait(WEB, BANK, own=False)))
    assert "<0.5.0> web (task)" in bank.run("waits").out


def test_where_nobody_waits_it_says_so_and_json_is_whole(bank):
    bank.answer(WaitsQuery, waits())
    assert bank.run("waits").err == "no call waits for its answer\n"
    answer = json.loads(bank.run("waits", "web", "--limit", "3", "--json").out)
    assert (answer["waits"], answer["cycles"], answer["total"]) == ([], [], 0)
    assert bank.node.asked[-1] == WaitsQuery(process="web", limit=3)


def test_what_is_left_out_is_counted(bank):
    bank.answer(WaitsQuery, Waits(at=AT, total=7, waits=[wait(WEB, BANK)]))
    assert bank.run("waits").err == "1 of 7\n"


def test_a_process_says_for_whom_it_waits_and_who_waits_for_it(bank):
    info = process_info(
        waits_for=wait(BANK, AUDIT, left_s=2.0), waited_by=[wait(WEB, BANK), wait(None, BANK)]
    )
    bank.answer(Info, info)
    out = bank.run("info", "bank").out
    assert "audit <0.3.0>, 3.0 s, gives up in 2.0 s · Deposit, its handler runs" in out
    assert "web <0.5.0>, the host" in out
    rows = [(row.what, row.pid, row.name) for row in relations(info) if row.what.startswith("wait")]
    assert rows == [
        ("waits for", "<0.3.0>", "audit"),
        ("waited for by", "<0.5.0>", "web"),
        ("waited for by", "", "the host"),
    ]


def test_the_node_names_whom_the_longest_wait_is_for_and_a_circle_as_trouble(bank):
    trouble = Trouble(pid="<0.3.0>", name="audit", value=12.0, text="web waits for bank, which waits")
    bank.answer(NodeQuery, node_info(waited_for=trouble))
    assert "waited for" in bank.run("node").out
    (line,) = [line for line in lines(node_info(waited_for=trouble)) if line.what == "waited for"]
    assert (line.pid, line.value, line.wrong) == ("<0.3.0>", "12 s", False)
    circle = node_info(waited_for=trouble, circle=[AUDIT, BANK], circle_s=3.0)
    (line,) = [line for line in lines(circle) if line.what == "circle"]
    assert line.wrong
    assert line.text == "audit <0.3.0> waits for bank <0.4.0> waits for audit <0.3.0>"
    young = circle.model_copy(update={"circle_s": 0.4})
    assert not any(line.wrong for line in lines(young) if line.what == "circle"), "somebody may open it soon"
    bank.answer(NodeQuery, circle)
    assert "audit <0.3.0> waits for bank <0.4.0>" in bank.run("node").out
