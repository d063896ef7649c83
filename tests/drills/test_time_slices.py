"""An agent that never returns: the others go on, it is named, shown and killed; and what does not even end then is explained.

Cold `connect`, the screen only, at most five keys and ten seconds until the culprit is named.
"""

from __future__ import annotations

import re
import time

import pytest

from tests.drills import eyes
from tests.drills.test_culprits import KEYS, SECONDS, named_in_time

pytestmark = pytest.mark.drill

ANSWER_S = 1.0
"""Seconds from `y` to the answer on the screen."""
SIZES = [(80, 24), (120, 40)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request):
    """Columns and rows."""
    return {"columns": request.param[0], "rows": request.param[1]}


def killed(console, pid):
    """Answer the question with yes; returns the seconds until it says so."""
    console.shows("Kill ", pid, "[ No ]")
    console.press("y")
    began = time.monotonic()
    console.shows("was ended: kill")
    return time.monotonic() - began


def busiest(lines):
    """The first row of the Processes page, sorted by BUSY, if it takes most of the loop and has used up its slices."""
    rows = eyes.processes(lines)
    if not rows or "BUSY▼" not in "\n".join(lines):
        return None
    line = next(line for line in lines if rows[0].pid in line)
    return rows[0].pid if re.search(r"[◇▶] (parked|running)\b.* ([3-9]\d|100)%", line) else None


def test_a_spinner_is_named_by_the_alert_and_killed_from_its_page(system, observer, size):
    """Keys: !, K, y. The page that `!` opens says handler, time and line; after the kill it says who has followed."""
    troubled = system("spinner")
    console = observer("connect", **size)
    pid = named_in_time(console, troubled, eyes.alert)
    console.press("!")
    console.shows("› optimist", "parked", "in handle_info(str) for ")
    console.press("K")
    assert killed(console, pid) < ANSWER_S
    lines = console.until(
        lambda lines: re.search(r"ended .*now <0\.\d+\.0>", "\n".join(lines)) and lines, what="its successor"
    )
    assert re.search(r"now (<0\.\d+\.0>)", "\n".join(lines))[1] != pid
    assert len(console.pressed) <= KEYS


def test_a_spinner_is_the_first_by_busy_and_its_restart_is_seen(system, observer, size):
    """Keys: b (sort by busy), Home, K, y."""
    troubled = system("spinner")
    troubled.culprits()
    console = observer("connect", **size)
    pid = named_in_time(console, troubled, busiest, "b")
    console.press("Home", "K")
    assert killed(console, pid) < ANSWER_S

    def successor(lines):
        row = eyes.named(lines, "optimist")
        return row and row.pid != pid and row.restarts == 1

    console.until(successor, what="it is restarted")
    assert len(console.pressed) <= KEYS


def test_the_node_page_names_a_spinner_with_its_line_and_its_neighbours_go_on(system, observer):
    """Keys: 1."""
    troubled = system("spinner")
    troubled.culprits()
    console = observer("connect")
    pid = named_in_time(console, troubled, eyes.triage, "1")
    lines = console.shows(
        f"◇ optimist {pid}", "Optimist.handle_info", "systems/spinner.py", "✓ on", "slices so far"
    )
    found = eyes.trouble(lines)
    assert found["busiest"][0] == found["running"][0] == pid
    assert "oldest" not in found or eyes.seconds(found["oldest"][1]) < eyes.LONG_S


def test_a_zombie_is_explained(system, observer, size):
    """Keys: !, x (its stack). It was killed before anybody looked."""
    troubled = system("zombie")
    troubled.culprits()
    console = observer("connect", **size)
    pid = named_in_time(console, troubled, eyes.alert)
    assert "glutton" in console.lines()[1]
    console.press("!")
    text = " ".join(" ".join(console.shows("† zombie", "OS process of its own", "F follows")).split())
    assert f"glutton {pid}" in text
    for words in (
        "ended (killed",
        "its code does not",
        "20 times",
        "never resumed",
        "costs no time",
        "stays locked",
        "Restart the node",
    ):
        assert words in text
    assert re.search(r"now <0\.\d+\.0>", text), "its successor"
    console.press("x")
    console.shows("Glutton._feast", "systems/zombie.py:2")
    assert console.seconds <= SECONDS
    assert len(console.pressed) <= KEYS
