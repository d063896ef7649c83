"""How a node lets itself be seen: its introspection behind its port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .introspection.service import Introspection
from .port.contract import build
from .port.service import Port

if TYPE_CHECKING:
    from .node import Node
    from .port.tls import TLS

__all__ = ["Visibility"]


class Visibility:
    """The port of one node, and what answers there."""

    def __init__(self, node: Node, host: str, port: int | None, tls: TLS | None) -> None:
        self._introspection = Introspection(node)
        self._port = Port(
            self._introspection,
            name=node.name,
            incarnation=node.incarnation,
            host=host,
            port=port,
            tls=tls,
            refused=self._introspection.refused,
            left=self._introspection.left,
        )
        self._introspection.port_cpu_s = lambda: self._port.cpu_s

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and TCP port; None without TCP."""
        return self._port.address

    def open(self) -> None:
        """Listen. Blocks for milliseconds.

        Raises:
            PortError: it cannot listen; the message says why and what to do.
        """
        build()
        self._port.start()

    def close(self) -> None:
        """Close every connection, and end every thread."""
        self._introspection.stop()
        self._port.stop()
