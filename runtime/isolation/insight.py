"""What the thread over there answers with: the introspection of any node, told of requests and answers as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..introspection.service import Introspection
from ..port.contract import answer_document, build, parse_request

if TYPE_CHECKING:
    from ..node import Node
    from ..port.service import Principal

__all__ = ["Insight"]


class Insight:
    """Answers requests about the node inside."""

    def __init__(self, node: Node) -> None:
        build()
        self._introspection = Introspection(node)

    def __call__(self, text: str, principal: Principal) -> str:
        """The answer to one request, as the port would give it. Raises Failure."""
        return answer_document(self._introspection(parse_request(text), principal))
