"""The Timeline page: one story, drawn in two ways, and the ways into it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.port.contract import Crash, Crashes, TimelineQuery
from tests.support.console import Console, settle
from tests.support.crew import crew
from tests.support.eventually import eventually
from tests.support.fake_node import NOON, viewer
from tests.support.trace_nodes import ONE, THREE, TRACE, record, review, traced
from tests.tui.tracing.test_story import ticking

SMALL = (80, 24)


@pytest.fixture
def console():
    return Console(traced(crew()))


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def by_id(pilot, text=TRACE[:8]):
    await press(pilot, "7", "i", *text, "enter")


def line(console, words):
    return next((text for text in console.screen_text().splitlines() if words in text), "")


# --- ways in ------------------------------------------------------------------------------------------


async def test_7_says_how_a_story_is_opened(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "7")
        assert "no story was opened yet" in console.screen_text()
        assert "i asks for a trace id" in console.screen_text()


@pytest.mark.parametrize("typed", [TRACE, TRACE[:6], f"00-{TRACE}-b7ad6b7169203331-01"])
async def test_an_id_its_beginning_or_a_traceparent_opens_it(console, typed):
    async with console.open() as pilot:
        await by_id(pilot, typed)
        assert f"{TRACE} · 5 spans · 4 processes · 1.9 s · 1 failed" in console.screen_text()


@pytest.mark.parametrize("typed", ["xyz", "0a", "nonsense"])
async def test_what_is_no_id_is_told(console, typed):
    async with console.open() as pilot:
        await by_id(pilot, typed)
        assert f"{typed!r} is no trace id" in console.screen_text()


async def test_a_story_that_the_node_does_not_know_is_told(console):
    async with console.open() as pilot:
        await by_id(pilot, "ffff")
        assert (
            "no story ffff is known; the flight recorder keeps the newest events only"
            in console.screen_text()
        )


async def test_t_on_a_process_opens_its_last_story(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "t")
        assert console.page.mode == "timeline"
        assert TimelineQuery(process=ONE, limit=1000, spans=False) in console.node.asked
        assert "5 spans" in console.screen_text()


async def test_t_on_a_crash_report_opens_what_happened_before_it(console):
    console.node.crashes = Crashes(at=NOON, reports=[
        Crash(at=NOON, pid=THREE, name="reviewer-3", behaviour="demo:Reviewer", reason="OverBudget(10000)", before=review()[:7]),
    ])  # fmt: skip
    console.node.tracing.story = []
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-3", "enter", "c")
        assert "the last 7 of 7 records" in console.screen_text()
        assert "raised    reviewer-3 ← <0.14.0>" in console.screen_text()
        await press(pilot, "t")
        assert console.page.mode == "timeline"
        assert console.page.waterfall.current.who == "reviewer-3"
        assert "only what this console has seen of it" in console.screen_text()


async def test_back_leads_to_where_one_came_from(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "t", "escape")
        assert console.page.mode == "process"


# --- the waterfall ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, (120, 40), (200, 50)])
async def test_spans_are_indented_by_cause_with_waiting_and_work_on_one_axis(console, size):
    async with console.open(size) as pilot:
        await by_id(pilot)
        assert "╵0" in line(console, "PROCESS")
        assert "█" * 10 in line(console, "▸ dispatcher")
        assert "└ Check" in line(console, "1.7 s 212 ms")
        assert "░░░░" in line(console, "1.7 s 212 ms")
        assert "✗" in line(console, "298 ms")


async def test_the_head_says_from_whom_to_whom_whatever_the_room(console):
    async with console.open(SMALL) as pilot:
        await by_id(pilot)
        await press(pilot, "down")
        assert (
            "dispatcher → reviewer-1  handle_info  Check(path='lib/turtle.py', part=1)"
            in console.screen_text()
        )


async def test_s_goes_to_the_slowest_then_to_the_next(console):
    async with console.open() as pilot:
        await by_id(pilot)
        await press(pilot, "s")
        assert console.page.waterfall.current.who == "reviewer-1"
        await press(pilot, "s")
        assert console.page.waterfall.current.who == "reviewer-3"


async def test_x_goes_to_what_failed_and_c_to_what_has_caused_it(console):
    async with console.open() as pilot:
        await by_id(pilot)
        await press(pilot, "x")
        assert console.page.waterfall.current.failed
        await press(pilot, "c")
        assert console.page.waterfall.current.who == "dispatcher"


async def test_z_looks_at_a_span_and_what_it_has_caused_and_back(console):
    async with console.open() as pilot:
        await by_id(pilot)
        whole = console.page.waterfall.axis
        await press(pilot, "x", "z")
        assert console.page.waterfall.axis.seconds < 0.4
        assert "z zoomed" in console.screen_text()
        await press(pilot, "z")
        assert console.page.waterfall.axis == whole


async def test_enter_shows_the_records_of_the_span(console):
    async with console.open(SMALL) as pilot:
        await by_id(pilot)
        await press(pilot, "down", "enter")
        text = console.screen_text()
        assert "10000 → 7310" in text
        assert "receive" in text
        await press(pilot, "escape")
        assert "PROCESS" in console.screen_text()


# --- the diagram --------------------------------------------------------------------------------------


async def test_v_draws_it_as_a_sequence_diagram_and_back_on_the_same_span(console):
    async with console.open() as pilot:
        await by_id(pilot)
        await press(pilot, "x", "v")
        assert "✗ raised" in console.screen_text()
        assert console.page.diagram.current.span == console.page.waterfall.current.span
        await press(pilot, "v")
        assert "WAITED" in console.screen_text()


async def test_it_scrolls_sideways_and_follows_the_cursor(console):
    async with console.open(SMALL) as pilot:
        await by_id(pilot)
        await press(pilot, "v")
        assert "librarian" not in line(console, "TIME")
        await press(pilot, "right")
        assert "librarian" in line(console, "TIME")
        assert "outside" not in line(console, "TIME")
        await press(pilot, "end")
        assert "outside" in line(console, "TIME")


# --- large and odd ------------------------------------------------------------------------------------


async def test_of_an_agent_with_a_clock_of_its_own_the_last_episode_is_shown_and_f_shows_all(console):
    console.node.tracing.story = ticking(20)
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "t")
        assert "an episode of 40 spans, f all" in console.screen_text()
        assert [bar.who for bar in console.page.story.bars] == ["reviewer-1", "librarian"]
        await press(pilot, "f")
        assert len(console.page.story.bars) == 40
        await press(pilot, "home", "f")
        assert len(console.page.story.bars) == 2
        assert round(console.page.story.starts) == 5_000


async def test_who_wants_all_of_it_has_all_of_it_when_more_has_been_read(console):
    console.node.tracing.story = ticking(20)
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "t")
        whole, part = console.page.whole, console.page.story
        await press(pilot, "f")
        console.page._loaded(whole, part, more=False, note="")
        assert len(console.page.story.bars) == 40
        await press(pilot, "home")
        assert "a timer → reviewer-1" in console.screen_text()


async def test_the_episode_of_a_long_story_is_made_aside(console):
    console.node.tracing.story = ticking(200)
    async with console.open() as pilot:
        await all_of_the_clock(console, pilot)
        console.page.action_episode()
        assert len(console.page.story.bars) == 400
        await eventually(lambda: len(console.page.story.bars) == 2)
        assert round(console.page.story.starts) == 5_000


async def test_an_episode_is_not_shown_where_another_story_has_come_meanwhile(console):
    console.node.tracing.story = ticking(200)
    async with console.open() as pilot:
        await all_of_the_clock(console, pilot)
        console.page.action_episode()
        console.page.whole = another = replace(console.page.whole)
        console.page._tell(another)
        await eventually(lambda: all(it.name != "observer-episode" for it in threading.enumerate()))
        await settle(pilot)
        assert console.page.story is another


async def all_of_the_clock(console, pilot):
    """The story of an agent with a clock of its own, all of it, the cursor on its beginning."""
    await press(pilot, "g", *"reviewer-1", "enter", "t")
    await eventually(lambda: console.page.reading is None)
    await press(pilot, "f", "home")
    assert len(console.page.story.bars) == 400


async def test_the_cause_of_an_episode_is_before_it(console):
    console.node.tracing.story = ticking(20)
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "t", "home", "c")
        assert len(console.page.story.bars) == 40
        assert round(console.page.waterfall.current.starts) == 5_018


async def test_a_story_of_one_span_is_a_story(console):
    console.node.tracing.story = [record(1, 0.0, "handled", ONE, span="a" * 16, took=0.0, waited=0.0)]
    async with console.open(SMALL) as pilot:
        await by_id(pilot)
        assert "1 span · 1 process" in console.screen_text()
        await press(pilot, "v", "s", "z", "enter")
        assert "handled" in console.screen_text()


async def test_a_span_of_an_agents_own_has_come_from_nobody(console):
    console.node.tracing.story = [
        record(1, 0.0, "span_start", ONE, span="a" * 16, text="chat gpt"),
        record(2, 0.1, "span_start", None, span="b" * 16, text="warm up"),
    ]
    async with console.open(SMALL) as pilot:
        await by_id(pilot)
        assert line(console, "still at work").startswith("   reviewer-1  chat gpt")
        await press(pilot, "down")
        assert line(console, "still at work").startswith("   outside  warm up")


async def test_a_long_story_is_read_part_by_part(console):
    console.node.tracing.story = [
        record(
            n,
            n / 1000,
            "handled",
            ONE,
            span=f"{n + 1:016x}",
            cause=f"{n // 3:016x}" if n > 2 else "",
            took=0.001,
        )
        for n in range(2_500)
    ]
    async with console.open() as pilot:
        await by_id(pilot)
        await eventually(lambda: len(console.page.story.bars) == 2_500 and console.page.reading is None)
        asked = [it for it in console.node.asked if isinstance(it, TimelineQuery)]
        assert [it.skip for it in asked] == [0, 1000, 2000]
        assert not any(it.spans for it in asked)


async def test_r_reads_it_again_and_the_cursor_stays(console):
    async with console.open() as pilot:
        console.node.tracing.story = review()[:11]
        await by_id(pilot)
        await press(pilot, "down")
        console.node.tracing.story = review()
        await press(pilot, "r")
        assert len(console.page.story.bars) == 5
        assert console.page.waterfall.current.who == "reviewer-1"


async def test_a_note_of_the_node_does_not_hide_what_the_cursor_is_on(console):
    console.node.tracing.note = "it may have begun before what the flight recorder keeps"
    async with console.open(SMALL) as pilot:
        await by_id(pilot)
        assert "it may have begun before" in console.screen_text()
        assert "outside → dispatcher" in console.screen_text()


async def test_who_may_not_is_told(console):
    viewer(console.node)
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewer-1", "enter", "t")
        assert console.page.mode == "process"
        await press(pilot, "7", "i")
        assert "timeline needs the role operator" in console.screen_text()
        assert console.node.count(TimelineQuery) == 0


async def test_times_of_a_story_over_midnight_are_no_matter(console):
    console.node.tracing.story = [
        it.model_copy(update={"at": it.at + timedelta(hours=9, minutes=57)}) for it in review()
    ]
    async with console.open() as pilot:
        await by_id(pilot)
        assert "1.9 s" in console.screen_text()
