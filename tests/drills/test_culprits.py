"""From a cold `connect`, a rule that sees only the screen names the culprit, within five keys and ten seconds.

The rules are in `eyes`. They are the same for every trouble: an operator does not know which one it is.
What they find is compared with what the system has said on its stdout, which they do not see.
"""

from __future__ import annotations

import pytest

from tests.drills import eyes
from tests.drills.hands import on_line

pytestmark = pytest.mark.drill

KEYS = 5
SECONDS = 10.0

SYSTEMS = ("crash_loop", "flood", "blocked_loop", "slow_tool", "stuck_agent")


def named_in_time(console, system, rule, *keys):
    """Press the keys, let the rule look until it names somebody, and hold that against the truth."""
    console.shows("procs", within=SECONDS)
    console.press(*keys)
    pid = console.until(rule, within=max(0.1, SECONDS - console.seconds), what="the rule names a culprit")
    took = console.seconds
    assert pid in system.culprits(), f"{pid} is innocent\n{console.printed()}"
    assert took <= SECONDS
    assert len(console.pressed) <= KEYS
    return pid


@pytest.mark.parametrize("trouble", SYSTEMS)
def test_the_culprit_is_found_on_the_node_page(system, observer, trouble):
    """Keys: 1."""
    troubled = system(trouble)
    troubled.culprits()
    named_in_time(observer("connect"), troubled, eyes.triage, "1")


@pytest.mark.parametrize("trouble", SYSTEMS)
def test_the_culprit_is_found_on_the_processes_page_of_a_small_terminal(system, observer, trouble):
    """Keys: a (sort by the age of the oldest message)."""
    troubled = system(trouble)
    troubled.culprits()
    named_in_time(observer("connect", columns=80, rows=24), troubled, eyes.suspect, "a")


def test_a_crash_loop_is_seen_in_the_tree_and_its_reason_one_key_further(system, observer):
    """Keys: 3 (the tree), ! (open what the alert names)."""
    troubled = system("crash_loop")
    console = observer("connect")
    console.shows("procs", within=SECONDS)

    def restarted(lines):
        row = next((line for line in lines if "courier" in line and "ago: KeyError" in line), "")
        return eyes.pid_in(row)

    named_in_time(console, troubled, restarted, "3")
    console.press("!")
    console.shows("› courier", "KeyError('har")
    assert len(console.pressed) <= KEYS


def test_the_page_of_a_stuck_agent_says_what_it_waits_for_and_for_how_long(system, observer):
    """Keys: 1, Down or Up (to the line "oldest"; the cursor begins on the worst line), Enter."""
    troubled = system("stuck_agent")
    console = observer("connect", columns=80, rows=24)
    pid = named_in_time(console, troubled, eyes.triage, "1")
    on_line(console, "oldest")
    console.press("Enter")
    lines = console.shows(pid, "waiting for the other side to accept", "handle_info(str)")
    (handler,) = [line for line in lines if "handle_info(str)" in line]
    assert eyes.seconds(handler.partition("handle_info(str)")[2]) > eyes.LONG_S
    assert len(console.pressed) <= KEYS


def test_a_blocked_loop_shows_who_holds_it_for_how_long_and_in_which_line(system, observer):
    """Keys: 1. The node answers all the while, since its port has a thread of its own."""
    troubled = system("blocked_loop")
    (culprit,) = troubled.culprits()
    console = observer("connect")
    console.shows("procs", within=SECONDS)
    console.press("1")
    lines = console.shows("Auditor._seal", "blocked_loop.py:", "holds the loop")
    first = eyes.seconds(eyes.trouble(lines)["running"][1])
    assert eyes.trouble(lines)["running"][0] == eyes.alert(lines) == culprit

    def later(lines):
        running = eyes.trouble(lines).get("running")
        return running is not None and eyes.seconds(running[1]) > first + 1

    console.until(later, within=SECONDS)
