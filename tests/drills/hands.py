"""What an operator does with the console in a few keys, looking at the screen all the while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.drills.eyes import TROUBLE, Row, cursor, processes, trouble_line
from tests.support.terminal import Terminal

PATIENCE = 40
"""Keys that a move may take: rows change their places meanwhile, so a key may also miss."""


def move_to(console: Terminal, wanted: Callable[[Row], object]) -> Row:
    """Move the cursor of the Processes page, up or down, to the nearest row that is wanted."""

    def choice(lines: list[str]) -> tuple[Row, int] | None:
        """The row under the cursor, and how far it is from there."""
        rows = processes(lines)
        at = next((place for place, row in enumerate(rows) if row.cursor), None)
        ways = [place - at for place, row in enumerate(rows) if wanted(row)] if at is not None else []
        return (rows[at], min(ways, key=abs)) if at is not None and ways else None

    for _ in range(PATIENCE):
        here, way = console.until(choice, what="a row that is wanted")
        if way == 0:
            return here
        console.press("Down" if way > 0 else "Up")
        console.sees(lambda lines, before=here: (row := cursor(lines)) and row.pid != before.pid, within=1)
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


def leave(console: Terminal) -> str:
    """Quit; returns what was printed then."""
    console.press("q")
    return ended(console)


def ended(console: Terminal) -> str:
    """Wait for the program's end; returns what it has printed."""
    console.until(lambda _: console.exit_code is not None, what="the program has ended")
    return console.printed()
