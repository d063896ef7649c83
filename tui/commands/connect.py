"""`observer connect`: the console on a live node.

which node?  named, $OBSERVER_NODE, the only local one, or picked from a list
    |
one question, so that a wrong address or key is a plain error and not a blank screen
    |
tui.app.run  (Textual is imported here, and nowhere else on the command line)
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from runtime.port import client as port
from runtime.port.contract import Code, Failure, NodeQuery
from tui.output.table import Column

from .context import Context
from .nodes import COLUMNS, rows
from .options import reach_options, seconds

HELP = """\
Open the console on a live node: its processes, supervision tree, states, mailboxes and
histories, and what is in trouble. Without an argument it opens the only node that runs
here, or lets you pick one. Inside, `?` shows the keys and `q` leaves; leaving or
losing the console never disturbs the node.

  observer connect
  observer connect bank                      a node of this machine, by name
  observer connect 127.0.0.1:18812           by address
  observer connect bank --read-only          without keys that change anything
  ssh -L 18812:127.0.0.1:18812 server        then connect to 127.0.0.1:18812

It needs a terminal. For scripts: observer ps, observer node, and the other commands.
"""


@dataclass(frozen=True)
class Console:
    """How the console opens."""

    key: str | None = None
    ca: str | None = None
    fingerprint: str | None = None
    read_only: bool = False
    interval: float = 1.0
    hints: bool | tuple[str, ...] = False
    """What to try, in one line above the keys; True for what the crew's demo offers."""
    page: str = "processes"
    sort: str | None = None


class Ended(Protocol):
    """How a console ended."""

    @property
    def failure(self) -> Failure | None:
        """Why it never showed the node, or that it crashed; None where its user has left it."""
        ...


class App(Protocol):
    """What `tui.app` offers."""

    def run(
        self,
        place: port.Place,
        *,
        key: str | None,
        read_only: bool,
        ca: str | None,
        fingerprint: str | None,
        interval: float,
        hints: bool | tuple[str, ...],
        start_page: str,
        sort: str | None,
    ) -> Ended:
        """Show the console until its user leaves."""
        ...


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument(
        "node",
        metavar="HOST:PORT|NAME",
        nargs="?",
        help="the node; else $OBSERVER_NODE, else one that runs here",
    )
    parser.add_argument("--read-only", action="store_true", help="hide the keys that change something")
    parser.add_argument(
        "--interval",
        metavar="SECONDS",
        type=seconds(0.1, 60),
        default=1.0,
        help="look again after so many seconds; default 1",
    )
    reach_options(parser)


def run(context: Context) -> int:
    """Find the node, make sure that it answers, open the console."""
    args = context.args
    if not has_terminal():
        raise Failure(
            Code.BAD_REQUEST,
            "connect opens a console and needs a terminal; without one, use observer ps (or --help)",
        )
    wanted = args.node or os.environ.get("OBSERVER_NODE")
    place = port.find(wanted) if wanted else _pick(context)
    client = context.connect(place)
    try:
        client.ask(NodeQuery(stack=False), timeout=args.timeout)
    finally:
        client.close()
    open_console(
        place,
        Console(
            key=args.key,
            ca=args.ca,
            fingerprint=args.fingerprint,
            read_only=args.read_only,
            interval=args.interval,
        ),
    )
    return 0


def has_terminal() -> bool:
    """Whether there is a terminal to read keys from and to draw on."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def open_console(place: port.Place, console: Console) -> None:
    """Show the console until its user leaves.

    Raises:
        Failure: the console could not show the node at all, or crashed.
    """
    app = cast("App", import_module("tui.app"))
    ended = app.run(
        place,
        key=console.key,
        read_only=console.read_only,
        ca=console.ca,
        fingerprint=console.fingerprint,
        interval=console.interval,
        hints=console.hints,
        start_page=console.page,
        sort=console.sort,
    )
    if ended.failure is not None:
        raise ended.failure


def _pick(context: Context) -> port.Place:
    """The only node that runs here, or the one that the user picks."""
    places = port.nodes()
    if len(places) < 2:
        return port.find(None)
    numbered = [[str(index), *row] for index, row in enumerate(rows(places), start=1)]
    context.out.table((Column("", right=True), *COLUMNS), numbered)
    while True:
        context.say(f"Which node? 1 to {len(places)}, or Ctrl-C to leave")
        answer = sys.stdin.readline()
        if not answer:
            raise KeyboardInterrupt
        if answer.strip().isdecimal() and 1 <= int(answer) <= len(places):
            return places[int(answer) - 1]
