"""The crew's node as a process of its own: `python -m demo.node [PATH] [--db FILE]`.

    stdout, a JSON line each                        stdin
    {"ready": {place}}      it can be attached to   finish      say the summary, and end
    {"summary": text, "given_up": whether its tree has}
    {"refused": {code, message}}  it ends with 2    (closed)    end

It ends when its stdin closes. The other end of that pipe is held by the console alone,
so the kernel closes it however the console ends. A thread listens, so that this holds
while the loop is stuck, too: after a grace the process ends without being asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from demo.host import crew_node, one_line_crashes, opened
from demo.summary import summary
from runtime import Node
from runtime.port.client import nodes
from runtime.port.contract import Failure

__all__ = ["main", "refused", "serve"]

GRACE = 4.0
"""Seconds from the end of stdin to the end of the process."""


def main(argv: list[str] | None = None) -> int:
    """Run the node until stdin ends; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.node", description="Host the demo's crew; ends with its stdin."
    )
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--db", type=Path)
    args = parser.parse_args(argv)
    try:
        with opened(args.path, args.db) as (target, library), one_line_crashes():
            asyncio.run(serve(crew_node(target, library), "the crew", lambda: summary(library, target)))
    except Failure as failure:
        return refused(failure)
    return 0


def refused(failure: Failure) -> int:
    """Tell the console why there is no node; returns the exit code."""
    _say({"refused": {"code": failure.code.value, "message": failure.message}})
    return 2


async def serve(hosted: AbstractAsyncContextManager[Node], who: str, words: Callable[[], str]) -> None:
    """Host a node until told to end; `words` are its summary, and `who` gives up where its tree does."""
    loop = asyncio.get_running_loop()
    wish: asyncio.Future[str] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _settle, wish, "end")
    threading.Thread(target=_listen, args=(loop, wish), name="stdin", daemon=True).start()
    async with hosted as node:
        place = next(place for place in nodes() if place.incarnation == node.incarnation)
        _say({"ready": place.model_dump(mode="json")})
        watch = asyncio.ensure_future(node.run_forever())
        if await wish == "finish":
            why = watch.exception() if watch.done() else None
            end = f"{who} gave up: {why}\n" if why else ""
            _say({"summary": end + words(), "given_up": why is not None})
        watch.cancel()


def _listen(loop: asyncio.AbstractEventLoop, wish: asyncio.Future[str]) -> None:
    """Pass on what stdin says, and see to it that its end is the end."""
    for line in sys.stdin:
        if line.strip() == "finish":
            loop.call_soon_threadsafe(_settle, wish, "finish")
    try:
        loop.call_soon_threadsafe(_settle, wish, "end")
    except RuntimeError:
        return  # the loop has closed: the process is ending
    threading.Event().wait(GRACE)
    os._exit(0)


def _settle(wish: asyncio.Future[str], word: str) -> None:
    if not wish.done():
        wish.set_result(word)


def _say(document: dict[str, object]) -> None:
    """One JSON line to the console. Nobody may be listening any more."""
    try:
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
