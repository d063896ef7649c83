"""The Node page: work, trouble, and the jumps from it."""

from __future__ import annotations

from tests.support.console import Console, settle
from tests.support.crew import crew, info
from tests.support.other_nodes import deadlocked, fallen, given_up, haunted, healthy, spun, stuck
from tui.pages.trouble import lines, verdict, worst
from tui.spans import plain


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def test_each_line_of_trouble_is_a_jump():
    for steps, pid in enumerate(["<0.14.0>", "<0.13.0>", "<0.19.0>", "<0.18.0>", "<0.26.0>", "<0.26.0>"]):
        console = Console(crew(), start_page="node")
        async with console.open((80, 24)) as pilot:
            await press(pilot, *["down"] * steps, "enter")
            assert console.page.subject.pid == pid


async def test_what_is_stuck_is_named_with_pid_and_stack():
    console = Console(stuck(), start_page="node")
    async with console.open((80, 24)):
        text = console.screen_text()
        assert "reviewer-4 <0.21.0> holds the loop 12 s" in text
        assert "complexity.py:33" in text


async def test_who_spins_is_named_with_time_slices_and_stack():
    console = Console(spun(), start_page="node")
    async with console.open((80, 24)):
        text = console.screen_text()
        assert "◇ reviewer-4 <0.21.0> spins for 12 s in handle_info(Review)" in text
        assert "◇ reviewer-4 <0.21.0>  12 s  handle_info(R" in text
        assert "11,204 slices so far; neighbours go on" in text
        assert "complexity.py:33" in text
        assert worst(console.node.info).pid == "<0.21.0>"
    assert [line.value for line in lines(console.node.info) if line.what == "running"] == ["12 s"]


async def test_how_time_is_sliced_is_said_with_what_it_came_to():
    console = Console(spun(), start_page="node")
    async with console.open((120, 40)):
        text = console.screen_text()
        assert "slices ✓ on" in text.splitlines()[0]
        for words in ("◇ 1 parked", "taken 59.3k", "rescues 2", "1 ms slices by a timer"):
            assert words in text


async def test_where_time_is_not_sliced_the_reason_stands_there():
    console = Console(stuck(), start_page="node")
    async with console.open((120, 40)):
        text = console.screen_text()
        assert "slices ▲ report only" in text.splitlines()[0]
        assert "the loop is not in the main thread" in text
        assert "taken" not in text


async def test_a_zombie_has_a_line_that_explains_it_and_leads_to_it():
    console = Console(haunted(), start_page="node")
    async with console.open((120, 40)) as pilot:
        assert console.page.lines.cursor == "zombie"
        text = " ".join(console.screen_text().split())
        assert "zombie <0.17.0> reviewer-4 −26 s" in text
        assert "Restart the node when convenient" in console.page.lines.current.text
        await press(pilot, "enter")
        assert console.page.subject.pid == "<0.17.0>"
    assert not any(line.what == "zombie" for line in lines(healthy().info))


async def test_the_cursor_begins_on_the_worst_line_and_then_stays():
    console = Console(crew(deepest=None, oldest=None, busiest=None), start_page="node")
    async with console.open((80, 24)) as pilot:
        assert console.page.lines.cursor == "crashed"
        console.node.info = stuck().info
        await console.poll(pilot)
        assert console.page.lines.cursor == "crashed"


async def test_healthy_says_so():
    console = Console(healthy(), start_page="node")
    async with console.open((80, 24)) as pilot:
        assert "nothing is wrong" in console.screen_text()
        await press(pilot, "enter")
        assert console.page.mode == "node"


async def test_the_line_under_the_cursor_is_explained():
    console = Console(crew(), start_page="node")
    async with console.open((80, 24)) as pilot:
        await press(pilot, "down", "down", "down", "down")
        assert "OverBudget(10000)" in console.screen_text()


async def test_work_is_charted_with_now_and_max():
    console = Console(crew(), start_page="node")
    async with console.open((120, 40)) as pilot:
        for handled in (500, 200):
            now = console.node.info.messages_handled
            console.node.info = console.node.info.model_copy(update={"messages_handled": now + handled})
            await console.poll(pilot)
        line = next(line for line in console.screen_text().splitlines() if "messages/s" in line)
        assert "now     200" in line
        assert "max     500" in line


async def test_tall_screens_show_the_last_restarts():
    console = Console(crew(), start_page="node")
    async with console.open((120, 40)) as pilot:
        await console.poll(pilot)
        assert "LAST RESTARTS" in console.screen_text()
        assert "RecursionError" in console.screen_text()
        await press(pilot, "tab", "enter")
        assert console.page.subject.pid == "<0.26.0>"


def test_a_busy_but_healthy_node_is_not_in_trouble():
    calm = info(deepest=None, oldest=None, last_crash=None, restarting=None, spinning=None)
    assert plain(verdict(calm)) == "✓ nothing is wrong"


async def test_who_gave_up_stands_first_and_nothing_is_said_to_be_well():
    console = Console(given_up(), start_page="node")
    async with console.open((120, 40)) as pilot:
        assert "▲ crew gave up: child scanner, more than 3 restarts in 5 s" in console.screen_text()
        assert "nothing is wrong" not in console.screen_text()
        assert console.page.lines.cursor == "gave up"
        console.node.info = healthy().info
        await console.poll(pilot)
        assert "gave up" not in console.screen_text()


def test_who_gave_up_is_the_worst_however_much_else_is_wrong():
    first, *others = lines(info(gave_up=given_up().info.gave_up))
    assert (first.what, first.name, first.tone) == ("gave up", "crew", "bad")
    assert [line.what for line in others] == [line.what for line in lines(info())]


def test_where_it_began_stands_below_who_gave_up_and_its_reason_beside_it():
    first, second, *_ = lines(fallen().info)
    assert (first.what, first.name) == ("gave up", "crew")
    assert (second.what, second.name, second.pid) == ("root cause", "reviewer-3", "<0.93.0>")
    assert (second.text, second.tone) == ("OverBudget(10000)", "bad")


async def test_on_the_tallest_screens_the_last_restarts_stand_below_too():
    console = Console(fallen(), start_page="node")
    async with console.open((200, 50)) as pilot:
        await console.poll(pilot)
        assert "LAST RESTARTS" in console.screen_text()
        assert "gave up: reviewer-3 <0.93.0> OverBudget(10000)" in console.screen_text()


def test_a_circle_comes_before_the_mailboxes_that_fill_because_of_it():
    node = deadlocked().info
    assert worst(node).what == "circle"
    assert worst(node).pid == "<0.13.0>"
    assert lines(node)[0].text.startswith(
        "librarian <0.13.0> waits for dispatcher <0.14.0> waits for scanner"
    )


def test_an_old_crash_is_history():
    crash = info().last_crash.model_copy(update={"value": 3_600.0})
    line = next(line for line in lines(info(last_crash=crash)) if line.what == "crashed")
    assert not line.wrong


def test_a_late_loop_is_trouble():
    calm = info(deepest=None, oldest=None, last_crash=None, restarting=None, spinning=None, lag_ms=800.0)
    assert "the loop lags 800 ms" in plain(verdict(calm))
