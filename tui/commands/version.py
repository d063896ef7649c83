"""`observer --version`: this command, the contract that it speaks, and its Python."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import version

from runtime.port.contract import CONTRACT


def run() -> int:
    """Print it."""
    sys.stdout.write(
        f"observer {version('otp-observer')} (contract {CONTRACT}, Python {platform.python_version()})\n"
    )
    return 0
