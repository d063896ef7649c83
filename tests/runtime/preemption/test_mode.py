"""Which form of time-slicing a node has, and why not a better one."""

import asyncio
import threading

import pytest

from runtime import Node, NodeError
from runtime.preemption import mode
from runtime.preemption.watchdog import can_interrupt
from tests.support.processes import serve
from tests.support.slicing import Does, sliced

LESSER = "interrupt: " if can_interrupt() else "report only: "


async def test_it_is_time_slicing_and_says_by_what():
    async with sliced() as node:
        assert node.preemption.startswith("time-slicing: 1 ms slices by ")


async def test_it_is_off_where_that_was_asked_for():
    async with Node("off", introspection=False, time_slicing=False) as node:
        assert node.preemption == "off: asked for with time_slicing=False"
        assert not node.scheduler.sliced


def test_a_node_that_has_not_been_started_has_none():
    with pytest.raises(NodeError, match="not running"):
        assert Node("fresh").preemption


def test_a_node_in_a_thread_says_why_it_has_no_slices():
    async def live():
        async with sliced(job=lambda process: process.wait(asyncio.sleep(0, "waited"))) as node:
            pid = await serve(node, Does)
            return node.preemption, await pid.call("job")

    said = []
    thread = threading.Thread(target=lambda: said.append(asyncio.run(live())))
    thread.start()
    thread.join()
    assert said == [(f"{LESSER}the loop is not in the main thread, where signals arrive", "waited")]


@pytest.mark.parametrize(
    ("attribute", "value", "why"),
    [
        ("_is_gil_enabled", lambda: False, "without its GIL"),
        ("implementation", type("x", (), {"name": "pypy"}), "pypy is not CPython"),
    ],
)
async def test_an_interpreter_on_which_it_does_not_work_is_named(monkeypatch, attribute, value, why):
    monkeypatch.setattr(mode.sys, attribute, value, raising=False)
    hindrance = mode._hindrance()
    monkeypatch.undo()
    assert why in hindrance
