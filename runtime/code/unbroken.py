"""Work on a node that goes on when nobody waits for it any more, and ends with the node."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from .. import exits
from ..errors import CodeError
from ..status import ENDED

if TYPE_CHECKING:
    from ..node import Node
    from ..process import Process

__all__ = ["running_root", "unbroken"]

T = TypeVar("T")


def running_root(node: Node) -> Process:
    """The root of a node that changes code.

    Raises:
        CodeError: it does not any more, or not yet.
    """
    root = node.root
    if root is None or root.status == ENDED or node._stopping is not None:
        raise CodeError(f"node {node.name} is not running, so no code is changed")
    return root


async def unbroken(node: Node, work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. Who stops waiting for it does not stop it.

    Raises:
        CodeError: the node has ended meanwhile.
    """
    root = running_root(node)
    task = asyncio.ensure_future(work)
    watch = exits.watch(root, lambda _reason: node.scheduler.cancel(task))
    task.add_done_callback(lambda _: root.watchers.pop(watch, None))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled() and root.status == ENDED:
            raise CodeError(f"node {node.name} has ended") from None
        raise
