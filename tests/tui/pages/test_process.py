"""The Process page: parts, reading on demand, walking along links, what an end looks like."""

from __future__ import annotations

import pytest

from runtime.port.contract import (
    Code,
    Crashes,
    CrashQuery,
    Failure,
    History,
    Info,
    Mailbox,
    OSLimits,
    OSProcess,
    ProcessEvents,
    StackQuery,
    State,
)
from tests.support.console import Console, settle
from tests.support.crew import STATE, crew, row
from tests.support.eventually import eventually
from tests.support.fake_node import viewer
from tests.support.other_nodes import GHOST, elsewhere, haunt, haunted
from tui.elsewhere import os_facts

NARROW, WIDE = (80, 24), (120, 40)


@pytest.fixture
def console():
    return Console(crew())


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def test_enter_opens_and_esc_goes_back(console):
    async with console.open() as pilot:
        await press(pilot, "down", "enter")
        assert console.page.subject.pid == "<0.13.0>"
        await press(pilot, "escape")
        assert console.page.mode == "processes"
        assert console.page.table.cursor == "<0.13.0>"


async def test_the_head_says_who_it_is_and_what_it_does(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter")
        text = console.screen_text()
        for words in (
            "demo.reviewer:Reviewer",
            "parent reviewers <0.15.0>",
            "◇ parked",
            "in handle_info(Review) for 212 ms, 187 slices",
            "96 left",
        ):
            assert words in text


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("s", "ReviewerState"),
        ("m", "bare except"),
        ("x", "complexity.py:33"),
        ("l", "monitored by"),
        ("h", "it was never restarted"),
        ("v", "OverBudget(10000)"),
        ("c", "traceback"),
    ],
)
async def test_every_part_has_a_key(console, key, words):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", key)
        assert words in console.screen_text()


async def test_wide_screens_show_two_parts(console):
    async with console.open(WIDE) as pilot:
        await press(pilot, "enter", "x", "l")
        text = console.screen_text()
        assert "complexity.py:33" in text
        assert "monitored by" in text


async def test_narrow_screens_show_one(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "l")
        assert "ReviewerState" not in console.screen_text()


async def test_state_is_read_once_and_not_polled(console):
    async with console.open() as pilot:
        await press(pilot, "enter")
        assert console.node.count(State) == 1
        await console.poll(pilot)
        await console.poll(pilot)
        assert console.node.count(State) == 1
        assert console.node.count(Mailbox) == 0
        await press(pilot, "r")
        assert console.node.count(State) == 2


async def test_a_reading_says_when_and_how_big(console):
    async with console.open() as pilot:
        await press(pilot, "enter")
        assert "read 14:02:11 · 1.2 kB · redacted 1 · r read again" in console.screen_text()


async def test_changed_fields_flash_after_a_second_reading(console):
    async with console.open() as pilot:
        await press(pilot, "enter")
        value = console.node.states["<0.14.0>"]
        console.node.states["<0.14.0>"] = value.model_copy(update={"value": {**STATE, "left": 7}})
        await press(pilot, "r")
        tree = console.page.part("state").table
        assert [it.branch.label for it in tree.rows.values() if it.changed] == ["left"]
        tree.calm()
        assert not [it for it in tree.rows.values() if it.changed]


async def test_only_visible_live_parts_are_polled(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "x")
        await console.poll(pilot)
        assert isinstance(console.node.asked[-1], StackQuery)
        for kind in (History, ProcessEvents, CrashQuery):
            assert console.node.count(kind) == 0


async def test_links_are_walkable(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "l", "enter")
        assert console.page.subject.pid == "<0.15.0>"
        assert "reviewers <0.15.0>" in console.screen_text()
        await press(pilot, "escape")
        assert console.page.subject.pid == "<0.18.0>"


async def test_a_tree_of_values_folds(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        assert "budget" in console.screen_text()
        await press(pilot, "left")
        assert "budget  " not in console.screen_text()
        await press(pilot, "right", "right")
        assert "budget" in console.screen_text()
        assert console.page.part("state").table.cursor == "0.0"


async def test_y_copies_the_value_under_the_cursor(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "down", "y")
        assert console.app.clipboard == "test/test_typing.py"


async def test_a_process_that_ends_keeps_what_was_read(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter")
        console.node.end("<0.18.0>")
        await console.poll(pilot)
        text = console.screen_text()
        assert "✗ ended" in text
        assert "ReviewerState" in text
        assert console.page.target() is None


async def test_it_says_when_a_child_that_waits_for_its_restart_comes_back(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter")
        console.node.end("<0.18.0>")
        for left in ("3.1", "1.1"):
            console.node.afterwards = f" has ended: killed; restarting in {left} s"
            await console.poll(pilot)
            await console.poll(pilot)
            assert f"✗ ended, restarting in {left} s" in console.screen_text()


async def test_the_process_that_follows_is_offered(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter")
        console.node.end("<0.18.0>")
        console.node.rows.append(row(44, "reviewer-1", "demo.reviewer:Reviewer"))
        await console.poll(pilot)
        await console.poll(pilot)
        assert "now <0.44.0>" in console.screen_text()
        await press(pilot, "F")
        assert console.page.subject.pid == "<0.44.0>"


async def test_that_it_has_not_crashed_is_told_when_the_node_has_said_so(console):
    answer = console.node.answer

    def refuse(request):
        if isinstance(request, CrashQuery):
            raise Failure(Code.NO_PROCESS, f"no process {request.process} has ended: ValueError")
        return answer(request)

    console.node.answer = refuse
    console.node.crashes = Crashes(at=console.node.crashes.at, reports=[])
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "c")
        assert "it has not crashed" not in console.screen_text()
        console.node.answer = answer
        await press(pilot, "r")
        assert "it has not crashed" in console.screen_text()


async def test_follow_goes_along_by_itself(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "F")
        console.node.end("<0.18.0>")
        console.node.rows.append(row(44, "reviewer-1", "demo.reviewer:Reviewer"))
        await console.poll(pilot)
        await console.poll(pilot)
        assert console.page.subject.pid == "<0.44.0>"
        assert not console.page.ended


async def test_another_process_starts_with_nothing_of_the_former(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter", "c", "escape", "down", "enter")
        assert console.page.subject.pid == "<0.13.0>"
        assert console.node.asked[-1] != Info(process="<0.14.0>")
        assert console.page.part("state").answer is None


async def test_a_viewer_is_told_why_there_is_no_state():
    console = Console(viewer(crew()))
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        assert "state needs the role operator" in console.screen_text()
        assert console.node.count(State) == 0


async def test_a_refused_reading_says_so_and_can_be_tried_again(console):
    console.node.states.clear()
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        assert "not read: <0.14.0> has none in this test" in console.screen_text()


async def test_a_late_answer_for_another_process_is_dropped(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        answers = []
        console.app.ask = lambda request, then: answers.append((request, then))
        await press(pilot, "r")
        console.app.open_process("<0.13.0>", "librarian")
        await settle(pilot)
        request, then = answers[0]
        then(console.node.states[request.process])
        assert console.page.part("state").answer is None


async def test_the_layout_follows_the_size_of_the_terminal(console):
    async with console.open(NARROW) as pilot:
        await press(pilot, "enter")
        assert "it was never restarted" not in console.screen_text()
        await pilot.resize_terminal(*WIDE)
        await eventually(
            lambda: console.app.screen.size == WIDE
        )  # Textual waits for the last of several changes
        await settle(pilot)
        await console.poll(pilot)
        assert "it was never restarted" in console.screen_text()


def head(console):
    """What the screen says, on one line."""
    return " ".join(console.screen_text().split())


async def test_a_zombie_is_explained_with_its_stack_and_is_not_to_be_killed():
    console = Console(haunted())
    haunt(console.node)
    async with console.open(NARROW) as pilot:
        await press(pilot, "exclamation_mark", "x")
        assert console.page.subject.pid == GHOST.pid
        await console.poll(pilot)
        text = head(console)
        for words in (
            "reviewer-4 <0.17.0> † zombie now <0.21.0> F follows",
            "ended (killed, by key owner), but its code does not",
            "raised in it 20 times, the last time at 14:01:45",
            "never resumed, and costs no time but its memory",
            "what it holds locked stays locked",
            "Restart the node when convenient",
            "complexity.py:33",
        ):
            assert words in text
        assert console.page.target() is None


async def test_what_turns_out_to_be_a_zombie_after_its_end_is_shown_as_one():
    console = Console(haunted())
    calm = console.node.info.model_copy(update={"zombies": []})
    haunt(console.node)
    console.node.info, risen = calm, console.node.info
    ghost = next(it for it in console.node.rows if it.pid == GHOST.pid)
    console.node.change(GHOST.pid, status="parked")
    details = console.node.details.pop(GHOST.pid)
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *GHOST.pid, "enter")
        console.node.end(GHOST.pid)
        await console.poll(pilot)
        assert "✗ ended" in console.screen_text()
        console.node.info = risen
        console.node.rows.append(ghost)
        console.node.details[GHOST.pid] = details
        await console.poll(pilot)
        await console.poll(pilot)
        assert "† zombie" in console.screen_text()


async def test_an_isolated_process_shows_its_os_process_and_who_lives_there():
    console = Console(elsewhere())
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "l")
        text = console.screen_text()
        assert "▣ isolated OS process 4711" in text
        assert "address space 470 MB of 537 MB" in text
        assert "cpu 51 s of 1:00, 31% now" in text
        assert "OS processes 0 of 2" in text
        assert "demo.parser:worker" in text
        assert "waiting, mail 3" in text


async def test_one_walks_into_an_os_process_and_out_again():
    console = Console(elsewhere())
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "l")
        part = console.page.part("links")
        await press(
            pilot, *["down"] * next(at for at, key in enumerate(part.table.order) if key.startswith("inside"))
        )
        await press(pilot, "enter")
        assert console.page.subject.pid == "<18.2.0>"
        assert "▣ lives in reviewer-1 <0.18.0>" in console.screen_text()
        assert "lives in" in part.table.order[0]


async def test_a_figure_near_its_limit_is_amber():
    limits = OSLimits(memory=1_000, cpu=100)
    memory, cpu = os_facts(OSProcess(pid=1, address_space=970, cpu_s=85.0, limits=limits))[1:3]
    assert (memory.tone, cpu.tone) == ("bad", "warn")


async def test_a_thread_of_its_own_is_named():
    console = Console(elsewhere())
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *"reviewer-2", "enter")
        assert "∿ thread observer <0.19.0> reviewer-2, native id 4712" in console.screen_text()


async def test_an_os_process_that_does_not_answer_is_told_as_such():
    console = Console(elsewhere())
    detail = console.node.details["<0.18.0>"]
    detail["os_process"] = OSProcess(pid=4711, limits=OSLimits(), note="it does not answer within 0.5 s")
    async with console.open(NARROW) as pilot:
        await press(pilot, "g", *"reviewer-1", "enter")
        text = console.screen_text()
        assert "it does not answer within 0.5 s" in text
        assert "resident –" in text
