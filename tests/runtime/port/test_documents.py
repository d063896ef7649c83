"""Requests and answers as JSON text, and back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.port import pace
from runtime.port.contract import (
    Code,
    Failure,
    ProcessPage,
    ProcessRow,
    Ps,
    Tree,
    TreeNode,
    TreeQuery,
    answer_document,
    parse_answer,
)

AT = datetime(2026, 1, 2, tzinfo=UTC)


def tree():
    """Supervisors of several depths, and one without children."""
    leaves = [TreeNode(pid=f"<0.{n}.0>", id=f'w"{n}', counters={"tokens": n}) for n in range(3)]
    middle = TreeNode(pid=None, id="middle", kind="supervisor", children=leaves, more=7)
    top = TreeNode(
        pid="<0.9.0>", id="top", kind="supervisor", children=[middle, TreeNode(pid=None, id="é\n")]
    )
    return Tree(
        at=AT, processes=6, roots=[top, TreeNode(pid="<0.8.0>", id="empty", kind="supervisor")], more=1
    )


def page():
    rows = [ProcessRow(pid=f"<0.{n}.0>", behaviour="m:C", status="waiting") for n in range(5)]
    return ProcessPage(
        at=AT, total=9, matched=7, rows=rows[:3], kept=rows[3:], ended=["<0.1.0>"], counters=["a"]
    )


EMPTY = ProcessPage(at=AT, total=0, matched=0, rows=[])


@pytest.mark.parametrize(
    ("request_", "make"),
    [
        (TreeQuery(), tree),
        (Ps(), page),
        (Ps(), lambda: EMPTY),
        (TreeQuery(), lambda: Tree(at=AT, processes=0, roots=[])),
    ],
)
def test_an_answer_arrives_as_it_was_given(request_, make):
    assert parse_answer(request_, answer_document(make())) == make()


def test_rows_are_dumped_one_by_one_with_rests_and_are_gone_afterwards(monkeypatch):
    rests: list[float] = []
    monkeypatch.setattr(pace.time, "sleep", rests.append)
    monkeypatch.setattr(pace, "SLICE_S", 0.0)
    monkeypatch.setattr(pace._this, "until", 0.0)  # no rest is owed from before
    answer = page()
    answer_document(answer)
    assert len(rests) >= 5
    assert (answer.rows, answer.kept) == ([], [])


@pytest.mark.parametrize("end", ["", "]", '{"at":1}', '{"at":1}}}', "null}", '{"rows":[]}'])
def test_an_answer_that_is_none_is_refused_although_it_begins_like_one(end):
    with pytest.raises(Failure) as refused:
        parse_answer(Ps(), '{"ok":true,"answer":' + end)
    assert refused.value.code is Code.VERSION
