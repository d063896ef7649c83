"""The console as a whole: pages, places, pausing, losing and finding the node again, leaving."""

from __future__ import annotations

from functools import partialmethod

import pytest

import tui.app
from runtime.port.client import Place
from runtime.port.contract import Code, NodeQuery, Ps, TreeQuery
from tests.support.console import Console, settle
from tests.support.crew import crew
from tests.support.eventually import eventually
from tests.support.other_nodes import HOSTILE, empty, hostile
from tui.app import ObserverApp
from tui.widgets.confirm import Confirm
from tui.widgets.help import Help
from tui.widgets.hints import DEMO


@pytest.fixture
def console():
    return Console(crew())


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def test_the_pages_have_numbers(console):
    async with console.open() as pilot:
        for key, page in (("1", "node"), ("3", "tree"), ("4", "process"), ("2", "processes")):
            await press(pilot, key)
            assert console.page.mode == page


async def test_4_is_the_process_viewed_last(console):
    async with console.open() as pilot:
        await press(pilot, "down", "enter", "2", "4")
        assert "librarian <0.13.0>" in console.screen_text()


async def test_4_before_any_process_says_how_to_open_one(console):
    async with console.open() as pilot:
        await press(pilot, "4")
        assert "no process was opened yet" in console.screen_text()


@pytest.mark.parametrize("typed", ["reviewer-3", "<0.26.0>", "26"])
async def test_g_jumps_to_a_pid_or_a_name(console, typed):
    async with console.open() as pilot:
        await press(pilot, "g", *typed, "enter")
        assert console.page.mode == "process"
        assert "reviewer-3 <0.26.0>" in console.screen_text()


async def test_a_jump_to_nobody_says_so_and_stays(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"nobody", "enter")
        assert console.page.mode == "processes"
        assert "no process nobody" in console.screen_text()


async def test_typing_a_target_presses_no_keys_of_the_page(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"qpK1")
        assert console.page.prompt.query_one("Input").value == "qpK1"
        await press(pilot, "escape")
        assert console.page.mode == "processes"
        assert console.page.focused is console.page.table


async def test_brackets_go_back_and_forward(console):
    async with console.open() as pilot:
        await press(pilot, "3", "1", "left_square_bracket", "left_square_bracket")
        assert console.page.mode == "processes"
        await press(pilot, "right_square_bracket")
        assert console.page.mode == "tree"


async def test_back_returns_to_the_process_before(console):
    async with console.open() as pilot:
        await press(pilot, "enter")
        console.app.open_process("<0.13.0>", "librarian")
        await settle(pilot)
        assert console.page.subject.pid == "<0.13.0>"
        await press(pilot, "left_square_bracket")
        assert console.page.subject.pid == "<0.14.0>"


async def test_only_the_visible_page_is_polled(console):
    async with console.open() as pilot:
        await press(pilot, "3")
        before = console.node.count(Ps)
        await console.poll(pilot)
        assert console.node.count(Ps) == before
        assert console.node.asked[-1] == TreeQuery()


async def test_a_pause_freezes_the_page_and_samples_go_on(console):
    async with console.open() as pilot:
        await press(pilot, "p")
        assert "PAUSED" in console.screen_text()
        console.node.change("<0.14.0>", mailbox=5)
        pages, samples = console.node.count(Ps), len(console.app.session.series["lag"])
        await console.poll(pilot)
        assert console.node.count(Ps) == pages
        assert len(console.app.session.series["lag"]) == samples + 1
        assert "1,204" in console.screen_text()
        await press(pilot, "p")
        assert "1,204" not in console.screen_text()


async def test_plus_and_minus_change_the_interval(console):
    async with console.open() as pilot:
        await press(pilot, "plus")
        assert "2 s" in console.screen_text().splitlines()[0]
        await press(pilot, "minus", "minus")
        assert "0.5 s" in console.screen_text().splitlines()[0]
        assert console.app.link._interval == 0.5


async def test_the_header_shows_the_total_and_the_observers_own_cost(console):
    async with console.open((80, 24)):
        header = console.screen_text().splitlines()[0]
        assert "procs 10" in header
        assert "observer 2.1 ms/s" in header
        assert "lag 0.4 ms" in header


async def test_a_lost_node_dims_the_body_and_keeps_the_position(console):
    async with console.open() as pilot:
        await press(pilot, "down", "down")
        console.node.down()
        for _ in range(3):
            await console.poll(pilot, 4)
        assert console.page.has_class("-stale")
        line = console.screen_text().splitlines()[1]
        assert "stale 12 s · reconnecting (3) · node last said: running <0.18.0>" in line
        assert console.page.table.cursor == "<0.19.0>"
        console.node.up()
        await console.poll(pilot)
        assert not console.page.has_class("-stale")
        assert "stale" not in console.screen_text()
        assert console.page.table.cursor == "<0.19.0>"


async def test_a_silent_node_becomes_stale_without_a_report(console):
    async with console.open() as pilot:
        console.clock.pass_(20)
        console.app._tick()
        await settle(pilot)
        assert "stale 20 s · no answer" in console.screen_text()


async def test_a_restarted_node_is_a_new_incarnation(console):
    async with console.open() as pilot:
        await press(pilot, "down", "down")
        console.node.down()
        await console.poll(pilot, 4)
        console.node.up()
        console.node.info = console.node.info.model_copy(update={"incarnation": "other"})
        renamed = {"<0.19.0>": "<0.77.0>"}
        console.node.rows = [
            row.model_copy(update={"pid": renamed.get(row.pid, row.pid)}) for row in console.node.rows
        ]
        await console.poll(pilot)
        assert "new incarnation (2)" in console.screen_text()
        assert console.page.table.cursor == "<0.77.0>"


async def test_a_node_that_cannot_be_reached_at_first_ends_the_console(console):
    console.node.down(Code.DENIED)
    async with console.app.run_test() as pilot:
        await settle(pilot)
    assert console.app.return_value is not None
    assert console.app.return_value.failure.code is Code.DENIED


def test_a_console_that_crashes_ends_as_a_failure(monkeypatch, capsys):
    def broken(app):
        raise KeyError("row 7")

    monkeypatch.setattr(ObserverApp, "on_mount", broken)
    monkeypatch.setattr(ObserverApp, "run", partialmethod(ObserverApp.run, headless=True))
    failure = tui.app.run(Place(name="crew")).failure
    assert (failure.code, failure.message) == (Code.INTERNAL, tui.app.CRASHED)
    assert "row 7" in capsys.readouterr().err


async def test_q_leaves_with_nothing_to_complain_about(console):
    async with console.open() as pilot:
        await pilot.press("q")
        await settle(pilot)
    assert console.app.return_value is not None
    assert console.app.return_value.failure is None


async def test_ctrl_c_leaves(console):
    async with console.open() as pilot:
        await pilot.press("ctrl+c")
        await settle(pilot)
    assert console.app.return_value is not None


async def test_the_help_lists_the_bindings_themselves(console):
    async with console.open((120, 50)) as pilot:
        await press(pilot, "question_mark")
        text = console.screen_text()
        shown = [
            active.binding
            for active in console.page.active_bindings.values()
            if active.binding.group is not None
        ]
        assert len(shown) > 30
        for binding in shown:
            if not binding.description.endswith("per second"):
                assert binding.description in text
        await press(pilot, "escape")
        assert not isinstance(console.app.screen, Help)


async def test_the_footer_has_at_most_eight_keys_and_always_help_and_quit(console):
    async with console.open((80, 24)) as pilot:
        for key in "1234":
            await press(pilot, key)
            footer = console.screen_text().splitlines()[-1]
            assert "? help" in footer
            assert "q quit" in footer
            assert len(console.page.query_one("KeyFooter").zones) <= 9


async def test_the_palette_runs_commands_and_jumps(console):
    async with console.open() as pilot:
        await press(pilot, "colon", *"librarian")
        await eventually(lambda: "jump to process" in console.screen_text())
        await press(pilot, "escape")
        await eventually(lambda: len(console.app.screen_stack) == 1)
        await press(pilot, "colon", *"tree")
        await eventually(lambda: "pages: tree" in console.screen_text())
        await pilot.press("enter")
        await eventually(lambda: console.app.page is not None and console.app.page.mode == "tree")


async def test_a_key_of_the_footer_can_be_clicked(console):
    async with console.open() as pilot:
        footer = console.page.query_one("KeyFooter")
        zone = next(zone for zone in footer.zones if "pause" in zone[3])
        await pilot.click(footer, offset=(zone[1], 0))
        await settle(pilot)
        assert console.app.session.paused


async def test_the_alert_can_be_opened(console):
    async with console.open() as pilot:
        await press(pilot, "exclamation_mark")
        assert console.page.subject.pid == "<0.26.0>"


async def test_hostile_text_is_shown_as_it_is_on_every_page():
    console = Console(hostile())
    async with console.open((200, 50)) as pilot:
        for key in ("2", "3", "1"):
            await press(pilot, key)
            text = console.screen_text()
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "[b]crew" in text
        await press(pilot, "2", "end", "enter")
        assert console.page.subject.pid == "<0.40.0>"
        assert HOSTILE[0] in console.screen_text()
        await press(pilot, "K")
        assert isinstance(console.app.screen, Confirm)
        assert "[bold red]" in console.screen_text()


async def test_an_empty_node_is_no_reason_to_fail():
    console = Console(empty())
    async with console.open((80, 24)) as pilot:
        for key in "1234":
            await press(pilot, key)
            await press(pilot, "down", "enter", "K", "S", "y", "F")
            assert console.page.mode


async def test_all_pages_work_while_the_node_says_nothing(console):
    console.node.fault = None
    async with console.open() as pilot:
        console.node.down()
        for key in "1342":
            await press(pilot, key)
        assert console.node.count(NodeQuery) >= 1


async def test_the_real_link_shows_the_first_page():
    node = crew()
    app = ObserverApp(node.client, interval=0.01)
    async with app.run_test() as pilot:
        await eventually(lambda: app.page is not None and getattr(app.page, "answer", None) is not None)
        await eventually(lambda: node.count(Ps) > 3)
        await pilot.press("q")


@pytest.mark.parametrize("size", [(20, 6), (40, 10), (300, 90)])
async def test_odd_terminals_are_no_reason_to_fail(console, size):
    async with console.open(size) as pilot:
        for key in "1324":
            await press(pilot, key, "enter", "question_mark", "escape", "K", "escape")
            await console.poll(pilot)


async def test_the_demos_hints_fit_a_small_terminal():
    console = Console(crew(), hints=DEMO)
    async with console.open((80, 24)):
        strip = console.screen_text().splitlines()[-2]
        for hint in ("3 tree", "K kill a reviewer", "g open librarian", "S suspend it: mail grows"):
            assert hint in strip
