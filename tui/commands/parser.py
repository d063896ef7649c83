"""The parser of the command line: the overview of all commands, and the options of the chosen one.

The overview is a table and costs nothing; a command's own options are declared by its
file, which is imported only when that command is chosen.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import groupby
from typing import NoReturn

from tui.output.text import harmless

from . import COMMANDS

__all__ = ["parse"]

_OVERVIEW = """\
Attach to a live node: see its processes, mailboxes, states and restarts, and step in.

{commands}

`observer COMMAND --help` says what a command answers, with examples.
"""

_FIRST_STEPS = """\
first steps:
  observer demo                      a live system to look at
  observer nodes                     what runs here
  observer ps --sort mailbox --desc  who does not keep up
  observer info 42                   one process, by pid or by name

where the answers go:
  stdout has the answer and nothing else; with --json it is one JSON document, with
  durations in seconds and times in RFC 3339. Everything said about it goes to stderr.
  NO_COLOR turns colours off. OBSERVER_NODE names the node to ask, OBSERVER_HOME
  the folder of keys and running nodes (default ~/.observer).

exit codes:
  0    done; also a trace that a limit has ended
  1    no such process, the operation was refused, the plan fails, or a replay differs
  2    the command line or its input is wrong
  3    cannot connect
  4    the key or its role is refused
  5    the node did not answer in time
  6    the versions of node and command differ
  130  interrupted by Ctrl-C
"""


_ALONE = frozenset({"-h", "--help", "--version"})
"""Options that stand without a command."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong and where help is, instead of repeating the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, harmless(f"{self.prog}: {message}") + f"\ntry: {self.prog} --help\n")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line; `command` is None where no command was given.

    Raises:
        SystemExit: help was asked for (code 0), or something is wrong (code 2).
    """
    chosen = next((word for word in argv if not word.startswith("-")), None)
    parser = _Parser(
        prog="observer",
        usage="observer COMMAND [OPTIONS]",
        description=_OVERVIEW.format(commands=_overview()),
        epilog=_FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="the version of this command, and end")
    if argv and argv[0].startswith("-") and argv[0] not in _ALONE:
        parser.error(f"options stand after the command: observer COMMAND {argv[0]} …")
    if chosen is not None and chosen not in COMMANDS:
        parser.error(f"no command {chosen!r}; there are {', '.join(COMMANDS)}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", prog="observer", help=argparse.SUPPRESS
    )
    speaker = parser
    for command in COMMANDS.values():
        entry = commands.add_parser(
            command.name, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )
        if command.name == chosen:
            file = command.load()
            entry.description = file.HELP
            file.arguments(entry)
            speaker = entry
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        speaker.error(f"it takes no {' '.join(unknown)}")
    if arguments.command is None and not arguments.version:
        parser.print_help(sys.stderr)
        parser.exit(2)
    return arguments


def _overview() -> str:
    width = max(len(name) for name in COMMANDS)
    parts: list[str] = []
    for group, commands in groupby(COMMANDS.values(), key=lambda command: command.group):
        rows = [f"  {command.name:<{width}}  {command.answers}" for command in commands]
        parts.append("\n".join([f"{group}:", *rows]))
    return "\n\n".join(parts)
