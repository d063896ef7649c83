"""Which form of the hot path runs: the Python source, or what `make compiled` has built from it. Only a replay asks."""

from __future__ import annotations

from types import FunctionType
from typing import Final

from .server_process import ServerProcess

__all__ = ["COMPILED"]

COMPILED: Final = not isinstance(ServerProcess.step, FunctionType)
"""Whether the functions that handle messages are compiled: these have no frames."""
