"""kill -9 of a console, of the demo's console, and of a node under its console; and a node that stalls."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.drills import eyes
from tests.drills.conftest import lives
from tests.drills.hands import ended, leave, move_to
from tests.support.eventually import eventually_sync

pytestmark = pytest.mark.drill

COLOUR = re.compile(r"\x1b\[[\d;]*\b([349][0-7]|10[0-7]|[34]8;[25])\b")
"""An escape sequence that sets a colour."""

SETTLED_S = 15.0
"""Seconds for what follows a death, on a machine that has other work. It takes less than six."""


@pytest.fixture
def nodes(env):
    """The nodes that can be found, as a script finds them."""

    def ask():
        command = [sys.executable, "-m", "tui", "nodes", "--json"]
        return json.loads(subprocess.run(command, env=env, capture_output=True, check=True, text=True).stdout)

    return ask


def test_the_demos_node_dies_with_its_console(observer, nodes, tmp_path):
    (tmp_path / "module.py").write_text("import os\n")
    console = observer("demo", str(tmp_path))
    console.shows("dispatcher", "librarian")
    (place,) = nodes()
    os.kill(console.pid, signal.SIGKILL)
    ended(console)
    assert console.exit_code == 128 + signal.SIGKILL
    eventually_sync(lambda: not lives(place["pid"]), within=SETTLED_S)
    assert nodes() == []


def test_a_node_does_not_notice_that_its_console_was_killed_and_opens_another_without_colour(
    system, observer, nodes
):
    system("office")
    console = observer("connect")
    console.shows("desk-12", "sorter")
    assert COLOUR.search(console.colours())
    os.kill(console.pid, signal.SIGKILL)
    ended(console)
    assert console.exit_code == 128 + signal.SIGKILL
    assert [place["name"] for place in nodes()] == ["office"]
    again = observer("connect", "office", NO_COLOR="1")
    again.shows("desk-12", "sorter", "office › processes")
    assert not COLOUR.search(again.colours())
    leave(again)
    assert again.exit_code == 0


def on_desk_7(console):
    """Put the cursor there."""
    console.shows("desk-7")
    return move_to(console, lambda row: row.name == "desk-7")


def drawn(console, word):
    """The row with this word, with its colours."""
    return next((line for line in console.colours().split("\n") if word in line), "")


def test_a_killed_node_leaves_a_dim_screen_and_comes_back_as_a_new_incarnation(system, observer):
    killed = system("office")
    console = observer("connect")
    row = on_desk_7(console)
    rows = [it.name for it in eyes.processes(console.lines())]
    before = drawn(console, "desk-9 ")
    killed.process.kill()
    lines = console.shows("stale", "reconnecting", within=SETTLED_S)
    assert re.search(r"stale [\d.]+ s · reconnecting \(\d+\) · node last said: (idle|running <)", lines[1])
    assert [it.name for it in eyes.processes(lines)] == rows
    assert eyes.cursor(lines).pid == row.pid
    assert drawn(console, "desk-9 ") != before, "it is dim"

    system("office")
    lines = console.shows("new incarnation", within=SETTLED_S)
    assert "stale" not in lines[1]
    console.until(lambda lines: (it := eyes.cursor(lines)) and it.name == "desk-7" and it.status != "ended",
                  what="the cursor is on desk-7 again")  # fmt: skip
    assert drawn(console, "desk-9 ").split("desk-9")[0] == before.split("desk-9")[0]


def test_a_node_that_stalls_is_stale_and_goes_on_as_what_it_was(system, observer):
    stalled = system("office")
    console = observer("connect", columns=80, rows=24)
    row = on_desk_7(console)
    os.kill(stalled.process.pid, signal.SIGSTOP)
    lines = console.shows("stale", within=SETTLED_S)
    assert eyes.cursor(lines).pid == row.pid
    os.kill(stalled.process.pid, signal.SIGCONT)
    lines = console.until(
        lambda lines: "stale" not in lines[1] and lines, within=SETTLED_S, what="fresh again"
    )
    assert "incarnation" not in lines[0]
    assert eyes.cursor(lines).pid == row.pid
