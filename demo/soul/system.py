"""The tree, on a node of its own name in this process.

soul ─┬─ workers        (dynamic) Worker …
      ├─ computations   (dynamic) Computation …
      ├─ meter, load, desk, editor
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from demo.host import own_node
from demo.soul.desk import Desk
from demo.soul.editor import Editor
from demo.soul.load import Load
from demo.soul.messages import Tally
from demo.soul.meter import Meter
from demo.soul.source import Source, behaviour
from runtime import ChildSpec, DynamicSupervisor, Node, Supervisor

__all__ = ["soul_node", "tree"]


def tree() -> Supervisor:
    """The supervision tree, without a worker yet."""
    return Supervisor(
        [
            ChildSpec("workers", DynamicSupervisor(max_restarts=100)),
            ChildSpec("computations", DynamicSupervisor()),
            ChildSpec("meter", Meter),
            ChildSpec("desk", Desk),
            ChildSpec("load", Load),
            ChildSpec("editor", Editor),
        ],
        name="soul",
    )


@asynccontextmanager
async def soul_node() -> AsyncGenerator[Node]:
    """A running node, called `soul`, or `soul-2` and so on while others live."""
    with Source.importable() as source:
        behaviour("Worker")  # imported now: the file on the disk is what runs
        async with own_node("soul", {Source: source, Tally: Tally()}) as node:
            await node.start(tree())
            yield node
