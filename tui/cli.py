"""The `observer` command: from a command line to an exit code.

    guard -> parse -> run the command's file -> exit code
      |        |            |
      1      0 or 2         |-- contract.Failure: its code says how it ends
                            |-- Ctrl-C: 130
                            |-- the reader of a pipe has gone: 0, quietly
                            '-- the disk is full: 1

It knows no command (`tui.commands` has them), imports neither Textual nor the
runtime, and never shows a traceback for what a user or a node did.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands import COMMANDS
from tui.commands.parser import parse
from tui.output import CannotWrite

if TYPE_CHECKING:
    from tui.commands.context import Context

__all__ = ["main"]

NEIGHBOURS = ("runtime", "tracing")
"""Packages that are installed beside this one, under names that somebody's own file may have too."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; `argv` defaults to this program's arguments. Returns its exit code."""
    try:
        code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()
        return 0
    except CannotWrite as problem:
        _drop_output()
        sys.stderr.write(f"observer: cannot write the answer: {problem}\n")
        return 1


def shadowed(names: Sequence[str]) -> str | None:
    """What is wrong if one of these packages is not the one installed beside this one; else None.

    It looks without importing: importing would run the file that stands in the way.
    """
    here = Path(__file__).resolve().parent.parent
    for name in names:
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is None or origin.parent.parent != here:
            found = origin or "nothing"
            return (
                f"`{name}` resolves to {found}, expected {here / name}. "
                "Rename the file that shadows it, or use a fresh virtual environment."
            )
    return None


def _run(argv: Sequence[str]) -> int:
    problem = shadowed(NEIGHBOURS)
    if problem:
        sys.stderr.write(f"observer: {problem}\n")
        return 1
    try:
        args = parse(argv)
    except SystemExit as end:  # help, or a usage error that the parser has explained
        return int(end.code or 0)
    if args.version:
        code: int = import_module("tui.commands.version").run()
        return code
    context: Context = import_module("tui.commands.context").Context(args)
    return context.guarded(COMMANDS[args.command].load().run)


def _drop_output() -> None:
    """Point stdout nowhere, so that the interpreter's last flush finds no broken pipe."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
