"""A console's eyes and hands, in a process of their own, as an operator's are.

python -m benchmarks.candidates.observer.console poll [INTERVAL]    what the console's page of processes asks, for ever
python -m benchmarks.candidates.observer.console kill PID …         looks, and kills one after the other

<── a line of JSON for each round or kill: {"at": when it was begun (monotonic s), "took": seconds}
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from runtime.port.client import Client, find
from runtime.port.contract import Kill, NodeQuery, Ps

__all__ = ["console"]

_NODE = "bench"
_PATIENCE_S = 30.0


class Lines:
    """What a console says."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream

    async def next(self) -> dict[str, float]:
        """The next line.

        Raises:
            RuntimeError: the console has ended.
        """
        line = await self._stream.readline()
        if not line:
            raise RuntimeError("the console has ended; what it wrote stands above")
        said: dict[str, float] = json.loads(line)
        return said


@asynccontextmanager
async def console(*arguments: str) -> AsyncGenerator[Lines]:
    """A console that is attached to the node of this process."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        yield Lines(child.stdout)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def _say(**what: float) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _poll(client: Client, interval: float) -> None:
    while True:
        began = time.monotonic()
        _look(client)
        took = time.monotonic() - began
        _say(took=took)
        time.sleep(max(interval - took, took / 2))


def _look(client: Client) -> None:
    """What the console's page of processes asks at every poll."""
    client.ask(NodeQuery())
    client.ask(Ps(sort="reductions", desc=True, delta=True, limit=200))


def _kill(client: Client, pid: str) -> None:
    began = time.time()
    done = client.ask(Kill(process=pid))
    _say(done=done.at.timestamp() - began)


def _main() -> None:
    what, *arguments = sys.argv[1:]
    with Client(find(_NODE), timeout=_PATIENCE_S) as client:
        if what == "poll":
            _poll(client, float(arguments[0]))
        _look(client)  # nobody kills what he has not seen
        for pid in arguments:
            _kill(client, pid)


if __name__ == "__main__":
    _main()
