"""`observer state`: what a process knows, bounded and redacted."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import State, Value
from tui.format import size
from tui.output.text import clock
from tui.output.values import pretty

from .context import Context
from .options import count, node_options, process_argument

HELP = """\
What does a process know? Its state, read without waiting for it: cut in depth and
width, with secrets hidden. `torn` says that it changed while it was read.

  observer state dispatcher
  observer state 42 --depth 2 --width 10    only the outline
  observer state 42 --json | jq .value

In the JSON value, marks begin with `$`: $type names an object's type, $text stands for
what is only text, $items for a set, $more for how many were cut, $redacted for a secret.
Needs an operator's key.
"""


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    parser.add_argument(
        "--depth", metavar="N", type=count(1, 32), default=8, help="how deep to read; default 8, at most 32"
    )
    parser.add_argument(
        "--width",
        metavar="N",
        type=count(1, 10_000),
        default=100,
        help="how many items of one collection to read; default 100, at most 10,000",
    )
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    args = context.args
    value = context.ask(State(process=args.process, depth=args.depth, width=args.width))
    if context.json:
        context.out.document(value)
        return 0
    context.out.text(pretty(value.value, context.out.room))
    context.say(_about(value))
    return 0


def _about(value: Value) -> str:
    parts = [f"{value.pid} read {clock(value.at, value.at)}"]
    if value.approx_bytes:
        parts.append(size(value.approx_bytes))
    if value.redacted:
        parts.append(f"{value.redacted} redacted")
    if value.truncated:
        parts.append("cut: --depth and --width show more")
    if value.torn:
        parts.append("torn: it changed while it was read")
    if value.note:
        parts.append(value.note)
    return "; ".join(parts)
