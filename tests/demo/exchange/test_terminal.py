"""The film as an operator shows it: the console in a real terminal, nothing but keys and the screen."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, environment, needs_tmux

pytestmark = pytest.mark.drill

PATIENCE_S = 60.0
"""Seconds of the engineer's until a version is on disk, on a busy machine."""


@pytest.fixture
def console():
    needs_tmux()
    home = Path(tempfile.mkdtemp(prefix="ob", dir="/tmp"))
    with Terminal([sys.executable, "-m", "tui", "demo", "exchange"], environment(home), 120, 40) as terminal:
        yield terminal
    shutil.rmtree(home, ignore_errors=True)


def changes(console, key, becomes):
    """On the Modules page: this key, and yes; until that version runs."""
    console.press("5")
    console.shows("▸ exchange.calls ")
    console.press(key)
    console.shows("exchange.calls?", "all of it happens, or nothing", within=PATIENCE_S)
    console.press("y")
    console.shows(f"exchange.calls  version {becomes} ", within=PATIENCE_S)
    console.press("3")


def test_two_upgrades_and_a_rollback_by_the_keys_that_the_screen_names(console):
    console.shows("engineer", "subscribers", "0 dropped", "try  5 modules")
    console.shows("5, then U: v2", within=PATIENCE_S)
    changes(console, "U", becomes=2)
    console.shows("5, then U: v3 mends", "0 dropped", within=PATIENCE_S)
    changes(console, "U", becomes=3)
    console.shows("5, then B: rolls back v3", "0 dropped", within=PATIENCE_S)
    changes(console, "B", becomes=2)
    console.shows("5, then U: v3 mends", "0 dropped", within=PATIENCE_S)
    console.press("q")
    console.until(lambda _: console.exit_code is not None, what="the demo has ended")
    assert console.exit_code == 0
    printed = console.printed()
    assert "changes of the software mid-call  3: version 1 to 2, version 2 to 3, version 3 to 2" in printed
    assert "dropped calls                     0" in printed
    assert "have noted, 0 otherwise" in printed
