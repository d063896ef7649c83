"""The Module page: plan and diff, the question before anything is changed, what came of it, the way back."""

from __future__ import annotations

import pytest

from runtime.port.contract import Code, Failure, PlanUpgrade, Reload, Rollback, UpgradesQuery
from tests.support.code_nodes import OLD, SCANNER, WHY, edited, impossible, modules, plan
from tests.support.console import Console, settle
from tests.support.fake_node import viewer

NARROW, WIDE = (80, 24), (120, 40)


@pytest.fixture
def console():
    return Console(edited(), start_page="modules")


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


def text(console):
    """The screen; texts that were broken into lines are one again."""
    return " ".join(console.screen_text().split())


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_nothing_is_planned_before_it_is_asked_for(console, size):
    async with console.open(size) as pilot:
        await press(pilot, "enter")
        await console.poll(pilot)
        assert console.node.count(PlanUpgrade) == 0
        assert "r plans: the new code is executed aside" in text(console)


async def test_a_plan_is_a_table_of_what_changes_and_whom_it_concerns(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "r")
        for words in (
            "✓ can be applied: 1 module, 4 processes, 4 states migrated on copies in 1 ms",
            "■ module demo.reviewer 4f2a9c01d3e5 → b81d77e0aa42",
            "~ changed Reviewer.handle_info function",
            "+ added parse function",
            "− removed LIMIT value",
            "● affected demo.reviewer:Reviewer 4 servers, 1 in the middle of a step, 311 messages waiting;",
            "state by code_change",
            "→ dependant demo.reporter",
            "! caution demo.reviewer.SEEN module state: starts anew",
        ):
            assert words in text(console)


async def test_the_diff_is_a_part_of_its_own_and_beside_the_plan_where_there_is_room(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "r")
        assert "+        tree = parse(review.path)" not in console.screen_text()
        await press(pilot, "d")
        assert "+        tree = parse(review.path)" in console.screen_text()
    console = Console(edited(), start_page="modules")
    async with console.open(WIDE) as pilot:
        await press(pilot, "enter", "r")
        assert "+        tree = parse(review.path)" in console.screen_text()
        assert "● affected" in console.screen_text()


async def test_what_stands_in_the_way_comes_first_and_cannot_be_confirmed(console):
    console.node.plans["upgrade"] = impossible()
    async with console.open(NARROW) as pilot:
        await press(pilot, "U")
        assert "✗ cannot be applied: Reviewer.handle_call: the running class has it" in text(console)
        await press(pilot, "y", "left", "enter")
        assert console.node.count(Reload) == 0
        rows = [line[2:].split("  ")[0] for line in console.screen_text().splitlines()[7:]]
        assert [row for row in rows if row.startswith("✗")] == ["✗ problem", "✗ failure"]


async def test_a_process_whose_state_does_not_come_through_is_opened(console):
    console.node.plans["upgrade"] = impossible()
    async with console.open(WIDE) as pilot:
        await press(pilot, "r")
        console.page.tables["plan"].move_to("1 0")
        assert console.page.target().pid == "<0.19.0>"
        await press(pilot, "enter")
        assert (console.page.mode, console.page.subject.pid) == ("process", "<0.19.0>")


async def test_an_upgrade_says_what_is_at_stake_and_how_a_script_does_it_and_no_is_the_default(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "U")
        for words in (
            "Upgrade demo.reviewer?",
            "4f2a9c01d3e5 → b81d77e0aa42",
            "4 processes get it, each between two messages",
            "1 in a step: 5 s to end it, else nothing changes",
            "311 messages waiting: none is lost",
            "1 caution and 1 dependant: the plan names them",
            "$ observer reload demo.reviewer -n crew",
            "[ No ]",
        ):
            assert words in text(console)
        await press(pilot, "enter")
        assert console.node.count(Reload) == 0


async def test_yes_cannot_be_said_before_the_plan_is_there(console, monkeypatch):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        asked = []
        monkeypatch.setattr(console.app.link, "ask", lambda token, request: asked.append(request))
        await press(pilot, "U", "y")
        assert "asking the node what is at stake" in text(console)
        assert [type(request) for request in asked] == [PlanUpgrade]
        await press(pilot, "n")
        assert "◌ planning for" in text(console)


async def test_yes_upgrades_by_the_plan_that_was_shown_and_tells_what_came_of_it(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "U", "y")
        (asked,) = [each for each in console.node.asked if isinstance(each, Reload)]
        assert asked.plan == plan().id
        for words in (
            "✓ upgraded 4 processes in 12 ms",
            "pauses p50 12 µs p99 40 µs longest 40 µs",
            "311 messages migrated",
            "◐ 1 process keeps old code",
        ):
            assert words in text(console)


async def test_a_plan_that_is_on_screen_is_not_made_again(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "r", "U", "y")
        assert console.node.count(PlanUpgrade) == 1
        assert console.node.count(Reload) == 1


async def test_an_upgrade_that_is_refused_says_why_and_the_next_one_is_planned_anew(console):
    why = "demo.reviewer has changed on disk since it was planned; plan again"
    console.node.outcomes["upgrade"] = Failure(Code.REFUSED, why)
    async with console.open(NARROW) as pilot:
        await press(pilot, "U", "y")
        assert f"✗ not done: {why}" in text(console)
        await press(pilot, "U")
        assert console.node.count(PlanUpgrade) == 2


async def test_what_the_node_is_busy_with_is_shown_with_how_long_this_console_waits(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        console.node.modules = modules(busy="rollback")
        await console.poll(pilot)
        assert "◌ rollback under way" in text(console)


async def test_the_way_back_is_one_key_and_asks(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "down", "B")
        assert f"Roll back {SCANNER}?" in text(console)
        assert "$ observer rollback demo.scanner -n crew" in text(console)
        (asked,) = [each for each in console.node.asked if isinstance(each, PlanUpgrade)]
        assert asked.rollback
        await press(pilot, "y")
        (done,) = [each for each in console.node.asked if isinstance(each, Rollback)]
        assert done.modules == [SCANNER]
        assert "✓ rolled back 4 processes" in text(console)


async def test_where_nothing_was_upgraded_there_is_no_key_for_the_way_back(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        assert "roll back" not in console.screen_text().splitlines()[-1]
        await press(pilot, "B")
        assert console.node.count(PlanUpgrade) == 0


async def test_dependants_come_along_if_asked_to(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "D")
        (asked,) = [each for each in console.node.asked if isinstance(each, PlanUpgrade)]
        assert asked.dependants
        assert "with dependants" in console.screen_text()


async def test_who_keeps_old_code_is_listed_with_the_reason_and_opened(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "down", "enter", "o")
        assert "<0.22.0> scanner" in console.screen_text()
        assert "it has not called continue_with, and" in text(console)
        await press(pilot, "enter")
        assert console.page.subject.pid == "<0.22.0>"


async def test_the_history_says_who_when_and_how_it_went_and_is_polled_only_while_visible(console):
    async with console.open(WIDE) as pilot:
        await press(pilot, "enter")
        assert console.node.count(UpgradesQuery) == 0
        await press(pilot, "h")
        assert "5:20 key ann ✗ refused" in text(console)
        assert "KeyError: 'budget' in code_change" in text(console)
        await press(pilot, "escape", "down", "enter", "h")
        assert "3:20 key owner ✓ upgrade 0c1d2e3f4a5b 77aa01c2b3d4" in text(console)
        before = console.node.count(UpgradesQuery)
        await press(pilot, "t")
        await console.poll(pilot)
        assert console.node.count(UpgradesQuery) == before


async def test_a_viewer_sees_the_module_and_is_told_what_needs_an_admin():
    console = Console(viewer(edited()), start_page="modules")
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        assert OLD in console.screen_text()
        assert "plan needs the role admin; this console's key is a viewer's" in console.screen_text()
        await press(pilot, "r", "U")
        assert console.node.count(PlanUpgrade) == 0


async def test_a_restarted_node_knows_no_plan_of_before(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "r")
        assert "✓ can be applied" in console.screen_text()
        console.node.info = console.node.info.model_copy(update={"incarnation": "another"})
        await console.poll(pilot)
        assert "✓ can be applied" not in console.screen_text()
        assert "● affected" not in console.screen_text()
        await press(pilot, "U")
        assert console.node.count(PlanUpgrade) == 2


async def test_back_and_forward_lead_through_modules(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "escape", "down", "enter")
        assert console.page.module == SCANNER
        await press(pilot, "left_square_bracket", "left_square_bracket")
        assert console.page.mode in {"module", "modules"}


async def test_a_plan_with_text_that_tries_to_be_more(console):
    bad = plan(children=["[bold]x[/bold]\x1b[2J"], problems=[], dependants=["[red]"])
    console.node.plans["upgrade"] = bad
    async with console.open(WIDE) as pilot:
        await press(pilot, "r")
        assert "[bold]x[/bold]·[2J" in text(console)
        assert "\x1b" not in console.screen_text()


async def test_a_process_says_the_version_of_its_code_and_why_it_is_an_older_one():
    console = Console(edited())
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *"scanner", "enter")
        assert "code 0c1d2e3f4a5b ◐ old" in text(console)
        assert f"◐ 77aa01c2b3d4 is in place: {WHY}" in text(console)
        await press(pilot, "g", *"reviewer-1", "enter")
        assert f"code {OLD} ▲ stale" in text(console)
        assert "its file has changed since" in text(console)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_rows_and_the_tree_have_badges_in_words(size):
    console = Console(edited())
    async with console.open(size) as pilot:
        lines = console.screen_text().splitlines()
        assert "▲ stale" in next(line for line in lines if "reviewer-2" in line)
        assert "◐ old" in next(line for line in lines if "scanner" in line)
        assert "stale" not in next(line for line in lines if "dispatcher" in line)
        await press(pilot, "3")
        lines = console.screen_text().splitlines()
        assert "◆ ready  ▲ stale" in next(line for line in lines if "reviewer-2" in line)
        assert "◐ old" in next(line for line in lines if "scanner" in line)


async def test_where_all_code_is_current_there_is_no_column_for_it():
    node = edited()
    node.rows = [row.model_copy(update={"code": None}) for row in node.rows]
    console = Console(node)
    async with console.open(NARROW) as pilot:
        assert "CODE" not in console.screen_text()
        node.change("<0.19.0>", code="stale")
        await console.poll(pilot)
        assert "CODE" in console.screen_text()
