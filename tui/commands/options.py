"""Options that commands share, and the checks of what is written there.

A check that fails says what was wrong and what would be right; the parser adds the
option's name and ends the program with code 2.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

from runtime.port.contract import Code, Failure

__all__ = [
    "MAX_TIMEOUT",
    "at_most",
    "count",
    "json_option",
    "letter_argument",
    "module_arguments",
    "node_options",
    "overdue_options",
    "process_argument",
    "reach_options",
    "words",
]

MAX_TIMEOUT = 60.0
"""The longest that a node works on one request, in seconds."""

DEFAULT_TIMEOUT = 5.0

MOST_MODULES = 50
"""In one upgrade."""


def node_options(parser: ArgumentParser, *, timeout: float = DEFAULT_TIMEOUT) -> None:
    """For a command that asks one node: which one, with which key, and in which form it answers."""
    group = parser.add_argument_group("which node")
    group.add_argument(
        "-n",
        "--node",
        metavar="HOST:PORT|NAME",
        help="the node; else $OBSERVER_NODE, else the only one that runs here",
    )
    reach_options(parser, timeout=timeout)
    json_option(parser)


def reach_options(parser: ArgumentParser, *, timeout: float = DEFAULT_TIMEOUT) -> None:
    """How to reach a node: key, trust, patience."""
    group = parser.add_argument_group("how to reach it")
    group.add_argument(
        "--key", metavar="NAME", help="the key to use; else `owner`, else the only one there is"
    )
    group.add_argument("--ca", metavar="FILE", help="trust TLS certificates signed by this one (PEM)")
    group.add_argument(
        "--fingerprint", metavar="SHA256", help="trust exactly the certificate with this fingerprint"
    )
    group.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_timeout,
        default=timeout,
        help=f"wait so long for an answer, at most {MAX_TIMEOUT:.0f}; default {timeout:.0f}",
    )


def json_option(parser: ArgumentParser) -> None:
    """For a command that can answer in JSON."""
    parser.add_argument(
        "--json", action="store_true", help="answer in JSON on stdout; all else goes to stderr"
    )


def process_argument(parser: ArgumentParser, *, optional: bool = False) -> None:
    """The process that the command is about."""
    text = "a pid, as '<0.42.0>', 0.42.0 or 42, or a registered name"
    if optional:
        parser.add_argument(
            "process", metavar="PROCESS", nargs="?", help=f"{text}; without it, the whole node"
        )
    else:
        parser.add_argument("process", metavar="PROCESS", help=text)


def letter_argument(parser: ArgumentParser) -> None:
    """The message that the command is about."""
    parser.add_argument(
        "message",
        metavar="ID",
        type=words(1, 40),
        help="of a message, as `observer mailbox PROCESS` lists it",
    )


def module_arguments(parser: ArgumentParser, *, optional: bool = False) -> None:
    """The modules that the command is about."""
    parser.add_argument(
        "modules",
        metavar="MODULE",
        nargs="*" if optional else "+",
        type=_module,
        help="a module, as it is imported: shop.agents; several are one transaction",
    )


def at_most(modules: list[str]) -> list[str]:
    """These modules, if one upgrade takes so many.

    Raises:
        Failure: there are too many.
    """
    if len(modules) > MOST_MODULES:
        raise Failure(Code.BAD_REQUEST, f"{len(modules)} modules; one upgrade takes at most {MOST_MODULES}")
    return modules


def overdue_options(parser: ArgumentParser) -> None:
    """For a command that waits for steps under way: how long, and what becomes of those that do not end."""
    parser.add_argument(
        "--deadline",
        metavar="SECONDS",
        type=seconds(0.001, 600),
        default=5.0,
        help="steps under way have so long to end on the code they began with; default 5, at most 600",
    )
    parser.add_argument(
        "--overdue",
        choices=("refuse", "kill"),
        default="refuse",
        help="those that do not: nothing is done at all (refuse, the default), or their processes are killed",
    )


def count(least: int, most: int) -> Callable[[str], int]:
    """A check for a whole number from `least` to `most`."""

    def check(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most:,}")
        return value

    return check


def words(least: int, most: int) -> Callable[[str], str]:
    """A check for a text of `least` to `most` characters."""

    def check(text: str) -> str:
        if not least <= len(text) <= most:
            raise ArgumentTypeError(f"{len(text)} characters; it takes {least} to {most}")
        return text

    return check


def seconds(least: float, most: float) -> Callable[[str], float]:
    """A check for a time in seconds from `least` to `most`."""

    def check(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise ArgumentTypeError(
                f"{text!r} is not a number of seconds from {least:g} to {most:g}, such as 2.5"
            )
        return value

    return check


def _module(text: str) -> str:
    """A check for the name of a module; of what is one nearly, it says the name."""
    if text.endswith(".py") or "/" in text:
        file = text.removesuffix(".py").removesuffix("/__init__").strip("./").replace("/", ".")
        raise ArgumentTypeError(f"{text!r} is a file; name the module as it is imported, such as {file!r}")
    module, colon, _ = text.partition(":")
    if colon:
        raise ArgumentTypeError(f"{text!r} is a behaviour; its module is {module!r}")
    if not all(part.isidentifier() for part in text.split(".")):
        raise ArgumentTypeError(f"{text!r} is not the name of a module, such as shop.agents")
    return text


_timeout = seconds(0.001, MAX_TIMEOUT)
