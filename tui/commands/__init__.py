"""The commands of the command line: a command is a file of this folder.

    command line            this table              the command's file
    ------------            ----------              ------------------
    observer ps --desc  ->  Command("ps", …)    ->  HELP         what its help teaches
                            imported only now       arguments()  what it takes
                                                    run()        asks the node, writes the answer

Only the chosen command is imported: the help costs no connection, and a listing costs
no Textual. Answers go to stdout, everything said about them to stderr. What goes wrong
is a `contract.Failure`; its code decides how the program ends.
"""

from __future__ import annotations

import importlib
from argparse import ArgumentParser
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from .context import Context

__all__ = ["COMMANDS", "Command", "CommandFile"]


class CommandFile(Protocol):
    """What the file of a command offers."""

    HELP: str
    """What it answers, and examples."""

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what it takes."""
        ...

    def run(self, context: Context) -> int:
        """Do it; the program ends with the returned code."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A command by name, with the question that it answers."""

    name: str
    group: str
    answers: str

    def load(self) -> CommandFile:
        """Import its file."""
        return cast("CommandFile", importlib.import_module(f"tui.commands.{self.name}"))


COMMANDS = {
    command.name: command
    for command in (
        Command("connect", "The console", "open the console on a live node"),
        Command("demo", "The console", "open the console on a demo: a crew that reviews Python code"),
        Command("nodes", "The node", "which nodes run here?"),
        Command("node", "The node", "how is the node, and what is in trouble?"),
        Command("ps", "The node", "which processes are there, and which of them stands out?"),
        Command("tree", "The node", "who supervises whom, and how much intensity is used?"),
        Command("waits", "The node", "which calls wait for answers, and whose?"),
        Command("registry", "The node", "who is found under which key, in which group, on which topic?"),
        Command("events", "The node", "what happens, or what did one process do last?"),
        Command("history", "The node", "which children ended, why, and who replaced them?"),
        Command("crashes", "The node", "what exactly went wrong in a crash?"),
        Command("audit", "The node", "who did what to the node?"),
        Command("info", "One process", "who is it, what is it tied to, what does it do?"),
        Command("state", "One process", "what does it know?"),
        Command("mailbox", "One process", "which messages wait for it?"),
        Command("stack", "One process", "where in the code does it stand?"),
        Command(
            "trace",
            "Tracing",
            "what happens between processes, right now? Whatever a pattern asks for, within limits",
        ),
        Command(
            "timeline",
            "Tracing",
            "what came of one message: who sent what to whom, and where did the time go?",
        ),
        Command("traces", "Tracing", "who traces what?"),
        Command("keep", "Tracing", "what is kept of the time before a crash, or before anything else?"),
        Command("dumps", "Tracing", "what happened before it?"),
        Command(
            "record",
            "Tracing",
            "which messages, with all their values, does a process handle? To be replayed",
        ),
        Command("replay", "Tracing", "would it go the same way again, on this code or on changed code?"),
        Command("saved", "Tracing", "what does a file of records hold?"),
        Command("kill", "Changes, all recorded", "end a process; its supervisor decides what follows"),
        Command("suspend", "Changes, all recorded", "let a process handle nothing more"),
        Command("resume", "Changes, all recorded", "let a suspended process go on"),
        Command("drop", "Changes, all recorded", "take one message out of a mailbox"),
        Command("requeue", "Changes, all recorded", "put one message behind all others"),
        Command("send", "Changes, all recorded", "send a message to a process"),
        Command("modules", "Code upgrade", "which code runs, is the file newer, who still runs older code?"),
        Command("plan", "Code upgrade", "what would an upgrade do, and why could it not? Nothing is touched"),
        Command("reload", "Code upgrade", "upgrade modules under running processes: all of it, or nothing"),
        Command("rollback", "Code upgrade", "go back to the version before"),
        Command("upgrades", "Code upgrade", "what was upgraded when, by whom, and what was refused?"),
        Command("key", "Keys", "who may do what: add, list and revoke keys"),
    )
}
"""Every command, in the order in which the help teaches them."""
