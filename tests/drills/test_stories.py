"""Which agent sent this? Why did it take nine seconds? What happened before the crash?

The screen only, from a cold `connect`, within a handful of keys: a name that is typed counts as one.
"""

from __future__ import annotations

import re

import pytest

from tests.drills.test_culprits import KEYS

pytestmark = pytest.mark.drill

SIZES = [(80, 24), (120, 40)]
SECONDS = 15.0


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request):
    """Columns and rows."""
    return {"columns": request.param[0], "rows": request.param[1]}


def open_process(console, name):
    """Keys: g, the name, Enter."""
    console.shows("procs", within=SECONDS)
    console.press("g")
    console.shows("a pid or a name")
    console.type(name)
    console.press("Enter")
    console.shows(f"› {name}", "t timeline", within=SECONDS)


def keys(console, *names):
    """How many keys it took, a name counted as one."""
    return len(console.pressed) - sum(len(name) - 1 for name in names)


def found(pattern):
    """What the first line that has it says; nothing where none has."""

    def look(lines):
        match = next(filter(None, (re.search(pattern, line) for line in lines)), None)
        return match and match[1]

    return look


def test_who_has_sent_a_message_that_does_not_say_whose_it_is(system, observer, size):
    """Keys: g, `ledger`, Enter, T (trace it): the peer of what is void."""
    troubled = system("forger")
    console = observer("connect", **size)
    open_process(console, "ledger")
    console.press("T")
    who = console.until(
        found(r"Entry\(amount=-1.* ← (\S+)"), within=SECONDS, what="a void entry and its sender"
    )
    assert who in troubled.culprits()
    assert keys(console, "ledger") <= KEYS
    assert console.seconds <= SECONDS


def test_only_what_is_void_is_traced_by_a_condition(system, observer):
    """Keys: 6, n, a pattern, Enter; the session takes nothing else, and says so."""
    troubled = system("forger")
    console = observer("connect")
    console.shows("procs", within=SECONDS)
    console.press("6")
    console.shows("nothing is traced")
    console.press("n")
    console.shows("legal")
    pattern = "ledger receive when message.amount < 0"
    console.type(pattern)
    console.shows("Enter starts", within=SECONDS)
    console.press("Enter")
    who = console.until(found(r"Entry\(amount=-1.* ← (\S+)"), within=SECONDS)
    assert who in troubled.culprits()
    assert not any("amount=" in line and "amount=-1" not in line for line in console.lines())
    assert keys(console, pattern) <= KEYS
    console.press("s")
    console.shows("ended: ", within=SECONDS)


def test_where_an_order_has_lain_for_most_of_its_nine_seconds(system, observer, size):
    """Keys: g, `front`, Enter, t (its last story), s (the slowest span of it)."""
    troubled = system("slow_order")
    troubled.says("answered")
    console = observer("connect", **size)
    open_process(console, "front")
    console.press("t")
    console.shows("spans", "worked", within=SECONDS)
    console.until(lambda lines: not any("reading" in line for line in lines), within=SECONDS)
    console.press("s")
    who = console.until(found(r"^▸ (printer)"), within=SECONDS, what="the slowest span")
    assert who in troubled.culprits()
    console.until(
        found(r"→ printer .*(Print\(title='posters')"), within=SECONDS, what="what the printer did meanwhile"
    )
    assert keys(console, "front") <= KEYS
    assert console.seconds <= SECONDS


def test_what_happened_before_a_crash_and_who_began_it(system, observer, size):
    """Keys: !, c (crash reports), t (the story before it); what has begun it stands at its top."""
    troubled = system("poison")
    troubled.says("posted")
    console = observer("connect", **size)
    console.shows("▲ scanner", within=SECONDS)
    console.press("!")
    console.shows("› scanner", within=SECONDS)
    console.press("c")
    console.shows("ZeroDivisionError", "before", within=SECONDS)
    console.press("t")
    console.shows("an episode of", "failed", within=SECONDS)
    who = console.until(found(r"^[▸ ] (inbox-\d)"), within=SECONDS, what="who has begun it")
    assert who in troubled.culprits()
    assert len(console.pressed) <= KEYS
    assert console.seconds <= SECONDS
