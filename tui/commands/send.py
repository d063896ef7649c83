"""`observer send`: send a message to a process, as JSON."""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentParser

from pydantic import JsonValue, ValidationError

from runtime.port.contract import Code, Failure, Send
from tui.output.values import pretty

from .context import Context
from .options import node_options, process_argument

HELP = """\
Send a message to a process: a plain JSON value, or one of the message types that its
behaviour accepts (`observer info PROCESS` lists them). It arrives as a plain message
(handle_info) unless --call or --cast says otherwise; --call waits for the reply.
Nothing is evaluated or imported, and the node records who sent it.

  observer send alice '"hello"'                                  a string has its own quotes
  observer send alice '{"type": "Deposit", "amount": 5}' --call
  observer send alice - --cast < message.json

Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    parser.add_argument("message", metavar="JSON", help="the message; `-` reads it from stdin")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--call", dest="kind", action="store_const", const="call", help="and wait for the reply (handle_call)"
    )
    kind.add_argument(
        "--cast", dest="kind", action="store_const", const="cast", help="as a cast (handle_cast)"
    )
    parser.set_defaults(kind="info")
    node_options(parser)


def run(context: Context) -> int:
    """Do it and show the reply."""
    args = context.args
    message = _value(_text(args.message))
    try:
        request = Send(process=args.process, message=message, kind=args.kind, deadline_s=args.timeout)
    except ValidationError:
        raise Failure(Code.BAD_REQUEST, "the message is nested too deeply to be sent") from None
    if context.json or args.kind != "call":
        context.done(request)
        return 0
    answer = context.ask(request)
    context.out.text(pretty(answer.reply, context.out.room))
    context.say(answer.text)
    return 0


def _text(argument: str) -> str:
    if argument != "-":
        return argument
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise Failure(Code.BAD_REQUEST, f"the message on stdin is not text: {error}") from None


def _value(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text, parse_constant=_number, parse_float=_number)
    except json.JSONDecodeError as error:
        raise Failure(
            Code.BAD_REQUEST,
            f"the message is not JSON: {error.msg} at line {error.lineno}, column {error.colno} "
            f"of {text[:80]!r}. A string has its own quotes: '\"hello\"'; "
            'an accepted type is {"type": "Deposit", "amount": 5}',
        ) from None
    except (ValueError, RecursionError) as error:
        raise Failure(Code.BAD_REQUEST, f"the message is not JSON: {error}") from None
    return value


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is no number of JSON; those are finite")
    return value
