"""`observer key`: who may do what, kept as files of this machine. It asks no node."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Literal

from pydantic import BaseModel

from runtime.port import keys
from runtime.port.contract import Role
from tui.output.table import Cell, Column

from .context import Context
from .options import json_option

HELP = """\
Who may do what? A key is a file in ~/.observer/keys with a name, a role and a secret;
nodes of this machine read them at every handshake, so a change counts at once.

  observer key add alice --role viewer     and copy the file to Alice's machine
  observer key list
  observer key revoke alice
  observer ps --key alice                  use it

roles, each with the rights of those before it:
  viewer    lists, tree, counts, history without values
  operator  state, mailbox, stack, events, kill, suspend, resume, send
  admin     whatever executes code
"""

_ADD = """\
Make a key. Its holder needs the file: copy it over a safe way, into ~/.observer/keys
there, readable by its owner only. The secret itself is never printed.

  observer key add alice --role viewer
"""

_LIST = """\
Which keys are there? Their names, roles, ids and files, never their secrets; files that
should be keys and are none are named on stderr.

  observer key list --json | jq -r '.[] | select(.role == "admin") | .name'
"""

_REVOKE = """\
Take a key away. Its holder is refused from the next request on.

  observer key revoke alice
"""

_COLUMNS = (Column("NAME"), Column("ROLE"), Column("ID", drop=1), Column("FILE", least=20, middle=True))


class KeyEntry(BaseModel):
    """A key as it is listed: all but its secret."""

    name: str
    role: Role
    id: str
    file: str


class Revoked(BaseModel):
    """A key that is no more."""

    name: str
    revoked: Literal[True] = True


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    actions = parser.add_subparsers(dest="action", metavar="add|list|revoke", required=True)
    for name, answers, text in (
        ("add", "make a key", _ADD),
        ("list", "which keys are there?", _LIST),
        ("revoke", "take a key away", _REVOKE),
    ):
        action = actions.add_parser(
            name,
            help=answers,
            description=text,
            formatter_class=RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if name != "list":
            action.add_argument("name", metavar="NAME", help="1 to 64 of a-z, 0-9, - and _")
        if name == "add":
            action.add_argument(
                "--role", required=True, choices=[role.value for role in Role], help="what its holder may do"
            )
        json_option(action)


def run(context: Context) -> int:
    """Do it."""
    match context.args.action:
        case "add":
            _add(context)
        case "list":
            _list(context)
        case _:
            _revoke(context)
    return 0


def _add(context: Context) -> None:
    entry = _entry(keys.add(context.args.name, Role(context.args.role)))
    if context.json:
        context.out.document(entry)
        return
    context.out.line(f"key {entry.name} ({entry.role}): {entry.file}")
    context.say("for another machine, copy this file into ~/.observer/keys there (mode 0600)")


def _list(context: Context) -> None:
    ring = keys.list_keys()
    entries = [_entry(key) for key in ring.keys]
    if context.json:
        context.out.document(entries)
    elif entries:
        rows: list[list[Cell | str]] = [
            [entry.name, entry.role.value, entry.id, entry.file] for entry in entries
        ]
        context.out.table(_COLUMNS, rows)
    else:
        context.say("no keys; make one: observer key add NAME --role viewer|operator|admin")
    for problem in ring.problems:
        context.say(f"observer: {problem}")


def _revoke(context: Context) -> None:
    name: str = context.args.name
    keys.revoke(name)
    if context.json:
        context.out.document(Revoked(name=name))
    else:
        context.out.line(f"key {name} is revoked; its holder is refused from the next request on")


def _entry(key: keys.Key) -> KeyEntry:
    return KeyEntry(name=key.name, role=key.role, id=key.id, file=str(key.path))
