"""What the command line calls: the steps done and checked without a console, or a node for the console.

run_headless(workers=…, seconds=…, json=…)   ── script ──> what was checked, on stdout
start_node()                                 ── python -m demo.soul.node ──> handle
"""

from __future__ import annotations

import json as json_format
import sys

from demo.launch import NodeHandle, launched
from demo.soul.operator import Operator
from demo.soul.script import perform
from demo.soul.steps import HINTS

__all__ = ["HINTS", "run_headless", "start_node"]

WORKERS = 10_000
SECONDS = 5.0


def run_headless(*, workers: int | None = None, seconds: float | None = None, json: bool = False) -> int:
    """Do the steps and check them. What was checked stands on stdout, the course of it on stderr.

    Args:
        workers: how many are started; default 10,000.
        seconds: for which each step's throughput is watched, at least 1; default 5.
        json: whether stdout gets JSON.

    Returns:
        The exit code: 0 where all is as it should be, else 1.

    Raises:
        Failure: `INTERNAL`, where the node does not start; `CANNOT_CONNECT`, where it was lost.
    """
    handle = start_node()
    try:
        with Operator(handle.place) as operator:
            report = perform(
                operator,
                WORKERS if workers is None else workers,
                SECONDS if seconds is None else seconds,
                lambda check: _say(f"{check.step}: {check.text}"),
            )
    finally:
        handle.finish()
    sys.stdout.write(json_format.dumps(report.document()) + "\n" if json else report.text())
    return 0 if report.ok and not handle.exit_code else 1


def start_node() -> NodeHandle:
    """Start the node and wait until it can be attached to.

    Raises:
        Failure: `INTERNAL`, where it does not start.
    """
    return launched("demo.soul.node", whose="the soul's")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
