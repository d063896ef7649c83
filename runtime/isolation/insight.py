"""What the thread over there answers with: the introspection of any node, told of requests and answers as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..introspection.service import Introspection
from ..port.contract import Failure, Role, answer_document, build, error_document, parse_request
from ..port.session import Principal

if TYPE_CHECKING:
    from ..node import Node

__all__ = ["Insight"]


class Insight:
    """Answers requests about the node inside."""

    def __init__(self, node: Node) -> None:
        build()
        self._introspection = Introspection(node)

    def __call__(self, text: str, key: str, role: str, peer: str) -> str:
        """The answer to one request, as the port would give it."""
        try:
            return answer_document(
                self._introspection(parse_request(text), Principal(key, "", Role(role), peer))
            )
        except Failure as failure:
            return error_document(failure.code, failure.message)
