"""Links, monitors and addresses hold across the border, in both directions, and so do processes that live over there."""

from __future__ import annotations

import asyncio
import logging
import os

import pytest

from runtime import ChildSpec, Down, Exit, NoProcess, NotRegistered, ProcessDied, SelfCall, Supervisor, exits
from runtime.log import items
from tests.support.eventually import eventually
from tests.support.isolated import Cell
from tests.support.processes import Obeys, end_of, serve


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.CRITICAL, "observer")


@pytest.fixture
async def cell(node):
    return await serve(node, Cell, isolated=True)


async def test_it_calls_and_casts_and_sends_to_processes_of_the_node_by_pid_and_by_name(node, cell):
    await node.start(ChildSpec("other", Cell))
    other = node.whereis("other")
    assert await cell.call(("call", other, "state")) == ()
    assert await cell.call(("call", "other", "pid")) == os.getpid()
    assert await cell.call(("whereis", "other")) == other
    assert await cell.call(("whereis", "nobody")) is None
    await cell.call(("tell", "other", ("from", cell)))
    await eventually(lambda: other._process.state == (("from", cell),))
    assert items(other._process.events)[-1][3] == cell.number


async def test_a_call_to_nobody_says_so_over_there(node, cell):
    with pytest.raises(ProcessDied) as died:
        await cell.call(("call", "nobody", "?"))
    assert type(died.value.reason) is NotRegistered
    ended = await serve(node, Obeys)
    exits.signal(ended._process, "kill")
    with pytest.raises(ProcessDied) as died:
        await (await serve(node, Cell, isolated=True)).call(("call", ended, "?"))
    assert type(died.value.reason) is NoProcess


async def test_it_does_not_call_itself_by_its_name(node):
    await node.start(ChildSpec("cell", Cell, isolated=True, restart="temporary"))
    with pytest.raises(ProcessDied) as died:
        await node.named("cell").call(("call", "cell", "state"))
    assert type(died.value.reason) is SelfCall


async def test_one_isolated_process_calls_another(node, cell):
    other = await serve(node, Cell, "other", isolated=True)
    assert await cell.call(("call", other, "state")) == ("other",)


async def test_a_pid_that_has_crossed_and_come_back_is_the_same(node, cell):
    other = await serve(node, Obeys)
    assert await cell.call(("run", repeat, other)) == other
    exits.signal(other._process, "kill")
    assert await cell.call(("run", repeat, other)) == other
    assert not await cell.call(("run", is_alive, other))


def repeat(value):
    return value


def is_alive(pid):
    return pid.alive


async def test_its_own_timers_and_sends_and_tasks_arrive_over_there(node, cell):
    await cell.call(("send_after", 0, "timed"))
    await cell.call("task")
    await cell.call(("nap", 0.01))
    timed, done = await cell.call("state")
    assert (timed, done) == ("timed", "done by a task")


async def test_it_monitors_a_process_of_the_node(node, cell):
    watched = await serve(node, Obeys)
    ref = await cell.call(("monitor", watched))
    watched.cast("shutdown")
    await eventually(lambda: not watched.alive)
    assert await cell.call("state") == (Down(ref, watched, "shutdown"),)
    assert await cell.call(("demonitor", ref)) is False
    dead = await cell.call(("monitor", watched))
    assert (await cell.call("state"))[1] == Down(dead, watched, "noproc")


async def test_a_monitor_by_name_and_one_that_is_undone(node, cell):
    await node.start(ChildSpec("other", Obeys, restart="temporary"))
    other = node.whereis("other")
    kept, undone = await cell.call(("monitor", "other")), await cell.call(("monitor", other))
    assert await cell.call(("demonitor", undone)) is True
    other.cast("shutdown")
    await eventually(lambda: not other.alive)
    assert await cell.call("state") == (Down(kept, other, "shutdown"),)


async def test_a_down_comes_behind_the_messages_that_were_sent_before(node, cell):
    watched = await serve(node, Cell)
    await cell.call(("monitor", watched))
    sleeping = asyncio.ensure_future(cell.call(("sleep", 0.05)))
    await asyncio.sleep(0)
    await watched.call(("send_after", 0, "last words", cell))
    await eventually(lambda: [entry[1] for entry in cell._process.mailbox or ()] == ["last words"])
    exits.signal(watched._process, "kill")
    await sleeping
    words, down = await cell.call("state")
    assert (words, down.reason) == ("last words", "killed")


async def test_linked_it_goes_down_with_a_process_of_the_node_and_takes_it_along(node):
    one, two = await serve(node, Obeys), await serve(node, Obeys)
    cells = [await serve(node, Cell, isolated=True) for _ in range(2)]
    await cells[0].call(("link", one))
    await one.call("seen")
    await cells[1].call(("link", two))
    one.cast("gone")
    assert await end_of(cells[0]) == "gone"
    await eventually(lambda: cells[1]._process in two._process.links)
    cells[1].cast(ValueError("mine"))
    assert repr(await end_of(two)) == "ValueError('mine')"


async def test_trapping_exits_it_gets_them_as_messages(node):
    cell = await serve(node, Cell, trap=True, isolated=True)
    other = await serve(node, Obeys)
    await cell.call(("link", other))
    await eventually(lambda: other._process in cell._process.links)
    other.cast("gone")
    await eventually(lambda: not other.alive)
    assert await cell.call("state") == (Exit(other, "gone"),)


async def test_an_unlinked_one_stays(node, cell):
    other = await serve(node, Obeys)
    await cell.call(("link", other))
    await cell.call(("unlink", other))
    other.cast("gone")
    await eventually(lambda: not other.alive)
    assert await cell.call("state") == ()


async def test_it_ends_others_and_itself_with_exit_signals(node, cell):
    other = await serve(node, Obeys)
    await cell.call(("exit", other, ("shutdown", 1)))
    assert await end_of(other) == ("shutdown", 1)
    with pytest.raises(ProcessDied):
        await cell.call(("exit", cell, "enough"))
    assert await end_of(cell) == "enough"


async def test_it_starts_a_child_of_a_supervisor_of_the_node(node, cell):
    await node.start(Supervisor(name="sup"))
    started = await cell.call(("start", "sup", ChildSpec("started", Cell, 1)))
    assert started == node.whereis("started")
    assert await started.call("pid") == os.getpid()


async def test_processes_inside_have_pids_that_name_it_and_answer_from_there(node, cell):
    inside = await cell.call(("spawn",))
    assert str(inside) == f"<{cell.number}.2.0>"
    assert await inside.call("who") == ("who", await cell.call("pid"))
    assert await (await serve(node, Cell, isolated=True)).call(("call", inside, "me")) == (
        "me",
        await cell.call("pid"),
    )


async def test_processes_inside_are_monitored_and_linked_from_outside(node, cell):
    inside, watcher = await cell.call(("spawn",)), await serve(node, Obeys, trap=True)
    ref = await watcher.call(("monitor", inside))
    await watcher.call(("link", inside))
    inside.send("crash")
    await eventually(lambda: len(watcher._process.state) == 2)
    seen = await watcher.call("seen")
    assert {type(item) for item in seen} == {Down, Exit}
    assert all(item.pid == inside and repr(item.reason) == "ValueError('inner')" for item in seen)
    assert ref in [getattr(item, "ref", None) for item in seen]
    assert not inside.alive
    with pytest.raises(NoProcess):
        await inside.call("anybody?")


async def test_processes_inside_that_link_themselves_are_linked(node, cell):
    one, two = await serve(node, Obeys), await serve(node, Obeys)
    inside = [await cell.call(("spawn", partner)) for partner in (one, two)]
    await eventually(lambda: inside[0]._process in one._process.links)
    one.cast("gone")
    await eventually(lambda: not inside[0].alive)
    await eventually(lambda: inside[1]._process in two._process.links)
    inside[1].send("crash")
    assert repr(await end_of(two)) == "ValueError('inner')"


async def test_processes_inside_end_with_it_and_everybody_is_told(node, cell):
    inside, watcher = await cell.call(("spawn",)), await serve(node, Obeys, trap=True)
    await watcher.call(("monitor", inside))
    waiting = asyncio.ensure_future(inside.call("end", None))
    await asyncio.sleep(0)
    exits.signal(cell._process, "kill")
    with pytest.raises(ProcessDied):
        await waiting
    await eventually(lambda: watcher._process.state)
    assert watcher._process.state[0].reason == "killed"
