"""What harms without a bang: agents that wait for each other, one that leaks, a crash that takes three supervisors with it.

Cold `connect`, the screen only, at most five keys and ten seconds until the culprit is named.
"""

from __future__ import annotations

import re

import pytest

from tests.drills import eyes
from tests.drills.test_culprits import KEYS, SECONDS, named_in_time

pytestmark = pytest.mark.drill

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request):
    """Columns and rows."""
    return {"columns": request.param[0], "rows": request.param[1]}


# --- deadlock -----------------------------------------------------------------------------------------


def test_a_deadlock_is_the_alert_and_its_circle_can_be_walked(system, observer, size):
    """Keys: !, l (links), Enter: from the page of the first to the one that it waits for."""
    troubled = system("deadlock")
    troubled.culprits()
    console = observer("connect", **size)
    pid = named_in_time(console, troubled, eyes.alert)
    assert "circle for" in console.lines()[1]
    console.press("!")
    lines = console.shows("› tailor", "waits for baker", within=SECONDS)
    following = eyes.pid_in(
        next(line for line in lines if "waits for baker" in line).partition("waits for")[2]
    )
    assert following in troubled.culprits()
    assert following != pid
    console.press("l")
    console.shows("▸ waits for", within=SECONDS)
    console.press("Enter")
    lines = console.shows("› baker", following, "waits for smith", within=SECONDS)
    assert console.seconds <= SECONDS
    assert len(console.pressed) <= KEYS


def test_the_node_page_names_all_who_wait_for_each_other_and_leads_to_them(system, observer, size):
    """Keys: 1, Enter: the cursor begins on the worst line."""
    troubled = system("deadlock")
    troubled.culprits()
    console = observer("connect", **size)
    named_in_time(console, troubled, eyes.triage, "1")
    console.until(lambda lines: eyes.trouble_line(lines) == "circle", what="the cursor is on the circle")

    def all_of_them(lines):
        """The meaning of the line, in the right half of the screen."""
        left = next(line.index("TROUBLE") for line in lines if "TROUBLE" in line)
        text = " ".join(" ".join(line[left:] for line in lines).split())
        pairs = (("tailor", "baker"), ("baker", "smith"), ("smith", "tailor"))
        pid = r"<0[.]\d+[.]0>"
        return all(re.search(rf"{one} {pid} waits for {other} {pid}", text) for one, other in pairs)

    console.until(all_of_them, within=SECONDS, what="who waits for whom")
    console.press("Enter")
    console.shows("› tailor", "waits for baker")
    assert len(console.pressed) <= KEYS


# --- leak ---------------------------------------------------------------------------------------------


def test_a_leak_stands_first_by_change_of_memory(system, observer, size):
    """Keys: W (sort by change of memory), Home, Enter (its page)."""
    troubled = system("leak")
    troubled.culprits()
    console = observer("connect", **size)
    named_in_time(console, troubled, eyes.leaking, "W")
    console.press("Home", "Enter")
    lines = console.shows("› historian", "mem ", within=SECONDS)
    assert (
        eyes.bytes_in(next(line for line in lines if "mem " in line).partition("mem ")[2]) > eyes.LEAK_BYTES_S
    )
    assert len(console.pressed) <= KEYS


def test_nobody_leaks_in_a_healthy_office(system, observer):
    system("office")
    console = observer("connect")
    console.shows("procs", within=SECONDS)
    console.press("W")
    for _ in range(3):
        before = console.shows("MEM/s▼", within=SECONDS)
        assert eyes.leaking(before) is None
        console.until(lambda lines, before=before: lines != before, what="another poll")


# --- a crash loop that escalates ----------------------------------------------------------------------


def test_while_supervisors_give_up_and_are_restarted_the_child_at_the_bottom_is_named(system, observer, size):
    """Keys: ! (the crashing child's page)."""
    troubled = system("escalation", "office", "patient")
    troubled.culprits()
    console = observer("connect", **size)

    def at_the_bottom(lines):
        return eyes.alert(lines) if "KeyError('cyan')" in lines[1] or "gave up" in lines[1] else None

    named_in_time(console, troubled, at_the_bottom)
    console.press("!")
    console.shows("› printer", "KeyError('cyan", within=SECONDS)
    assert len(console.pressed) <= KEYS


def test_the_node_page_names_it_too_while_it_goes_on(system, observer):
    """Keys: 1."""
    troubled = system("escalation", "office", "patient")
    troubled.culprits()
    console = observer("connect")
    named_in_time(console, troubled, eyes.triage, "1")
    console.shows("press, plant gave up", "KeyError('cyan')", within=SECONDS)


def test_after_three_levels_have_given_up_the_root_cause_still_stands_there(system, observer, size):
    """Keys: 1 (the Node page: who gave up, and because of whom), ! (the page of who crashed)."""
    troubled = system("escalation")
    troubled.ended_for_good()
    console = observer("connect", **size)
    named_in_time(console, troubled, eyes.alert)
    assert "office gave up: printer" in console.lines()[1]
    named_in_time(console, troubled, eyes.triage, "1")
    found = eyes.trouble(console.shows("root cause", "KeyError('cyan'", within=SECONDS))
    assert set(found) >= {"gave up", "root cause"}
    console.press("!")
    console.shows("printer", "KeyError('cyan", within=SECONDS)
    assert len(console.pressed) <= KEYS


def test_the_history_on_a_tall_screen_tells_the_chain(system, observer):
    """Keys: 1."""
    troubled = system("escalation", "office", "patient")
    troubled.culprits()
    console = observer("connect", columns=200, rows=50)
    named_in_time(console, troubled, eyes.triage, "1")

    def chain(lines):
        text = "\n".join(lines)
        return all(re.search(rf"{name} .*gave up: printer <0.*KeyError", text) for name in ("press", "plant"))

    console.until(chain, within=SECONDS, what="press and plant gave up because of the printer")
