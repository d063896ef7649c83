"""What an operator does with the console in a few keys, looking at the screen all the while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.drills.eyes import TROUBLE, Row, cursor, processes, trouble_line
from tests.support.terminal import Terminal

PATIENCE = 40
"""Keys that a move may take: rows change their places meanwhile."""


def move_to(console: Terminal, wanted: Callable[[Row], object]) -> Row:
    """Move the cursor of the Processes page, up or down, to the first row that is wanted."""
    for _ in range(PATIENCE):
        here = console.until(cursor, what="a row has the cursor")
        if wanted(here):
            return here
        rows = console.until(
            lambda lines: any(map(wanted, shown := processes(lines))) and shown, what="the row"
        )
        at = next((place for place, row in enumerate(rows) if row.cursor), 0)
        to = next(place for place, row in enumerate(rows) if wanted(row))
        console.press("Down" if to > at else "Up")
        console.until(lambda lines, before=here: _cursor_pid(lines) != before.pid, what="the cursor moves")
    return pytest.fail(f"no such row\n{console.printed()}")


def on_line(console: Terminal, what: str) -> None:
    """Move the cursor of the Node page to the line of trouble that is called so."""
    for _ in TROUBLE:
        here = console.until(trouble_line, what="a line of trouble has the cursor")
        if here == what:
            return
        console.press("Down" if TROUBLE.index(what) > TROUBLE.index(here) else "Up")
        console.until(lambda lines, before=here: trouble_line(lines) != before, what="the cursor moves")
    pytest.fail(f"no line {what!r}\n{console.printed()}")


def _cursor_pid(lines: list[str]) -> str | None:
    row = cursor(lines)
    return row.pid if row is not None else None


def leave(console: Terminal) -> str:
    """Quit; returns what was printed then."""
    console.press("q")
    return ended(console)


def ended(console: Terminal) -> str:
    """Wait for the program's end; returns what it has printed."""
    console.until(lambda _: console.exit_code is not None, what="the program has ended")
    return console.printed()
