"""The steps as an operator does them: the console in one terminal, commands in another, nothing but keys and screens."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.soul.meter import lowest
from demo.soul.operator import Operator
from runtime.port.client import find
from tests.drills import eyes
from tests.support.terminal import Terminal, environment, needs_tmux

pytestmark = pytest.mark.drill

WORKERS = 400
HEAVY = 20_000_000
FLAT = 0.5
"""Of one sum a second for each worker: what the graph never falls below."""


class Show:
    """The console, and a second terminal for commands."""

    def __init__(self, env, stack):
        self._env = env
        self.console = stack.enter_context(Terminal(self._command("demo", "soul"), env, 120, 40))

    @staticmethod
    def _command(*argv):
        return [sys.executable, "-m", "tui", *argv]

    def observer(self, *argv):
        """Run a command to its end; what it has printed."""
        with Terminal(self._command(*argv), self._env, 120, 40) as terminal:
            terminal.until(lambda _: terminal.exit_code is not None, what="the command has ended")
            printed = terminal.printed().strip()
            assert terminal.exit_code == 0, printed
            return printed

    def open(self, name):
        """Go to a process by its name."""
        self.console.press("g")
        self.console.shows("a pid or a name")
        self.console.type(name)
        self.console.press("Enter")
        self.console.shows(f"› {name} ")

    def rate(self, lines):
        """Sums per second, as the meter's page has them in its second line; None on other pages."""
        found = re.search(r"([\d,]+) sums/s, +\d+% of the loop", "\n".join(lines))
        return int(found[1].replace(",", "")) if found else None

    def graph(self):
        """The chart on the meter's page, as it is now."""
        self.open("meter")
        self.console.press("s", "r")
        return self.console.until(throughput, what="the chart")


def throughput(lines):
    """The chart in the meter's state."""
    found = re.search(r"throughput +'([▁▂▃▄▅▆▇█]+)'", "\n".join(lines))
    return found[1] if found else None


def endless(lines):
    """The first row of the Processes page, if it is the endless computation."""
    rows = eyes.processes(lines)
    return rows[0] if rows and rows[0].name == "sum to -1" else None


@pytest.fixture
def show(monkeypatch):
    needs_tmux()
    home = Path(tempfile.mkdtemp(prefix="ob", dir="/tmp"))
    monkeypatch.setenv("OBSERVER_HOME", str(home))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        yield Show(environment(home), stack)


def test_the_seven_steps_in_a_real_terminal(show):
    console = show.console
    console.shows("messages/s", "loop lag", "g desk: what to do next")

    # 1: the load, with throughput and the loop's share on the screen
    show.observer("send", "load", str(WORKERS))
    show.open("meter")
    console.until(lambda lines: (show.rate(lines) or 0) >= 0.9 * WORKERS, what="all workers are at work")
    console.shows("throughput", "loop_share", "of the loop")

    # 2: a bad input ends one computation
    show.observer("send", "desk", '"a hundred"')
    console.press("1")
    console.shows("crashes 1", f"{9 + WORKERS - 1:,} waiting")
    assert "sum to a hundred" in "\n".join(console.lines())

    # 3: a heavy one goes on in slices, and its neighbours as before
    show.observer("send", "desk", str(HEAVY))
    console.shows("slices so far; neighbours go on", f"sum to {HEAVY}")
    show.open("desk")
    console.shows("4 an endless one: observer send desk -1")

    # 4: an endless one; whoever has most reductions
    show.observer("send", "desk", "-1")
    console.press("2")
    console.until(eyes.processes, what="the processes")
    console.press("R")
    culprit = console.until(endless, what="the endless computation is the first by reductions")
    console.press("Home")
    console.until(lambda lines: endless(lines) and endless(lines).cursor, what="the cursor is there")

    # 5: its stack, and its end
    console.press("Enter")
    console.shows(f"› sum to -1 {culprit.pid}")
    console.press("x")
    console.shows("total", "sums.py:")
    console.press("K")
    console.shows("Kill sum to -1", culprit.pid)
    console.press("y")
    console.shows("was ended: kill")

    # 6: new code for everybody, while they work
    show.observer("send", "editor", '"fix"')
    console.press("5")
    console.shows("▸ sums ", "stale")
    console.press("U")
    console.shows("sums", "[ No ]")
    console.press("y")
    console.shows("current", f"upgraded {WORKERS} processes")

    # 7: the endless input is refused, the heavy one answered at once
    assert "refused: -1 is not above zero" in show.observer("send", "desk", "-1", "--call")
    assert str(HEAVY * (HEAVY + 1) // 2) in show.observer("send", "desk", str(HEAVY), "--call")
    show.open("desk")
    console.shows("that was all")
    console.press("1")
    console.shows("crashes 1", "restarts 0")

    # the graph has never fallen: as the screen has it, and second by second
    chart = show.graph().lstrip("▁▂▃▄▅▆")
    assert len(chart) > 10
    assert not set(chart) & set("▁▂"), chart
    with Operator(find("soul")) as operator:
        samples = operator.samples()
    loaded = next(place for place, sample in enumerate(samples) if sample.per_s >= 0.9 * WORKERS)
    assert lowest(samples[loaded:]) >= FLAT * WORKERS
    console.press("q")
    console.until(lambda _: console.exit_code is not None, what="the console has ended")
    assert console.exit_code == 0
