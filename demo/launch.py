"""What the command line calls: the crew once through in this process, or in a node of its own for the console.

    run_headless(path, db=…, json=…)   ── review everything, whole-program passes ──> summary on stdout
    start_node(path, db)               ── python -m demo.node ──> handle.place … handle.finish() ──> summary
    launched(module, …)                   the same for any demo's node

It reviews nothing itself and draws nothing: the console is not its business.
"""

from __future__ import annotations

import asyncio
import json as json_format
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from demo.files import Target
from demo.host import crew_node, one_line_crashes, opened
from demo.library import Library
from demo.messages import Progress
from demo.summary import headline, summary
from runtime import CallError, Node
from runtime.port.client import Place
from runtime.port.contract import Code, Failure

__all__ = ["NodeHandle", "launched", "run_headless", "start_node"]

START_S = 20.0
"""Seconds until the node must have said that it is ready. It takes less than one."""
FINISH_S = 5.0
"""Seconds that the node has for its summary, and then for its end."""
NARRATE_S = 5.0
"""Seconds between two lines of narration."""


def run_headless(path: Path | None, *, db: Path | None = None, json: bool = False) -> int:
    """Review everything under `path` once. The summary stands on stdout, everything else on stderr.

    Returns:
        The exit code: 0, or 1 where the crew has given up.

    Raises:
        Failure: `BAD_REQUEST`, where `path` or `db` cannot be used.
    """
    start = time.monotonic()
    with opened(path, db) as (target, library), one_line_crashes():
        sys.stderr.write(f"reviewing {target}\n")
        given_up = asyncio.run(_once_through(target, library))
        totals = library.totals()
        if given_up is not None:
            sys.stderr.write(f"the crew gave up: {given_up}\n{headline(totals, target)}\n")
            return 1
        document = {
            "files": totals.files,
            "reviewed": totals.reviewed,
            "failed": totals.failed,
            "findings": totals.findings,
            "restarts": totals.restarts,
            "seconds": round(time.monotonic() - start, 3),
        }
        sys.stdout.write(json_format.dumps(document) + "\n" if json else summary(library, target))
    return 0


async def _once_through(target: Target, library: Library) -> str | None:
    """Run the crew until everything is reviewed. Why it has given up, if it has."""
    async with crew_node(target, library) as node:
        ended = asyncio.ensure_future(node.run_forever())
        done = asyncio.ensure_future(_until_finished(node, library))
        await asyncio.wait((ended, done), return_when=asyncio.FIRST_COMPLETED)
        for waiting in (ended, done):
            waiting.cancel()
        await asyncio.gather(ended, done, return_exceptions=True)
        if done.cancelled():
            return str(ended.exception())
        done.result()
        return None


async def _until_finished(node: Node, library: Library) -> None:
    """Ask the reporter until it has nothing left to do, and say now and then how far the crew is."""
    spoken = time.monotonic()
    while True:
        try:
            if (await node.named("reporter").call(Progress())).finished:
                return
        except CallError:
            pass  # it is being restarted, and will answer
        if time.monotonic() - spoken > NARRATE_S:
            spoken = time.monotonic()
            totals = library.totals()
            sys.stderr.write(f"{totals.files:,} files, {totals.findings:,} findings\n")
        await asyncio.sleep(0.05)


class NodeHandle:
    """A demo's node in a process of its own. It ends with `finish`, or with this process."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes], whose: str) -> None:
        self._process = process
        self._whose = whose
        self._errors = errors
        self._unread = b""
        self._last_words = ""
        self.exit_code = 1
        """For the command line, after `finish`: 0, or 1 where its tree has given up or its node was lost."""
        try:
            answer = self._answer(START_S)
        except BaseException:
            self._end(0.0)
            raise
        if answer is None or "refused" in answer:
            raise self._refusal(answer)
        self.place = Place.model_validate(answer["ready"])
        """Where the console finds it."""

    @property
    def pid(self) -> int:
        """The operating system's number of the node's process."""
        return self._process.pid

    def finish(self) -> str:
        """End the node. What it has to say by then, as text that ends with a newline; safe to call once."""
        answer = None
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(b"finish\n")
            self._process.stdin.flush()
            answer = self._answer(FINISH_S)
        except OSError:
            pass  # it has ended before, and `_how_it_ended` says how
        text = str(answer["summary"]) if answer is not None else None
        self.exit_code = 0 if answer is not None and not answer["given_up"] else 1
        self._end(FINISH_S)
        return text if text is not None else f"{self._whose} node has no summary: {self._how_it_ended()}\n"

    def _answer(self, within: float) -> dict[str, Any] | None:
        """The next JSON line of the node; None when it has ended, or the time is over."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + within
        while b"\n" not in self._unread:
            readable, _, _ = select.select(
                [self._process.stdout], [], [], max(0.0, deadline - time.monotonic())
            )
            read = os.read(self._process.stdout.fileno(), 65536) if readable else b""
            if not read:
                return None
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        answer: dict[str, Any] = json_format.loads(line)
        return answer

    def _refusal(self, answer: dict[str, Any] | None) -> Failure:
        self._end(0.0)
        if answer is not None:
            return Failure(Code(answer["refused"]["code"]), answer["refused"]["message"])
        return Failure(Code.INTERNAL, f"{self._whose} node did not start: {self._how_it_ended()}")

    def _end(self, within: float) -> None:
        """Close the pipes, which ends the node, and wait for it; kill what is left after `within` seconds."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue  # it could not be told anything more
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with self._errors as errors:
            errors.seek(0)
            self._last_words = errors.read().decode(errors="replace").strip().rpartition("\n")[2]

    def _how_it_ended(self) -> str:
        code = self._process.returncode
        if code < 0:
            return f"it was ended by signal {-code}"  # what it wrote before has nothing to do with that
        how = f"it ended with exit code {code}"
        return f"{how}: {self._last_words}" if self._last_words else how


def start_node(path: Path | None, db: Path | None = None) -> NodeHandle:
    """Start the crew's node and wait until it can be attached to.

    Raises:
        Failure: `BAD_REQUEST`, where `path` or `db` cannot be used; `INTERNAL`, where the node does not start.
    """
    arguments = ["--db", str(db.absolute())] if db is not None else []
    arguments += ["--", str(path)] if path is not None else []
    return launched("demo.node", *arguments, whose="the crew's")


def launched(module: str, *arguments: str, whose: str) -> NodeHandle:
    """Start a demo's node, `python -m module …`, and wait until it can be attached to; `whose` begins sentences about it.

    Raises:
        Failure: what the node refused with; `INTERNAL`, where it does not start.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    # A file without a name: the console owns the terminal, and a pipe that nobody reads would fill up.
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the handle
    process = subprocess.Popen(  # noqa: S603 - this program's own module
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=_environment(),
        start_new_session=True,  # Ctrl-C in the terminal is the console's
    )
    return NodeHandle(process, errors, whose)


def _environment() -> dict[str, str]:
    """This process's, and the way to this package where that is not installed."""
    here = Path(__file__).resolve().parent.parent
    if here.name == "site-packages":
        return dict(os.environ)
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (known, str(here))))}
