"""Questions about an isolated process that only its own OS process can answer: its state, and where it stands.

The thread over there answers while its loop is stuck; one that does not answer in time is told as such.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Final

from runtime.pid import pid_text
from runtime.port.contract import Code, Failure, StackQuery, State, parse_answer

from .lookup import find

if TYPE_CHECKING:
    from pydantic import BaseModel

    from runtime.node import Node
    from runtime.port.contract import PortRequest
    from runtime.port.service import Principal

__all__ = ["asked_inside"]

ANSWER_S: Final = 5.0
"""Seconds that the other side has: at the first question it imports what it needs to answer."""


def asked_inside(node: Node, request: PortRequest[Any], principal: Principal) -> BaseModel | None:
    """The answer of the OS process that `request` is about; None where the node itself is to answer.

    Raises:
        Failure: it refuses, or does not answer.
    """
    block = node.scheduler.block
    if block is None or not isinstance(request, State | StackQuery):
        return None
    process = find(node, request.process)
    cell = block.cells.get(process.number)
    if cell is None:
        return None
    inside: PortRequest[Any] = request.model_copy(update={"process": pid_text(process.number)})
    who = principal.key, principal.role.value, principal.peer
    try:
        answered, text = cell.look(pickle.dumps((inside.document(), *who)), ANSWER_S)
    except (OSError, TimeoutError) as error:
        raise Failure(
            Code.TIMEOUT, f"its OS process {cell.pid} does not answer ({type(error).__name__})"
        ) from None
    if not answered:
        raise Failure(Code.REFUSED, text)
    answer: BaseModel = parse_answer(inside, text)  # pyright: ignore[reportArgumentType]  # of either kind
    return answer
