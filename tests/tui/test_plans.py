"""What a plan says, whoever shows it."""

from __future__ import annotations

import io

from runtime.port.contract import ModulePlan
from tests.support.code_nodes import impossible, plan
from tui.output.plans import show
from tui.output.writer import Writer
from tui.plans import concerned, pieces, pieces_of
from tui.upgrades import plan_rows


def everything():
    """A plan that says something of every sort."""
    module = ModulePlan(module="demo.reader", old="1", new="2", path="reader.py", asked=False)
    refused = impossible()
    return refused.model_copy(
        update={"children": ["crew: child 'x' is started"], "modules": [*refused.modules, module]}
    )


def test_what_stands_in_its_way_comes_first_and_what_nobody_can_undo_last():
    order = list(dict.fromkeys(piece.what for piece in pieces(everything())))
    assert order == ["problem", "failure", "module", "change", "affected", "child", "dependant", "caution"]


def test_console_and_command_line_show_every_piece():
    text = io.StringIO()
    show(Writer(text), everything(), diff=False)
    rows = " ".join(f"{row.kind} {row.subject} {row.text}" for row in plan_rows(everything()))
    for piece in pieces(everything()):
        assert piece.subject in rows, piece
        assert piece.subject in text.getvalue(), piece
        assert piece.text in rows, piece
        if piece.what not in {"affected", "dependant"}:  # a table, and a title
            assert piece.text in text.getvalue(), piece


def test_a_process_is_named_where_a_piece_is_about_a_single_one():
    assert [piece.pid for piece in pieces_of(impossible(), "failure")] == ["<0.19.0>"]
    assert [piece.pid for piece in pieces_of(plan(), "affected")] == [""], "of four"
    assert concerned(plan()) == 4
