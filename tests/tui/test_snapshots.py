"""Every page as it looks: three sizes, fixed clock and pids, and the states that are not everyday ones."""

from __future__ import annotations

import math
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support.code_nodes import edited, impossible
from tests.support.console import Console, keys, settle
from tests.support.crew import crew
from tests.support.fake_node import viewer
from tests.support.other_nodes import (
    crowd,
    deadlocked,
    elsewhere,
    empty,
    fallen,
    given_up,
    haunt,
    haunted,
    healthy,
    hostile,
    leaking,
    spun,
    stuck,
)
from tests.support.trace_nodes import review, traced
from tests.tui.tracing.test_story import ticking
from tui.widgets.hints import DEMO

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11),
    reason="the pictures are made with Python 3.11: an id inside them is drawn from reprs that other versions spell differently",
)

SIZES = [(80, 24), (120, 40), (200, 50)]
SMALL = (80, 24)

Run = Callable[[Pilot[Any]], Awaitable[None]]


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


def worked(console: Console, polls: int = 64) -> Run:
    """A minute of work, with a gap in it, as the sparklines show it."""

    async def run(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        node = console.node
        for second in range(polls):
            gap = 4.0 if second == 40 else 1.0
            node.info = node.info.model_copy(
                update={
                    "messages_handled": node.info.messages_handled
                    + int(8_000 * gap * abs(math.sin(second / 9))),
                    "crashes": node.info.crashes + (2 if second % 17 == 3 else 0),
                    "lag_ms": 0.4 + (2.0 if second % 23 == 5 else 0.0),
                    "rss_bytes": node.info.rss_bytes + 100_000,
                }
            )
            await console.poll(pilot, gap)

    return run


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
class TestPages:
    def test_processes(self, snap_compare, size):
        assert snap_compare(Console(crew()).app, terminal_size=size, run_before=keys())

    def test_node(self, snap_compare, size):
        console = Console(crew(), start_page="node")
        assert snap_compare(console.app, terminal_size=size, run_before=worked(console))

    def test_tree(self, snap_compare, size):
        assert snap_compare(Console(crew(), start_page="tree").app, terminal_size=size, run_before=keys())

    def test_process(self, snap_compare, size):
        assert snap_compare(Console(crew()).app, terminal_size=size, run_before=keys("down", "down", "enter"))

    def test_modules(self, snap_compare, size):
        console = Console(edited(), start_page="modules")
        assert snap_compare(console.app, terminal_size=size, run_before=keys())

    def test_module(self, snap_compare, size):
        console = Console(edited(), start_page="modules")
        assert snap_compare(console.app, terminal_size=size, run_before=keys("r"))

    def test_trace(self, snap_compare, size):
        console = Console(traced(crew()))
        assert snap_compare(console.app, terminal_size=size, run_before=tracing(console, *["up"] * 5))

    def test_timeline(self, snap_compare, size):
        console = Console(traced(crew()))
        assert snap_compare(console.app, terminal_size=size, run_before=tracing(console, "t", "s"))

    def test_diagram(self, snap_compare, size):
        console = Console(traced(crew()))
        assert snap_compare(console.app, terminal_size=size, run_before=tracing(console, "t", "s", "v"))


def tracing(console: Console, *pressed: str) -> Run:
    """A session that has taken a review, and the keys after it."""

    async def run(pilot: Pilot[Any]) -> None:
        await keys("6", "n", *"all messages", "enter")(pilot)
        console.node.tracing.take(review(), seen=90_210)
        await console.poll(pilot)
        await keys(*pressed)(pilot)

    return run


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
class TestTracing:
    def test_nothing_is_traced(self, snap_compare, size):
        console = Console(traced(crew()), start_page="trace")
        assert snap_compare(console.app, terminal_size=size, run_before=keys())

    def test_a_wrong_pattern(self, snap_compare, size):
        console = Console(traced(crew()), start_page="trace")
        assert snap_compare(
            console.app, terminal_size=size, run_before=keys("n", *"reviewer-1 handlrs when took > 5ms")
        )

    def test_a_record(self, snap_compare, size):
        console = Console(traced(crew()))
        assert snap_compare(
            console.app, terminal_size=size, run_before=tracing(console, *["up"] * 5, "enter")
        )

    def test_why_it_has_ended(self, snap_compare, size):
        console = Console(traced(crew()))

        async def end(pilot: Pilot[Any]) -> None:
            await tracing(console)(pilot)
            console.node.tracing.end("rate", "more than 20,000 records a second: the rate fuse has tripped")
            await console.poll(pilot)

        assert snap_compare(console.app, terminal_size=size, run_before=end)

    @pytest.mark.parametrize("key", ["u", "d"])
    def test_who_traces_and_what_is_kept(self, snap_compare, size, key):
        console = Console(traced(crew()))
        assert snap_compare(console.app, terminal_size=size, run_before=tracing(console, key))

    def test_records_of_a_span(self, snap_compare, size):
        console = Console(traced(crew()))
        assert snap_compare(console.app, terminal_size=size, run_before=tracing(console, "t", "s", "enter"))


def test_an_episode(snap_compare):
    console = Console(traced(crew()))
    console.node.tracing.story = ticking(20)
    console.node.tracing.note = "it may have begun before what the flight recorder keeps, which is 41.0 s"
    assert snap_compare(
        console.app, terminal_size=SMALL, run_before=keys("g", *"reviewer-1", "enter", "t", "f", "end")
    )


def test_tracing_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(traced(crew()))
    assert snap_compare(console.app, terminal_size=SMALL, run_before=tracing(console, "t"))


def test_tracing_in_the_light(snap_compare):
    console = Console(traced(crew()), light=True)
    assert snap_compare(console.app, terminal_size=(120, 40), run_before=tracing(console, "t"))


@pytest.mark.parametrize("key", ["m", "x", "h", "l", "v", "c"])
def test_part_of_a_process(snap_compare, key):
    assert snap_compare(Console(crew()).app, terminal_size=SMALL, run_before=keys("enter", key))


def test_processes_with_hints(snap_compare):
    assert snap_compare(Console(crew(), hints=DEMO).app, terminal_size=(100, 24), run_before=keys())


def test_empty_node(snap_compare):
    assert snap_compare(Console(empty()).app, terminal_size=SMALL, run_before=keys())


def test_empty_tree(snap_compare):
    assert snap_compare(Console(empty(), start_page="tree").app, terminal_size=SMALL, run_before=keys())


def test_healthy_node(snap_compare):
    assert snap_compare(Console(healthy(), start_page="node").app, terminal_size=SMALL, run_before=keys())


@pytest.mark.parametrize("page", ["node", "tree"])
def test_a_tree_that_gave_up(snap_compare, page):
    assert snap_compare(Console(given_up(), start_page=page).app, terminal_size=SMALL, run_before=keys())


def test_stuck_node(snap_compare):
    assert snap_compare(Console(stuck(), start_page="node").app, terminal_size=SMALL, run_before=keys())


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
class TestTimeSlices:
    def test_a_spinner_on_the_node_page(self, snap_compare, size):
        assert snap_compare(Console(spun(), start_page="node").app, terminal_size=size, run_before=keys())

    def test_a_spinner_in_the_list(self, snap_compare, size):
        assert snap_compare(Console(spun()).app, terminal_size=size, run_before=keys("b", "home"))

    def test_a_spinner(self, snap_compare, size):
        assert snap_compare(Console(spun()).app, terminal_size=size, run_before=keys("exclamation_mark", "x"))

    def test_a_zombie_on_the_node_page(self, snap_compare, size):
        assert snap_compare(Console(haunted(), start_page="node").app, terminal_size=size, run_before=keys())

    def test_a_zombie(self, snap_compare, size):
        console = Console(haunted())
        haunt(console.node)

        async def explained(pilot: Pilot[Any]) -> None:
            await keys("exclamation_mark", "x")(pilot)
            await console.poll(pilot)

        assert snap_compare(console.app, terminal_size=size, run_before=explained)


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
class TestSlowHarm:
    @pytest.mark.parametrize("trouble", [deadlocked, fallen], ids=lambda it: it.__name__)
    def test_the_node_page(self, snap_compare, size, trouble):
        assert snap_compare(Console(trouble(), start_page="node").app, terminal_size=size, run_before=keys())

    def test_a_leak(self, snap_compare, size):
        assert snap_compare(Console(leaking()).app, terminal_size=size, run_before=keys("W", "home"))


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
class TestElsewhere:
    def test_threads_and_os_processes_in_the_list(self, snap_compare, size):
        assert snap_compare(Console(elsewhere()).app, terminal_size=size, run_before=keys("i", "home"))

    def test_an_isolated_process(self, snap_compare, size):
        found = keys("g", *"reviewer-1", "enter", "l")
        assert snap_compare(Console(elsewhere()).app, terminal_size=size, run_before=found)


@pytest.mark.parametrize("size", SIZES[:2], ids=lambda size: f"{size[0]}x{size[1]}")
class TestUpgrades:
    @pytest.mark.parametrize("page", ["processes", "tree"])
    def test_badges(self, snap_compare, size, page):
        assert snap_compare(Console(edited(), start_page=page).app, terminal_size=size, run_before=keys())

    def test_confirming_an_upgrade(self, snap_compare, size):
        console = Console(edited(), start_page="modules")
        assert snap_compare(console.app, terminal_size=size, run_before=keys("U"))

    def test_what_came_of_it(self, snap_compare, size):
        console = Console(edited(), start_page="modules")
        assert snap_compare(console.app, terminal_size=size, run_before=keys("U", "y", "h"))

    def test_a_plan_that_cannot_be_applied(self, snap_compare, size):
        console = Console(edited(), start_page="modules")
        console.node.plans["upgrade"] = impossible()
        assert snap_compare(console.app, terminal_size=size, run_before=keys("r"))


@pytest.mark.parametrize("page", ["processes", "tree"])
def test_a_hundred_thousand_processes(snap_compare, page):
    assert snap_compare(
        Console(crowd(), start_page=page).app, terminal_size=(120, 40), run_before=keys("end")
    )


@pytest.mark.parametrize("page", ["processes", "tree", "node"])
def test_text_that_tries_to_be_more(snap_compare, page):
    assert snap_compare(Console(hostile(), start_page=page).app, terminal_size=(120, 40), run_before=keys())


@pytest.mark.parametrize("page", ["processes", "node", "tree"])
def test_disconnected(snap_compare, page):
    console = Console(crew(), start_page=page)

    async def lose(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        console.node.down()
        for _ in range(3):
            await console.poll(pilot, 4)
        console.page.frame()
        await settle(pilot)

    assert snap_compare(console.app, terminal_size=SMALL, run_before=lose)


def test_paused(snap_compare):
    assert snap_compare(Console(crew()).app, terminal_size=SMALL, run_before=keys("p"))


@pytest.mark.parametrize("page", ["processes", "node", "tree"])
def test_light(snap_compare, page):
    console = Console(crew(), start_page=page, light=True)
    assert snap_compare(console.app, terminal_size=(120, 40), run_before=worked(console, 20))


def test_without_colour(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(Console(crew()).app, terminal_size=SMALL, run_before=keys())


def test_confirming_a_kill(snap_compare):
    assert snap_compare(Console(crew()).app, terminal_size=SMALL, run_before=keys("down", "K"))


def test_help(snap_compare):
    assert snap_compare(Console(crew()).app, terminal_size=(120, 40), run_before=keys("question_mark"))


def test_help_on_a_small_screen(snap_compare):
    assert snap_compare(Console(crew()).app, terminal_size=SMALL, run_before=keys("question_mark"))


def test_filter(snap_compare):
    assert snap_compare(Console(crew()).app, terminal_size=SMALL, run_before=keys("slash", "r", "e", "v"))


def test_ended_row(snap_compare):
    console = Console(crew())

    async def end(pilot: Pilot[Any]) -> None:
        await keys("down", "down")(pilot)
        console.node.end("<0.19.0>")
        await console.poll(pilot, 5)

    assert snap_compare(console.app, terminal_size=SMALL, run_before=end)


def test_viewer(snap_compare):
    assert snap_compare(Console(viewer(crew())).app, terminal_size=SMALL, run_before=keys("enter"))
