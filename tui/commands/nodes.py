"""`observer nodes`: the nodes that run on this machine. It connects to none of them."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime

from runtime.port import client as port
from tui.format import NOTHING, duration
from tui.output.table import Cell, Column

from .context import Context
from .options import json_option

HELP = """\
Which nodes run here? Those of this machine and user, found by their sockets in
~/.observer/run. A node on another machine is reached by its address, HOST:PORT.

  observer nodes
  observer node --node bank              ask one of them
  observer node --node bank@4711         where two have one name, with the OS pid
  observer nodes --json | jq -r '.[].name'

With --json: an array of name, incarnation, pid (the operating system's), socket, host,
port, fingerprint and started.
"""

COLUMNS = (
    Column("NAME", least=12, middle=True),
    Column("OS PID", right=True),
    Column("UP", right=True),
    Column("PORT"),
    Column("SOCKET", least=20, middle=True, drop=1),
)


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    json_option(parser)


def run(context: Context) -> int:
    """Look and show."""
    places = port.nodes()
    if context.json:
        context.out.document(places)
    elif places:
        context.out.table(COLUMNS, rows(places))
    else:
        context.say("no node runs here; to try one: observer demo")
    return 0


def rows(places: list[port.Place]) -> list[list[Cell | str]]:
    """A line for each node."""
    now = datetime.now(UTC)
    return [
        [
            str(place),
            str(place.pid or NOTHING),
            duration((now - place.started).total_seconds()) if place.started else NOTHING,
            f"{place.host}:{place.port}" if place.port else "local only",
            place.socket or NOTHING,
        ]
        for place in places
    ]
