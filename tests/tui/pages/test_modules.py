"""The Modules page: what needs an eye first, what the key may not, and the way into one module."""

from __future__ import annotations

import pytest

from runtime.port.contract import ModulesQuery, PlanUpgrade, Role
from tests.support.code_nodes import REVIEWER, SCANNER, edited, modules
from tests.support.console import Console, settle
from tests.support.fake_node import viewer

SMALL = (80, 24)


@pytest.fixture
def console():
    return Console(edited(), start_page="modules")


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


def line(console, name):
    return next(text for text in console.screen_text().splitlines()[3:] if name in text)


async def test_5_opens_it_and_only_the_visible_page_polls():
    console = Console(edited())
    async with console.open() as pilot:
        assert console.node.count(ModulesQuery) == 0
        await press(pilot, "5")
        assert console.page.mode == "modules"
        asked = console.node.count(ModulesQuery)
        assert asked
        await press(pilot, "2")
        await console.poll(pilot)
        assert console.node.count(ModulesQuery) == asked


@pytest.mark.parametrize("size", [SMALL, (120, 40)])
async def test_a_module_is_its_version_its_state_and_its_processes(console, size):
    async with console.open(size):
        assert "4f2a9c01d3e5 ▲ stale          4     0" in line(console, REVIEWER)
        assert "77aa01c2b3d4 ✓ current        0   ◐ 1 0c1d2e3f4a5b    3:20" in line(console, SCANNER)
        assert "▲ 1 stale  ◐ 1 process on old code" in console.screen_text() or size == SMALL


async def test_stale_modules_come_first_then_those_with_processes_on_old_code(console):
    async with console.open():
        assert console.page.table.order == [REVIEWER, SCANNER, "demo.librarian"]
        assert console.page.table.cursor == REVIEWER


async def test_the_cursor_stays_on_its_module_whatever_the_order(console):
    async with console.open() as pilot:
        await press(pilot, "down", "down")
        assert console.page.table.cursor == "demo.librarian"
        first = console.node.modules.modules[0].model_copy(update={"stale": True})
        console.node.modules = console.node.modules.model_copy(
            update={"modules": [first, *console.node.modules.modules[1:]]}
        )
        await console.poll(pilot)
        assert console.page.table.order[0] == "demo.librarian"
        assert console.page.table.cursor == "demo.librarian"


async def test_until_the_operator_chooses_the_cursor_is_on_what_is_stale(console):
    async with console.open() as pilot:
        last = console.node.modules.modules[0]
        assert console.page.table.order[-1] == last.module
        console.node.modules = console.node.modules.model_copy(
            update={"modules": [last.model_copy(update={"stale": True}), *console.node.modules.modules[1:]]}
        )
        await console.poll(pilot)
        assert console.page.table.cursor == console.page.table.order[0] == last.module


async def test_a_file_that_is_gone_is_said_to_be(console):
    gone = console.node.modules.modules[0].model_copy(update={"stale": True, "on_disk": None})
    console.node.modules = console.node.modules.model_copy(update={"modules": [gone], "total": 1})
    async with console.open():
        assert "✗ file gone" in line(console, "demo.librarian")


async def test_a_transaction_of_somebody_else_is_seen(console):
    console.node.modules = modules(busy="upgrade")
    async with console.open():
        assert "◌ upgrade under way" in console.screen_text()


async def test_enter_opens_the_module_and_escape_comes_back(console):
    async with console.open() as pilot:
        await press(pilot, "enter")
        assert console.page.mode == "module"
        assert console.page.module == REVIEWER
        await press(pilot, "escape")
        assert console.page.mode == "modules"


async def test_r_opens_the_module_and_plans(console):
    async with console.open() as pilot:
        await press(pilot, "r")
        assert console.page.mode == "module"
        assert console.node.count(PlanUpgrade) == 1
        assert "✓ can be applied" in console.screen_text()


async def test_U_on_a_second_module_asks_about_that_one(console):  # noqa: N802 - the key
    async with console.open() as pilot:
        await press(pilot, "U")
        assert f"Upgrade {REVIEWER}?" in console.screen_text()
        await press(pilot, "n", "escape", "down", "U")
        assert f"Upgrade {SCANNER}?" in console.screen_text()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_who_may_not_upgrade_is_told_so_and_has_no_keys_for_it(console, role):
    viewer(console.node).info = console.node.info.model_copy(update={"role": role})
    async with console.open() as pilot:
        assert f"plan needs the role admin; this console's key is a {role.value}'s" in console.screen_text()
        assert "upgrade" not in console.screen_text().splitlines()[-1]
        await press(pilot, "U", "r", "B")
        assert console.page.mode == "modules"
        assert console.node.count(PlanUpgrade) == 0


async def test_a_console_that_is_read_only_says_so():
    console = Console(edited(), start_page="modules", read_only=True)
    async with console.open():
        assert "plan changes the node, and this console is --read-only" in console.screen_text()


async def test_a_node_that_has_no_modules_to_tell_of_is_not_asked(console):
    console.node.info = console.node.info.model_copy(update={"capabilities": ["ps", "info"]})
    async with console.open() as pilot:
        await console.poll(pilot)
        before = console.node.count(ModulesQuery)
        await console.poll(pilot)
        assert console.node.count(ModulesQuery) == before
        assert "this node does not offer `modules`" in console.screen_text()


async def test_names_are_never_markup(console):
    bad = console.node.modules.modules[1].model_copy(update={"module": "[red]x[/red]\x1b[31m"})
    console.node.modules = console.node.modules.model_copy(update={"modules": [bad], "total": 1})
    async with console.open() as pilot:
        assert "[red]x[/red]·[31m" in console.screen_text()
        await press(pilot, "enter")
        assert "[red]x[/red]·[31m" in console.screen_text()
