"""The Tree page: budgets, children that are away, folding."""

from __future__ import annotations

import pytest

from runtime.port.contract import Tree, TreeNode
from tests.support.console import Console, settle
from tests.support.crew import crew
from tests.support.fake_node import NOON
from tests.support.other_nodes import crowd, given_up
from tui.pages.branches import branch_rows, budgets, columns
from tui.spans import plain


@pytest.fixture
def console():
    return Console(crew(), start_page="tree")


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


def line(console, name):
    return next(text for text in console.screen_text().splitlines() if name in text and "▲" not in text)


async def test_supervisors_show_strategy_and_budget(console):
    async with console.open():
        assert "one_for_one" in line(console, "reviewers ")
        assert "4/100 in 5 s" in line(console, "reviewers ")


async def test_a_restarting_child_is_shown_as_such(console):
    async with console.open():
        assert "↻ restarting: OverBudget(10000) 200 ms ago" in line(console, "reviewer-3")


async def test_a_child_that_waits_for_its_restart_says_how_long_still(console):
    console.node.tree.roots[0].children[0] = TreeNode(
        pid=None,
        id="librarian",
        restart="permanent",
        status="restarting",
        last_reason="Corrupt('db')",
        wait_s=12.4,
    )
    async with console.open():
        assert "↻ restarting in 12 s: Corrupt('db')" in line(console, "librarian")


async def test_a_child_that_was_given_up_is_shown_as_such(console):
    console.node.tree.roots[0].children[0] = TreeNode(
        pid=None, id="librarian", restart="permanent", status="ended", last_reason="Corrupt('db')"
    )
    async with console.open():
        assert "✗ given up: Corrupt('db')" in line(console, "librarian")


async def test_a_supervisor_that_gave_up_is_shown_as_such_and_budgets_are_not_praised():
    console = Console(given_up(), start_page="tree")
    async with console.open():
        assert "✗ gave up: child scanner, more than 3 restarts in 5" in line(console, "rest_for_one")
        assert "all budgets" not in console.screen_text()
        assert "▲ crew gave up: child scanner" in console.screen_text()


async def test_a_suspended_supervisor_is_shown_as_such_beside_its_budget(console):
    children = console.node.tree.roots[0].children
    children[2] = children[2].model_copy(update={"status": "suspended"})
    async with console.open():
        assert "‖ suspended" in line(console, "reviewers ")
        assert "4/100 in 5 s" in line(console, "reviewers ")
        assert "suspended" not in line(console, "rest_for_one")


async def test_a_chosen_counter_is_a_column(console):
    async with console.open() as pilot:
        assert "FILES" in console.screen_text()
        await press(pilot, "c")
        assert "FINDING" in console.screen_text()
        assert "1.9k" in line(console, "rest_for_one")


async def test_a_hundred_children_and_the_rest_as_a_number():
    console = Console(crowd(), start_page="tree")
    async with console.open() as pilot:
        await press(pilot, "end")
        assert "… 99,900 more" in console.screen_text()
        await press(pilot, "enter", "K")
        assert console.page.mode == "tree"


async def test_a_supervisor_folds(console):
    async with console.open() as pilot:
        await press(pilot, "down", "down", "down", "space")
        assert not any("reviewer-1 " in text for text in console.screen_text().splitlines())
        assert "4 below" in line(console, "reviewers ")
        await press(pilot, "right")
        assert line(console, "reviewer-1 ")


async def test_left_goes_to_the_supervisor(console):
    async with console.open() as pilot:
        await press(pilot, "end", "left")
        assert console.page.table.current.node.id == "crew"


async def test_enter_opens_the_process(console):
    async with console.open() as pilot:
        await press(pilot, "down", "enter")
        assert console.page.subject.pid == "<0.13.0>"


async def test_the_cursor_stays_on_its_child_across_a_restart(console):
    async with console.open() as pilot:
        await press(pilot, *["down"] * 6)
        assert console.page.table.current.node.id == "reviewer-3"
        assert console.page.target() is None
        reviewers = console.node.tree.roots[0].children[2]
        back = reviewers.children[2].model_copy(update={"pid": "<0.40.0>", "status": "waiting"})
        reviewers.children[2] = back
        await console.poll(pilot)
        assert console.page.target().pid == "<0.40.0>"


def tree(used, allowed):
    top = TreeNode(
        pid="<0.1.0>",
        id="top",
        kind="supervisor",
        strategy="one_for_one",
        max_restarts=allowed,
        max_seconds=5,
        used=used,
    )
    return Tree(at=NOON, processes=1, roots=[top])


@pytest.mark.parametrize(
    ("used", "words"),
    [
        (0, "all budgets below half"),
        (4, "all budgets below half"),
        (5, "▲ top has used half"),
        (9, "▲ top has one restart left"),
    ],
)
def test_budgets_are_summed_up(used, words):
    assert plain(budgets(tree(used, 10))).startswith(words)


def test_ids_may_hold_any_character():
    child = TreeNode(pid="<0.2.0>", id="a/b")
    rows = branch_rows(
        Tree(
            at=NOON, processes=2, roots=[TreeNode(pid="<0.1.0>", id="/", kind="supervisor", children=[child])]
        )
    )
    assert [row.node.id for row in rows.values()] == ["/", "a/b"]


def test_every_cell_of_the_row_for_more_is_calm():
    rows = branch_rows(
        Tree(at=NOON, processes=9, roots=[TreeNode(pid="<0.1.0>", id="top", kind="supervisor", more=7)])
    )
    last = list(rows.values())[-1]
    texts = [plain(column.cell(last, 20)) for column in columns("files")]
    assert [text for text in texts if text] == ["└ … 7 more"]
