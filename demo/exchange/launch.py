"""What the command line calls: the film by itself in this process, or an exchange in a node of its own for the console.

run_headless(json=…, calls=…, seconds=…)   ── Film ──> what was checked, on stdout; exit code 0, or 1 where something was wrong
start_node()                               ── python -m demo.exchange.node ──> handle.place … handle.finish() ──> summary
"""

from __future__ import annotations

import asyncio
import json as json_format
import sys
import time
from pathlib import Path

from demo.exchange.film import Check, Film
from demo.exchange.host import exchange_node
from demo.exchange.software import VERSIONS
from demo.host import one_line_crashes
from demo.launch import NodeHandle, launched

__all__ = ["HINTS", "run_headless", "start_node"]

HINTS = (
    "5 modules: wait for ▲ stale",
    "U upgrade mid-call",
    "B roll back",
    "3 engineer: what is next",
    "K kill a call: that drops it",
)
CALLS, SECONDS = 3_000, 16.0
PACE = 0.1
"""Real seconds that a second of the town takes, if calls last as long as people's; the pace of a short film is quicker."""
SHORTEST_PART = 20
"""Seconds of the town that a part of the film has at least: the time it takes to call somebody who talks, and to give up."""


def run_headless(
    *, json: bool = False, calls: int | None = None, seconds: float | None = None, versions: Path = VERSIONS
) -> int:
    """Show the film. What was checked stands on stdout, everything else on stderr.

    Args:
        json: whether as JSON.
        calls: how many are in progress. Optional. Defaults to 3,000.
        seconds: how long people talk, before everybody hangs up. Optional. Defaults to 16.
        versions: the folder of the versions of the call handling. Optional. Defaults to the demo's.

    Returns:
        The exit code: 0, or 1 where a check has failed.

    Raises:
        Failure: `DENIED`, where the directory of nodes cannot be used.
    """
    calls, seconds = calls or CALLS, seconds or SECONDS
    began = time.monotonic()
    with one_line_crashes():
        checks = asyncio.run(_shown(calls, seconds, versions))
    ok = all(check.ok for check in checks)
    took = time.monotonic() - began
    if json:
        document = {
            "ok": ok,
            "calls": calls,
            "seconds": round(took, 3),
            "checks": [{"what": check.what, "ok": check.ok, "found": check.found} for check in checks],
        }
        sys.stdout.write(json_format.dumps(document, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(map(_line, checks)))
        failed = sum(not check.ok for check in checks)
        verdict = f"all {len(checks)} checks hold" if ok else f"{failed} of {len(checks)} checks failed"
        sys.stdout.write(f"{verdict}, after {took:.1f} s\n")
    return 0 if ok else 1


async def _shown(calls: int, seconds: float, versions: Path) -> list[Check]:
    pace = min(PACE, seconds / 4 / SHORTEST_PART)
    async with exchange_node(calls, pace, versions=versions) as stage:
        film = Film(stage.node, stage.town, stage.accounts, stage.software, _say)
        await film.run(calls, seconds)
        return film.checks


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _line(check: Check) -> str:
    return f"{'✓' if check.ok else '✗'} {check.what}\n      {check.found}\n"


def start_node() -> NodeHandle:
    """Start the exchange's node and wait until it can be attached to.

    Raises:
        Failure: where it does not start.
    """
    return launched("demo.exchange.node", whose="the exchange's")
