"""A replay does nothing again: what would reach outside of the node is refused, and told."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import Server
from runtime.replay import replay
from tests.support.recorded import Tale


class Reaching(Server):
    """Does what it is told, whatever is caught on the way."""

    def handle_cast(self, message, state):
        what, path = message
        try:
            DEEDS[what](path)
        except Exception:
            return "caught"
        return state

    async def handle_info(self, message, state):
        what, path = message
        await asyncio.gather(asyncio.to_thread(DEEDS[what], path))
        return state


def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)


DEEDS = {
    "connect": connect,
    "write": lambda path: Path(path).write_text("again"),
    "append": lambda path: os.close(os.open(path, os.O_WRONLY | os.O_APPEND)),
    "remove": os.remove,
    "run": lambda _: subprocess.run([sys.executable, "--version"], check=True),
    "read": lambda path: Path(path).read_text(),
}


class File(str):
    """The path of a file, and what stands in it."""

    __slots__ = ()

    @property
    def text(self):
        return Path(self).read_text()


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_text("once")
    return File(tmp_path / "file")


@pytest.mark.parametrize("what", ["connect", "write", "append", "remove", "run"])
async def test_what_reaches_outside_is_refused_whatever_the_handler_catches(node, path, what):
    report = await replay(node, Tale(Reaching).handled("cast", (what, str(path)), 1, 1).recording())
    ((found,),) = (step.differences for step in report.differing)
    assert found.what == "unanswered"
    assert "a replay does not do again" in found.text
    assert path.text == "once"


async def test_on_threads_too(node, path):
    await asyncio.to_thread(str)  # a thread that is there already
    report = await replay(node, Tale(Reaching).handled("info", ("write", str(path)), 1, 1).recording())
    ((found,),) = (step.differences for step in report.differing)
    assert found.what == "unanswered"
    assert path.text == "once"


async def test_reading_is_none_of_it_and_everybody_else_goes_on(node, path):
    assert (
        await replay(node, Tale(Reaching).handled("cast", ("read", str(path)), 1, 1).recording())
    ).identical
    DEEDS["write"](path)
    assert path.text == "again"


class Endless(Server):
    def handle_cast(self, message, state):
        while True:
            state += 1


async def test_others_reach_outside_while_a_handler_is_replayed(node, path):
    replaying = asyncio.ensure_future(
        replay(node, Tale(Endless).handled("cast", 1, 1, 1).recording(), seconds=0.3)
    )
    await asyncio.sleep(0.1)
    DEEDS["write"](path)
    assert path.text == "again"
    await replaying


async def test_it_can_be_allowed(node, path):
    tale = Tale(Reaching).handled("cast", ("write", str(path)), 1, 1)
    assert (await replay(node, tale.recording(), outside=True)).identical
    assert path.text == "again"
