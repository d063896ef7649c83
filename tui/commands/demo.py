"""`observer demo`: the console on a crew that reviews real Python code, or on another demo by its name; or either alone.

Demos stand above this package, so they are imported by name, and only when they are asked for.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from runtime.port.client import Place
from runtime.port.contract import Code, Failure
from tui.cli import shadowed

from .connect import Console, has_terminal, open_console
from .context import Context
from .options import count, seconds

HELP = """\
A live system to look at: a crew of supervised processes reviews every Python file under
PATH (default: the standard library of this Python). It runs as a node of its own and
ends with the console; leaving prints the summary and the ten worst files.

  observer demo
  observer demo ~/my-project
  observer demo --headless --json          one run without a console, for scripts

With --json: {"files", "reviewed", "failed", "findings", "restarts", "seconds"}.

Other demos go by their names; a folder that is called so is given as ./NAME. With
--headless each runs by itself, checks itself, and exits with 1 where something is wrong.

  observer demo soul                       10,000 workers, a bad, a heavy and an endless
                                           input, and new code for all while they work
  observer demo soul --headless --json [--workers N] [--seconds S]
  observer demo exchange                   a telephone exchange: its call handling is
                                           changed while thousands talk; none is dropped
  observer demo exchange --headless --json [--calls N] [--seconds S]
"""


@dataclass(frozen=True)
class Named:
    """A demo that goes by a name."""

    module: str
    """What offers `run_headless(json=…, **options)`, `start_node()` and `HINTS`."""
    console: Console
    """How the console opens on it."""
    options: tuple[str, ...] = ()
    """Which options go with `--headless`, beside `--json`."""


DEMOS: Final = {
    "soul": Named("demo.soul.launch", Console(page="node"), ("workers", "seconds")),
    "exchange": Named("demo.exchange.launch", Console(page="tree"), ("calls", "seconds")),
}
OPTIONS: Final = ("workers", "calls", "seconds")
"""Options of demos that go by a name: None unless given."""


class Handle(Protocol):
    """A demo that runs in a process of its own."""

    place: Place
    exit_code: int
    """After `finish`: 1 where the crew has given up or its node was lost."""

    def finish(self) -> str:
        """End it; returns the summary."""
        ...


class NamedLauncher(Protocol):
    """What the module of a demo that goes by a name offers."""

    HINTS: Sequence[str]
    """For the line at the foot of the console."""

    def run_headless(self, *, json: bool, **options: Any) -> int:
        """Run through and check; returns the exit code."""
        ...

    def start_node(self) -> Handle:
        """Start its node."""
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
    names = "|".join(DEMOS)
    parser.add_argument(
        "what", metavar=f"{names}|PATH", nargs="?", help="a demo, or a folder of Python files"
    )
    parser.add_argument("--headless", action="store_true", help="no console: run through once, and end")
    parser.add_argument("--json", action="store_true", help="with --headless: the result as JSON on stdout")
    parser.add_argument(
        "--db", metavar="FILE", type=Path, help="keep the crew's findings in this SQLite file"
    )
    parser.add_argument("--workers", metavar="N", type=count(1, 200_000), help="soul: so many; default 10000")
    parser.add_argument(
        "--calls", metavar="N", type=count(10, 100_000), help="exchange: so many in progress; default 3000"
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=seconds(1, 3600),
        help="soul: watch each step for so long, default 5; exchange: people talk for so long, default 16",
    )


def run(context: Context) -> int:
    """Run the demo."""
    args = context.args
    named = DEMOS.get(args.what)
    if context.json and not args.headless:
        raise Failure(
            Code.BAD_REQUEST, "--json goes with --headless; in the console, `e` exports what is shown"
        )
    _check_options(context, named)
    if not args.headless and not has_terminal():
        command = " ".join(filter(None, ("observer demo", args.what if named else "", "--headless")))
        raise Failure(Code.BAD_REQUEST, f"there is no terminal for the console; run: {command}")
    problem = shadowed(("demo",))
    if problem:
        raise Failure(Code.INTERNAL, problem)
    return _named(context, named) if named is not None else _crew(context)


def _check_options(context: Context, named: Named | None) -> None:
    """Raises Failure for an option of another demo."""
    given = {name for name in (*OPTIONS, "db") if getattr(context.args, name) is not None}
    fits = {"db"} if named is None else set(named.options)
    for name in sorted(given - fits):
        raise Failure(Code.BAD_REQUEST, f"--{name} is an option of another demo; see observer demo --help")
    for name in sorted(given - {"db"}):
        if not context.args.headless:
            raise Failure(Code.BAD_REQUEST, f"--{name} goes with --headless")


def _crew(context: Context) -> int:
    """The crew that reviews code."""
    args = context.args
    path = Path(args.what) if args.what is not None else None
    launcher = cast("Launcher", import_module("demo.launch"))
    if args.headless:
        return launcher.run_headless(path, db=args.db, json=context.json)
    handle = launcher.start_node(path, args.db)
    return _shown(context, handle, Console(hints=True, page="processes", sort="mailbox"))


def _named(context: Context, named: Named) -> int:
    """A demo that goes by a name."""
    launcher = cast("NamedLauncher", import_module(named.module))
    if context.args.headless:
        options = {name: getattr(context.args, name) for name in named.options}
        return launcher.run_headless(json=context.json, **options)
    return _shown(context, launcher.start_node(), replace(named.console, hints=tuple(launcher.HINTS)))


def _shown(context: Context, handle: Handle, console: Console) -> int:
    """The console, until its user leaves it; then the summary. Returns the exit code."""
    try:
        open_console(handle.place, console)
    finally:
        summary = handle.finish()
    if summary:
        context.out.text(summary.rstrip())
    return handle.exit_code
