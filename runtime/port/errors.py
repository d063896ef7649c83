"""The one error of opening a port. What a peer is told is a `Failure`, and lives in the contract."""

from __future__ import annotations

__all__ = ["PortError"]


class PortError(Exception):
    """The port cannot be opened. The text says what was wrong, the value, and the next step."""
