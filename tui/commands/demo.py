"""`observer demo`: the console on a crew that reviews real Python code, or the crew alone.

The demo stands above this package, so it is imported by name, and only when it is asked for.
"""

from __future__ import annotations

from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from runtime.port.client import Place
from runtime.port.contract import Code, Failure
from tui.cli import shadowed

from .connect import Console, has_terminal, open_console
from .context import Context

HELP = """\
A live system to look at: a crew of supervised processes reviews every Python file under
PATH (default: the standard library of this Python). It runs as a node of its own and
ends with the console; leaving prints the summary and the ten worst files.

  observer demo
  observer demo ~/my-project
  observer demo --headless --json          one run without a console, for scripts

With --json: {"files", "reviewed", "failed", "findings", "restarts", "seconds"}.
"""


class Handle(Protocol):
    """A demo that runs in a process of its own."""

    place: Place
    exit_code: int
    """After `finish`: 1 where the crew has given up or its node was lost."""

    def finish(self) -> str:
        """End it; returns the summary."""
        ...


class Launcher(Protocol):
    """What `demo.launch` offers."""

    def run_headless(self, path: Path | None, *, db: Path | None, json: bool) -> int:
        """Run through once; returns the exit code."""
        ...

    def start_node(self, path: Path | None, db: Path | None) -> Handle:
        """Start the crew's node."""
        ...


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    parser.add_argument("path", metavar="PATH", nargs="?", type=Path, help="a folder of Python files")
    parser.add_argument("--headless", action="store_true", help="no console: review everything once, and end")
    parser.add_argument("--json", action="store_true", help="with --headless: the summary as JSON on stdout")
    parser.add_argument("--db", metavar="FILE", type=Path, help="keep the findings in this SQLite file")


def run(context: Context) -> int:
    """Run the demo."""
    args = context.args
    if context.json and not args.headless:
        raise Failure(
            Code.BAD_REQUEST, "--json goes with --headless; in the console, `e` exports what is shown"
        )
    if not args.headless and not has_terminal():
        raise Failure(Code.BAD_REQUEST, "there is no terminal for the console; run: observer demo --headless")
    problem = shadowed(("demo",))
    if problem:
        raise Failure(Code.INTERNAL, problem)
    launcher = cast("Launcher", import_module("demo.launch"))
    if args.headless:
        return launcher.run_headless(args.path, db=args.db, json=context.json)
    handle = launcher.start_node(args.path, args.db)
    try:
        open_console(handle.place, Console(hints=True, page="processes", sort="mailbox"))
    finally:
        summary = handle.finish()
    context.out.text(summary.rstrip())
    return handle.exit_code
