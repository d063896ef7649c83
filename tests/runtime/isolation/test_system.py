"""What every process can be asked, an isolated one too; what is about its state is asked over there."""

from __future__ import annotations

import logging

import pytest

from runtime import CallbackFailed, CallTimeout, NotSendable, StateAndData, system
from tests.support.isolated import Cell, Door, asks, coroutine, fails, twice, walks
from tests.support.processes import Obeys, serve


async def test_its_state_is_read_and_replaced_over_there(node):
    pid = await serve(node, Cell, "a", isolated=True)
    pid.cast("b")
    assert await system.get_state(pid) == ("a", "b")
    assert await system.replace_state(pid, twice) == ("a", "b", "a", "b")
    assert await pid.call("state") == ("a", "b", "a", "b")


@pytest.mark.parametrize("suspended", [False, True])
async def test_a_function_that_raises_or_cannot_cross_leaves_the_state(node, suspended):
    pid = await serve(node, Cell, "a", isolated=True)
    if suspended:
        await system.suspend(pid)
    with pytest.raises(CallbackFailed, match="OSError"):
        await system.replace_state(pid, fails)
    with pytest.raises(NotSendable):
        await system.replace_state(pid, lambda state: state)
    assert await system.get_state(pid) == ("a",)


async def test_suspended_it_answers_what_is_asked_and_nothing_else(node):
    pid = await serve(node, Cell, isolated=True)
    for _ in range(2):
        await system.suspend(pid)
    pid.cast("waits")
    with pytest.raises(CallTimeout, match="suspended"):
        await pid.call("state", timeout=0.05)
    assert await system.get_state(pid) == ()
    assert await system.replace_state(pid, walks) == ("walked",)
    status = await system.get_status(pid)
    assert (status.suspended, status.waiting) == (True, 2)
    await system.resume(pid)
    assert await pid.call("state") == ("walked", "waits")


async def test_a_state_machine_has_its_state_and_data_over_there(node):
    pid = await serve(node, Door, 3600, isolated=True)
    pid.cast("open")
    state = await system.get_state(pid)
    assert state == StateAndData("open", state.data)
    await system.suspend(pid)
    assert await system.get_state(pid) == state
    await system.resume(pid)


async def test_its_messages_and_answers_are_counted(node):
    pid = await serve(node, Cell, isolated=True)
    await system.statistics(pid, "on")
    pid.cast(1)
    await pid.call("state")
    counted = await system.statistics(pid)
    assert (counted.messages_in, counted.messages_out) == (2, 1)
    await system.statistics(pid, "off")
    assert await system.statistics(pid) is None


@pytest.mark.parametrize("suspended", [False, True])
async def test_it_says_its_last_over_there_and_ends(node, suspended, caplog):
    caplog.set_level(logging.WARNING, "observer")
    witness = await serve(node, Obeys)
    pid = await serve(node, Cell, ("at the end", witness), isolated=True)
    over_there = await pid.call("pid")
    if suspended:
        await system.suspend(pid)
    await system.terminate(pid, ("shutdown", "asked to"))
    assert (pid.alive, pid._process.reason) == (False, ("shutdown", "asked to"))
    assert await witness.call("seen") == (("terminated", ("shutdown", "asked to"), over_there),)
    assert not node.ledger.crashes


async def test_a_coroutine_is_suspended_over_there(node):
    pid = await serve(node, coroutine, isolated=True)
    await system.suspend(pid)
    pid.send(1)
    assert (await system.get_status(pid)).waiting == 1
    await system.resume(pid)
    assert await pid.call("seen") == (1,)
    with pytest.raises(TypeError, match="is a coroutine process"):
        await system.get_state(pid)


async def test_it_cannot_ask_processes_of_the_node(node):
    pid = await serve(node, Cell, isolated=True)
    other = await serve(node, Cell)
    assert "lives in another OS process" in await pid.call(("run", asks, other))
