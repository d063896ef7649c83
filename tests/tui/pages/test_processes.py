"""The Processes page: the cursor and its pid, order, sorting, filtering, the window."""

from __future__ import annotations

import pytest

from runtime.port.contract import Ps
from tests.support.console import Console, settle
from tests.support.crew import crew, row
from tests.support.other_nodes import crowd, elsewhere, leaking


@pytest.fixture
def console():
    return Console(crew())


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


def asked(console) -> Ps:
    return next(request for request in reversed(console.node.asked) if isinstance(request, Ps))


def names(console):
    return [console.page.table.rows[key].name for key in console.page.table.order]


async def test_the_deepest_mailbox_comes_first(console):
    async with console.open():
        assert names(console)[:3] == ["dispatcher", "librarian", "reviewer-2"]


async def test_the_cursor_stays_on_its_pid_when_the_order_changes(console):
    async with console.open() as pilot:
        await press(pilot, "down")
        console.clock.pass_(10)
        console.node.change("<0.13.0>", mailbox=0)
        console.node.change("<0.22.0>", mailbox=9_000)
        await console.poll(pilot)
        assert console.page.table.cursor == "<0.13.0>"
        assert names(console)[0] == "scanner"


async def test_the_order_is_held_while_keys_are_pressed_and_values_go_on(console):
    async with console.open() as pilot:
        before = names(console)
        await press(pilot, "down")
        console.node.change("<0.22.0>", mailbox=9_000)
        await console.poll(pilot)
        assert names(console) == before
        assert "9,000" in console.screen_text()
        await console.poll(pilot)
        assert names(console)[0] == "scanner"


async def test_a_selected_process_that_ends_stays_until_it_is_left(console):
    async with console.open() as pilot:
        await press(pilot, "down", "down")
        console.node.end("<0.19.0>")
        await console.poll(pilot, 5)
        assert names(console)[2] == "reviewer-2"
        assert "✗ ended" in console.screen_text()
        assert console.page.target() is None
        await press(pilot, "up")
        await console.poll(pilot, 5)
        assert "reviewer-2" not in names(console)


async def test_a_selected_process_beyond_the_window_is_kept():
    console = Console(crowd())
    async with console.open() as pilot:
        console.node.change("<0.0.0>", mailbox=0)
        await console.poll(pilot, 5)
        assert console.page.table.cursor == "<0.0.0>"
        assert console.page.table.order[-1] == "<0.0.0>"


@pytest.mark.parametrize(
    ("key", "column"),
    [("m", "mailbox"), ("a", "oldest"), ("b", "busy"), ("r", "reductions"), ("x", "restarts")],
)
async def test_figures_sort_from_the_greatest_and_the_same_key_reverses(console, key, column):
    async with console.open() as pilot:
        await press(pilot, "i", key)
        assert (asked(console).sort, asked(console).desc) == (column, True)
        await press(pilot, key)
        assert (asked(console).sort, asked(console).desc) == (column, False)


@pytest.mark.parametrize(
    ("key", "column"), [("i", "pid"), ("n", "name"), ("h", "behaviour"), ("t", "status"), ("d", "doing")]
)
async def test_words_sort_from_the_start(console, key, column):
    async with console.open() as pilot:
        await press(pilot, key)
        assert (asked(console).sort, asked(console).desc) == (column, False)


@pytest.mark.parametrize(("key", "column"), [("M", "mailbox"), ("R", "reductions"), ("X", "restarts")])
async def test_shift_sorts_by_change_per_second(console, key, column):
    async with console.open() as pilot:
        await press(pilot, key)
        request = asked(console)
        assert (request.sort, request.desc, request.delta) == (column, True, True)


async def test_the_sorted_column_is_marked(console):
    async with console.open() as pilot:
        assert "MAIL▼" in console.screen_text()
        await press(pilot, "m")
        assert "MAIL▲" in console.screen_text()
        await press(pilot, "M")
        assert "Δ/s▼" in console.screen_text()


async def test_a_click_on_a_title_sorts(console):
    async with console.open() as pilot:
        x = console.screen_text().splitlines()[2].index("NAME")
        await pilot.click(console.page.table, offset=(x, 0))
        await settle(pilot)
        assert asked(console).sort == "name"


async def test_sorting_by_a_counter(console):
    async with console.open() as pilot:
        await press(pilot, "c", "o")
        assert asked(console).sort == "counter:findings"
        assert names(console)[0] == "librarian"
        assert "FINDING" in console.screen_text()


async def test_a_filter_is_applied_while_it_is_typed(console):
    async with console.open() as pilot:
        await press(pilot, "slash", *"rev")
        assert asked(console).filter == "rev"
        assert "5 of 10 match /rev" in console.screen_text()
        assert console.page.table.cursor == "<0.19.0>"


async def test_enter_keeps_the_filter_and_esc_clears_it(console):
    async with console.open() as pilot:
        await press(pilot, "slash", *"rev", "enter")
        assert asked(console).filter == "rev"
        assert console.page.focused is console.page.table
        await press(pilot, "escape")
        assert asked(console).filter == ""
        assert len(names(console)) == 10


async def test_esc_while_typing_clears_the_filter(console):
    async with console.open() as pilot:
        await press(pilot, "slash", *"rev", "escape")
        assert asked(console).filter == ""


async def test_an_exclamation_mark_inverts_the_filter(console):
    async with console.open() as pilot:
        await press(pilot, "slash", *"!rev", "enter")
        assert "reviewer-1" not in names(console)
        assert "librarian" in names(console)


async def test_a_filter_that_nothing_passes_says_so(console):
    async with console.open() as pilot:
        await press(pilot, "slash", *"zzz", "enter")
        assert "nothing matches 'zzz'" in console.screen_text()


async def test_filter_and_sort_survive_a_visit_elsewhere(console):
    async with console.open() as pilot:
        await press(pilot, "b", "slash", *"rev", "enter", "3", "2")
        assert (asked(console).sort, asked(console).filter) == ("busy", "rev")


async def test_only_a_window_is_fetched():
    console = Console(crowd())
    async with console.open():
        assert asked(console).limit == 200
        assert len(console.page.table.order) == 200
        assert "200 of 100,003" in console.screen_text()


async def test_going_on_at_the_end_moves_the_window():
    console = Console(crowd())
    async with console.open() as pilot:
        table = console.page.table
        table.move_to("<0.199.0>")
        await press(pilot, "down")
        assert asked(console).offset == 100
        assert table.cursor == "<0.199.0>"
        assert "101–300 of 100,003" in console.screen_text()
        await press(pilot, "home")
        assert asked(console).offset == 0
        assert table.cursor == "<0.0.0>"


async def test_a_restart_flashes(console):
    async with console.open() as pilot:
        console.node.end("<0.26.0>")
        reborn = row(31, "reviewer-3", "demo.reviewer:Reviewer", restarts=5)
        console.node.rows.append(reborn)
        await console.poll(pilot)
        assert console.page._flashes(reborn)
        console.clock.pass_(5)
        assert not console.page._flashes(reborn)


async def test_follow_goes_along_with_a_restart(console):
    async with console.open() as pilot:
        console.page.table.move_to("<0.26.0>")
        await press(pilot, "F")
        console.node.end("<0.26.0>")
        console.node.rows.append(row(31, "reviewer-3", "demo.reviewer:Reviewer", restarts=5))
        await console.poll(pilot, 5)
        assert console.page.table.cursor == "<0.31.0>"


@pytest.mark.parametrize(
    ("width", "absent", "present"),
    [
        (80, ["BEHAVIOUR", "REDS", "Δ/s"], ["PID", "NAME", "STATUS", "MAIL", "OLDEST", "BUSY", "↻", "DOING"]),
        (120, [], ["BEHAVIOUR", "REDS", "Δ/s", "DOING"]),
    ],
)
async def test_columns_go_in_their_order(console, width, absent, present):
    async with console.open((width, 24)):
        titles = console.screen_text().splitlines()[2]
        assert [title for title in present if title not in titles] == []
        assert [title for title in absent if title in titles] == []


async def test_y_copies_the_pid(console):
    async with console.open() as pilot:
        await press(pilot, "down", "y")
        assert console.app.clipboard == "<0.13.0>"


async def test_a_double_click_opens(console):
    async with console.open() as pilot:
        await pilot.click(console.page.table, offset=(5, 2), times=2)
        await settle(pilot)
        assert console.page.subject.pid == "<0.13.0>"


async def test_a_click_elsewhere_keeps_the_filter_and_closes_the_prompt(console):
    async with console.open() as pilot:
        await press(pilot, "slash", *"rev")
        await pilot.click(console.page.table, offset=(5, 2))
        await settle(pilot)
        assert not console.page.has_class("-prompting")
        assert asked(console).filter == "rev"
        assert console.page.table.cursor == "<0.15.0>"


async def test_memory_is_asked_for_only_where_there_is_room_to_show_it():
    console = Console(leaking())
    async with console.open((80, 24)) as pilot:
        await console.poll(pilot)
        assert not asked(console).memory
        assert " MEM" not in console.screen_text()
        await press(pilot, "w")
        assert asked(console).memory
        assert (asked(console).sort, asked(console).desc, asked(console).delta) == ("memory", True, False)
        assert " MEM▼" in console.screen_text()
        await press(pilot, "m")
        await console.poll(pilot)
        assert not asked(console).memory


async def test_who_leaks_stands_out_by_its_growth_on_any_screen():
    for size in ((80, 24), (120, 40)):
        console = Console(leaking())
        async with console.open(size) as pilot:
            await press(pilot, "W")
            assert (asked(console).sort, asked(console).delta) == ("memory", True)
            text = console.screen_text()
            assert "MEM/s▼" in text
            line = next(line for line in text.splitlines() if "librarian" in line)
            assert " 84 MB +4.1 MB" in line
            assert "≥1.2 MB +210 kB" in text


async def test_a_mark_before_the_name_tells_who_runs_elsewhere():
    console = Console(elsewhere())
    async with console.open((80, 24)):
        text = console.screen_text()
        assert "▣ reviewer-1" in text
        assert "∿ reviewer-2" in text
        assert "> reviewer-3" in text
