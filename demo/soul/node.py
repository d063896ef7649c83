"""The node as a process of its own: `python -m demo.soul.node`. It speaks and ends as `demo.node` does."""

from __future__ import annotations

import asyncio
import sys

from demo.host import one_line_crashes
from demo.node import refused, serve
from demo.soul.system import soul_node
from runtime.port.contract import Failure

__all__ = ["main"]


def main() -> int:
    """Run the node until stdin ends; returns the exit code."""
    try:
        with one_line_crashes():
            asyncio.run(serve(soul_node(), "the soul", lambda: ""))
    except Failure as failure:
        return refused(failure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
