"""The README's table of hostile and unlucky code: each row is what such code was seen to do to a real node.

A row is told from what bounded the delay (the slicer's counters), not from exact milliseconds. When the table is to change:

    OBSERVER_UPDATE_TABLE=1 pytest tests/runtime/preemption/test_readme_table.py
"""

import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hostile import SYSTEMS, Seen

ROOT = Path(__file__).parents[3]
README = ROOT / "README.md"
BEGIN, END = "<!-- hostile code: written by its test -->\n", "<!-- end of hostile code -->\n"
HEAD = "| code | what its neighbours feel | how it is stopped | what to do instead |\n|---|---|---|---|\n"
SOON_S = 0.05
"""A slice of 1 ms, on a machine that has much else to do."""


@functools.cache
def seen_of(name):
    """What is seen of a system in a node of its own."""
    command = [sys.executable, "-m", "tests.support.hostile", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return Seen(**json.loads(done.stdout))


def felt(seen):
    """What bounded the delay of the neighbours."""
    if seen.rescues:
        assert seen.longest >= seen.held / 2
        return "waits, as long as it is held"
    if seen.interrupts:
        assert seen.interrupts == 1
        bound = re.search(r"for (\d+) ms", seen.reason)[1]
        assert seen.longest >= int(bound) / 1000 * 0.8
        return f"{bound} ms, once"
    if seen.held and seen.longest >= seen.held * 0.8:
        return "all of the call"
    assert seen.parks >= 5, seen
    assert seen.typical < SOON_S, seen
    return "1 to 3 ms"


def stopped(system, seen):
    """What put an end to it."""
    assert seen.told
    if seen.interrupts:
        assert seen.reason.startswith("Interrupted(")
        return "interrupted"
    assert seen.reason == "killed"
    if system.killed_after is None:
        return "need not be"
    if seen.held:
        assert seen.killed_late >= (seen.held - system.killed_after) * 0.8
        return "killed, but not before the call returns"
    return "killed at once; its code stays, as a zombie" if seen.zombie else "killed at once"


def row(name):
    """The row of one system."""
    system, seen = SYSTEMS[name], seen_of(name)
    feels, stops = felt(seen), stopped(system, seen)
    if system.killed_after is None:
        feels = f"{feels}; {seen.found}" if seen.found else feels
    elif seen.found:
        stops = f"{stops}; {seen.found}"
    return f"| {system.code} | {feels} | {stops} | {system.instead} |\n"


@pytest.mark.parametrize("name", SYSTEMS)
def test_hostile_code_does_to_its_neighbours_what_the_readme_says(name):
    if "OBSERVER_UPDATE_TABLE" not in os.environ:
        assert row(name) in README.read_text(encoding="utf-8")


def test_the_table_of_the_readme_is_the_one_that_was_seen():
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    table, after = rest.split(END)
    rows = HEAD + "".join(map(row, SYSTEMS))
    if "OBSERVER_UPDATE_TABLE" in os.environ:
        README.write_text(before + BEGIN + rows + END + after, encoding="utf-8")
    else:
        assert table == rows
