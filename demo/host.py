"""Hosting the crew: what is reviewed, its library, and a node of its own name in this process; for other demos, just that."""

from __future__ import annotations

import fcntl
import logging
import sys
import sysconfig
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from demo.crew import crew
from demo.files import BadPath, Target
from demo.library import Library, LibraryError
from runtime import Node
from runtime.port.client import nodes
from runtime.port.contract import Code, Failure
from runtime.port.home import directory

__all__ = ["crew_node", "one_line_crashes", "opened", "own_node"]


@contextmanager
def opened(path: Path | None, db: Path | None) -> Generator[tuple[Target, Library]]:
    """What is to be reviewed (default: this Python's standard library), and where findings are kept.

    Raises:
        Failure: `BAD_REQUEST`, where either cannot be used.
    """
    try:
        target = Target.of(path if path is not None else sysconfig.get_path("stdlib"))
        library = Library.open(db, target.path)
    except (BadPath, LibraryError) as error:
        raise Failure(Code.BAD_REQUEST, str(error)) from None
    try:
        yield target, library
    finally:
        library.close()


@asynccontextmanager
async def crew_node(target: Target, library: Library) -> AsyncGenerator[Node]:
    """A running node with the crew. It is called `crew`, or `crew-2` and so on while others live.

    Raises:
        Failure: `DENIED`, where the directory of nodes cannot be used.
    """
    async with own_node("crew", {Library: library}) as node:
        await node.start(crew(target))
        yield node


@asynccontextmanager
async def own_node(stem: str, resources: dict[Any, Any]) -> AsyncGenerator[Node]:
    """A running node, empty. It is called `stem`, or `stem-2` and so on while others live.

    Raises:
        Failure: `DENIED`, where the directory of nodes cannot be used.
    """
    async with AsyncExitStack() as stack:
        with _free_name(stem) as name:
            node = await stack.enter_async_context(Node(name, resources=resources))
        yield node


@contextmanager
def one_line_crashes() -> Generator[None]:
    """Report crashes on stderr, a line each: the demo crashes on purpose, and the console shows the rest."""
    log = logging.getLogger("observer")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FirstLine())
    log.addHandler(handler)
    before, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.propagate = before
        log.removeHandler(handler)


class _FirstLine(logging.Formatter):
    """The message without the traceback that follows it."""

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage().partition("\n")[0]


@contextmanager
def _free_name(stem: str) -> Generator[str]:
    """A name that no living node has. Whoever else wants one of these waits until this node can be seen under its name."""
    with (directory("run") / f"{stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        taken = {place.name for place in nodes()}
        names = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        yield next(name for name in names if name not in taken)
