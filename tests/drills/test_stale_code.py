"""Code that was corrected on disk, and does not run yet: found from a cold `connect`, replaced, and taken back.

The screen only, at most five keys and ten seconds until the corrected code runs.
"""

from __future__ import annotations

import re

import pytest

from tests.drills import eyes
from tests.drills.test_culprits import KEYS, SECONDS

pytestmark = pytest.mark.drill

SIZES = [(80, 24), (120, 40)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request):
    """Columns and rows."""
    return {"columns": request.param[0], "rows": request.param[1]}


@pytest.fixture
def office(system, tmp_path):
    """The office, with clerks whose file was corrected after they were started."""
    return system("stale_code", "office", str(tmp_path))


def stale(lines):
    """The module under the cursor of the Modules page, if it is stale."""
    found = re.search(r"^▸ (\S+) +[0-9a-f]{12} ▲ stale", "\n".join(lines), re.MULTILINE)
    return found and found[1]


def badged(lines):
    """The processes that the list says are stale."""
    return {
        row.pid for row in eyes.processes(lines) for line in lines if row.pid in line and "▲ stale" in line
    }


def test_stale_code_is_found_and_replaced_within_five_keys_and_ten_seconds(office, observer, size):
    """Keys: 5, U, y."""
    console = observer("connect", **size)
    console.press("5")
    assert console.until(stale, what="a stale module under the cursor") == "clerks"
    console.press("U")
    console.shows("Upgrade clerks?", "3 processes get it", "[ No ]")
    console.press("y")
    console.shows("✓ upgraded 3 processes", "pauses p50")
    office.says("corrected")
    assert console.seconds <= SECONDS
    assert len(console.pressed) <= KEYS
    console.shows("✓ current", "before ")


def test_the_clerks_are_badged_and_the_same_processes_go_on_after_it(office, observer, size):
    """Keys: n (sort by name), 5, U, y, 2."""
    console = observer("connect", **size)
    console.press("n")
    pids = console.until(lambda lines: len(found := badged(lines)) == 3 and found, what="three are badged")
    assert pids == set(office.culprits())
    console.press("5")
    console.until(stale)
    console.press("U")
    console.shows("3 processes get it")
    console.press("y")
    console.shows("✓ upgraded 3 processes")
    console.press("2")

    def same(lines):
        rows = {row.pid: row for row in eyes.processes(lines)}
        return pids <= set(rows) and not badged(lines) and all(rows[pid].restarts == 0 for pid in pids)

    console.until(same, what="the same pids, none of them stale, none restarted")


def test_what_was_upgraded_is_taken_back_by_one_key(office, observer):
    """Keys: 5, U, y, B, y. The history has both."""
    console = observer("connect")
    console.press("5")
    console.until(stale)
    console.press("U")
    console.shows("3 processes get it")
    console.press("y")
    console.shows("✓ upgraded 3 processes")
    console.press("B")
    console.shows("Roll back clerks?", "3 processes get it", "observer rollback clerks")
    console.press("y")
    console.shows("✓ rolled back 3 processes", "▲ stale")
    assert len(console.pressed) <= KEYS
    console.press("h")
    console.shows("↶ rollback", "✓ upgrade", "key owner")


def test_what_cannot_be_applied_says_why_and_nothing_changes(office, observer, size, tmp_path):
    """Keys: 5, r. Somebody is in the middle of typing."""
    file = tmp_path / "clerks.py"
    file.write_text(file.read_text() + "\n    def half_")
    console = observer("connect", **size)
    console.press("5")
    console.until(stale)
    console.press("r")
    text = " ".join(" ".join(console.shows("✗ not done", "syntax error")).split())
    assert "clerks: syntax error in" in text
    console.press("2", "n")
    console.until(lambda lines: len(badged(lines)) == 3, what="they go on")
