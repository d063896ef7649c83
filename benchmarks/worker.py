"""The measured process: does one measure with one candidate, prints one line of JSON, and is gone.

    python -m benchmarks.worker CANDIDATE MEASURE SECONDS MANY

It leaves without tidying up: no spinner and no thread of a candidate may outlive the figure.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NoReturn

from benchmarks.candidates import find
from benchmarks.setting import Measured, Setting, Skipped

__all__ = ["answer"]


def answer(candidate: str, name: str, seconds: float, many: int) -> None:
    """Measure, print `{"figures": …}` or `{"skipped": why}`, and leave.

    What breaks a measurement ends the process with its traceback.
    """
    try:
        measured, slicing = find(candidate, name)
        with asyncio.Runner(loop_factory=_uvloop() if name == "feature_uvloop" else None) as runner:
            runner.run(_measure(measured, Setting(seconds, many, slicing)))
    except Skipped as why:
        _leave({"skipped": str(why)})


async def _measure(measured: Measured, setting: Setting) -> None:
    _leave({"figures": await measured(setting)})


def _leave(line: dict[str, object]) -> NoReturn:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        uvloop: Any = import_module("uvloop")
    except ModuleNotFoundError as missing:
        raise Skipped(f"uvloop is not installed: {missing}") from None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _main() -> None:
    candidate, name, seconds, many = sys.argv[1:]
    logging.disable()  # crashes are part of some measures; writing about them is not
    answer(candidate, name, float(seconds), int(many))


if __name__ == "__main__":
    _main()
