"""The stack of what happens in a step: its own code's, and nothing of the machinery's at either end."""

from contextlib import suppress

import pytest

from runtime import ProcessDied
from tests.support.processes import serve
from tests.support.slicing import KINDS, job_of, sliced

HERE = __name__


def inner(process):
    """Is under trace."""
    return process.pid


def outer(process):
    """Calls it."""
    return inner(process)


async def stack_of(pattern, kind, job):
    async with sliced(job=job_of(kind, job)) as node:
        session = node.scheduler.listening.tap.open(pattern)
        pid = await serve(node, kind)
        with suppress(ProcessDied):
            await pid.call("job")
        (record,), _ = session.drain()
        return [frame.split(":")[-1].split(" ")[1] for frame in record.stack], record.stack


@KINDS
async def test_a_function_stands_under_its_callers_up_to_the_handler(kind):
    names, frames = await stack_of(f"behaviour {kind.__name__} {HERE}:inner -> stack", kind, outer)
    wanted = [f"{kind.__name__}.handle_call", "outer", "inner"]
    assert [name for name in names if not name.startswith("job_of")] == wanted
    assert frames[-2].endswith(f"test_frames.py:{outer.__code__.co_firstlineno + 2} outer")
    assert frames[-1].startswith(__file__)


@KINDS
async def test_a_message_is_sent_by_a_line_of_the_handler(kind):
    names, _ = await stack_of(
        f"behaviour {kind.__name__} send -> stack", kind, lambda process: process.pid.send("x")
    )
    assert "<lambda>" in names[-1]
    assert names[0] == f"{kind.__name__}.handle_call"


def fails(process):
    """Raises, in a function that it calls."""
    int("no number")
    return process


def calls_what_fails(process):
    """Calls it."""
    return fails(process)


@KINDS
@pytest.mark.parametrize("event", ["raised", "crash"])
async def test_what_is_raised_was_raised_by_a_line_of_the_code_that_the_handler_called(kind, event):
    names, frames = await stack_of(f"behaviour {kind.__name__} {event} -> stack", kind, calls_what_fails)
    assert names[-2:] == ["calls_what_fails", "fails"]
    assert frames[-1].endswith(f"test_frames.py:{fails.__code__.co_firstlineno + 2} fails")
    assert not any("/runtime/" in frame and "/tests/" not in frame for frame in frames)
