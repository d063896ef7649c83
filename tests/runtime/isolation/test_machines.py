"""A state machine in an OS process of its own is one like any other."""

from __future__ import annotations

import asyncio
import logging
import os

import pytest

from runtime import ChildSpec, ProcessDied
from tests.support.isolated import Door
from tests.support.processes import serve, the_crash


async def test_it_changes_states_and_answers_from_there(node):
    door = await serve(node, Door, 3600, isolated=True)
    assert await door.call("pid") not in {0, os.getpid()}
    door.cast("open")
    door.send("an info")
    assert await door.call("data") == ("new", "an info")


async def test_its_time_outs_and_inserted_events_happen_there(node):
    door = await serve(node, Door, 0.01, isolated=True)
    door.cast("open")
    async with asyncio.timeout(5):
        while (data := await door.call("data")) == ("new",):
            pass
    assert data == ("new", "from open", "shut by itself")


async def test_what_it_puts_off_is_handled_when_the_state_has_changed_and_holds_up_nothing(node):
    door = await serve(node, Door, 3600, isolated=True)
    door.cast("lock")
    asked = asyncio.ensure_future(door.call("data", None))
    assert await door.call("pid") != os.getpid()
    assert not asked.done()
    door.cast("unlock")
    assert await asked == ("new", "from locked")


async def test_its_crash_tells_the_last_state_and_data(node, caplog):
    caplog.set_level(logging.CRITICAL, "observer")
    door = await serve(node, Door, 3600, isolated=True)
    door.cast("crash")
    with pytest.raises(ProcessDied):
        await door.call("data")
    crash = the_crash(node)
    assert repr(crash.reason) == "ValueError('broken')"
    assert (crash.last_state.state, crash.last_state.data) == ("shut", (3600, "new"))
    assert "raise ValueError" in crash.traceback


def test_a_state_machine_has_no_thread_of_its_own():
    with pytest.raises(ValueError, match="thread=True is for Server classes, and Door is a StateMachine"):
        ChildSpec("door", Door, 1, thread=True)
