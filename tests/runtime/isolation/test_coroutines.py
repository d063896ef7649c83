"""An isolated coroutine process: `receive` over there chooses among all that was sent."""

from __future__ import annotations

import logging
import os

import pytest

from runtime import Exit, ProcessDied, StartError, exits
from tests.support.eventually import eventually
from tests.support.isolated import coroutine
from tests.support.processes import Obeys, end_of, serve, the_crash


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.CRITICAL, "observer")


async def test_it_receives_what_it_likes_in_the_order_that_it_likes(node):
    pid = await serve(node, coroutine, isolated=True)
    for message in ("later", 1, "now", 2):
        pid.send(message)
    assert await pid.call("pid") != os.getpid()
    assert await pid.call("seen") == (1, "now", "later", 2)


async def test_it_ends_with_its_coroutine_and_its_callers_are_told(node):
    one, two = await serve(node, coroutine, isolated=True), await serve(node, coroutine, isolated=True)
    one.send("exit")
    assert await end_of(one) == ("shutdown", 1)
    two.send("crash")
    with pytest.raises(ProcessDied):
        await two.call("seen", None)
    assert "in coroutine" in the_crash(node).traceback


async def test_arguments_that_it_does_not_take_fail_the_start(node):
    with pytest.raises(StartError, match="TypeError"):
        await serve(node, coroutine, isolated=True, unknown=1)


async def test_an_exit_signal_that_is_not_trapped_runs_its_finally_blocks(node):
    witness = await serve(node, Obeys)
    pid = await serve(node, coroutine, witness=witness, isolated=True)
    exits.signal(pid._process, "enough")
    assert not pid.alive
    await eventually(lambda: witness._process.state == ("finally",))


async def test_trapping_exits_it_receives_them(node):
    # It takes the shutdown of its node for one more message, and would have to be waited for.
    pid = await serve(node, coroutine, "trap", isolated=True, shutdown="brutal_kill")
    other = await serve(node, Obeys)
    assert await pid.call("seen") == ()
    await other.call(("link", pid))
    other.cast("gone")
    await eventually(lambda: not other.alive)
    assert await pid.call("seen") == (Exit(other, "gone"),)


async def test_suspended_it_receives_nothing(node):
    pid = await serve(node, coroutine, isolated=True)
    pid._process.pause()
    pid.send(1)
    assert pid._process.letters == 1
    pid._process.unpause()
    assert await pid.call("seen") == (1,)
