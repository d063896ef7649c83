"""Standard output and error: a write is not left in the middle, and the streams stay what they are."""

import io
import sys

import pytest

from runtime.preemption import streams
from tests.support.processes import serve
from tests.support.slicing import Does, counted, parks_inside, sliced, slicer


@pytest.mark.parametrize("name", ["stdout", "stderr"])
@pytest.mark.parametrize("way", ["print", "flush"])
async def test_a_step_is_not_switched_in_the_middle_of_a_write(monkeypatch, name, way):
    class SlowPipe(io.RawIOBase):
        stay = None

        def writable(self):
            return True

        def write(self, data):
            if self.stay is not None:
                stay, self.stay = self.stay, None
                stay()
            return len(data)

    pipe = SlowPipe()
    monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(pipe, 100)))

    def write(stay):
        stream = getattr(sys, name)
        if way == "flush":
            print("x", file=stream)
        pipe.stay = stay
        print("x" * 100_000, file=stream) if way == "print" else stream.flush()

    assert await parks_inside(write) == 0


async def test_the_streams_are_what_they_were_once_the_node_has_stopped():
    before = sys.stdout, sys.stdout.write, dict(vars(sys.stdout))
    async with sliced():
        assert sys.stdout is before[0]
        assert "write" in vars(sys.stdout)
    assert (sys.stdout, sys.stdout.write, vars(sys.stdout)) == before


async def test_a_stream_may_take_longer_than_logging():
    async with sliced() as node:
        write = streams._held(lambda: ticks.pass_by(30))
        node.resources["job"] = lambda process: write()
        with counted() as ticks:
            pid = await serve(node, Does)
            await pid.call("job", timeout=20)
            assert slicer(node).interrupts == 0
