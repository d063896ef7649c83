"""The console on a node of a hundred thousand processes."""

from __future__ import annotations

import pytest

from tests.drills import eyes

pytestmark = pytest.mark.drill


def test_one_among_a_hundred_thousand_is_found_and_looked_into(system, observer):
    """Keys: a (sort by age), 3 (the tree), End, 2 (back), then the filter and Enter."""
    crowded = system("crowd")
    (culprit,) = crowded.culprits()
    console = observer("connect")
    console.shows("of 100,0", within=20)
    console.press("a")
    assert console.until(eyes.suspect, within=20, what="the flooded mailbox stands out") == culprit
    console.press("3")
    console.shows("› tree", "agent-0", within=20)
    console.press("End")
    console.shows("… 99,900 more", "scanner", within=20)
    console.press("2")
    console.shows("› processes", within=20)
    console.press("/")
    console.shows("Enter keep", within=20)
    console.type("agent-77777")
    console.shows("1 of 100,0", "agent-77777", within=20)
    console.press("Enter")
    console.shows("⏎ open", within=20)
    console.press("Enter")
    console.shows("› agent-77777", "77777", within=20)
