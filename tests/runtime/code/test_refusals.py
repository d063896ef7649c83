"""Whatever fails, the old version stays everywhere, and the reason says why."""

import asyncio
import sys

import pytest

from runtime import ChildSpec, CodeError, UpgradeRefused
from tests.support.agents_sources import COUNTER


async def counting(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    await pid.call(counter.Add(3))
    return counter, pid


async def unchanged(disk, pid, counter):
    assert disk.load("counter") is counter
    assert sys.modules["counter"] is counter
    assert await pid.call("version") == 1
    assert await pid.call(counter.Add(0)) == 3
    assert type(pid._process.state) is counter.State


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("class Counter(:\n", r"syntax error in .*counter\.py, line 1"),
        ("import os\nimport no_such_module_anywhere\n", r"counter, line 2, raised ModuleNotFoundError"),
        ("from os import no_such_name\n", "ImportError"),
        ("raise SystemExit(3)\n", r"raised SystemExit\(3\)"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("x = 'never closed\n", "syntax error"),
        ("return 1\n", "syntax error"),
        ("\x00", "cannot be parsed|syntax error"),
        ("# -*- coding: no-such-coding -*-\n", "no Python source"),
    ],
    ids=["syntax", "import", "from-import", "exit", "raises", "half-written", "compiler", "null-bytes", "coding"],
)  # fmt: skip
async def test_a_module_that_cannot_be_executed_changes_nothing(disk, node, text, reason):
    counter, pid = await counting(disk, node)
    (disk.path / "counter.py").write_text(text)
    with pytest.raises(CodeError, match=reason):
        await node.code.plan("counter")
    with pytest.raises(CodeError, match=reason):
        await node.code.apply("counter")
    await unchanged(disk, pid, counter)


async def test_a_half_written_file_is_refused_and_the_whole_one_is_taken(disk, node):
    _, pid = await counting(disk, node)
    text = (disk.path / "counter.py").read_text().replace("Reply(1, state)", "Reply(2, state)")
    (disk.path / "counter.py").write_text(text[: len(text) // 2])
    with pytest.raises(CodeError):
        await node.code.apply("counter")
    (disk.path / "counter.py").write_text(text)
    await node.code.apply("counter")
    assert await pid.call("version") == 2


async def test_a_module_deleted_on_disk_stays_as_it_runs(disk, node):
    counter, pid = await counting(disk, node)
    (disk.path / "counter.py").unlink()
    with pytest.raises(CodeError, match=r"cannot be read.*the running version stays"):
        await node.code.apply("counter")
    await unchanged(disk, pid, counter)
    (info,) = [info for info in node.code.modules() if info.module == "counter"]
    assert info.stale
    assert info.on_disk is None


async def test_main_is_refused(node):
    with pytest.raises(CodeError, match="__main__ cannot be upgraded"):
        await node.code.plan("__main__")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("runtime.server", "node itself"), ("math", "no Python source"), ("nowhere", "no module nowhere")],
)
async def test_what_cannot_be_upgraded_is_refused_with_the_reason(node, name, reason):
    with pytest.raises(CodeError, match=reason):
        await node.code.plan(name)


async def test_a_module_that_does_not_end_is_interrupted(disk, node, monkeypatch):
    monkeypatch.setitem(sys.modules["runtime.preemption.guards"]._HOLDS, "_frozen_importlib", 100)
    monkeypatch.setitem(sys.modules["runtime.preemption.guards"]._HOLDS, "_frozen_importlib_external", 100)
    monkeypatch.setitem(sys.modules["runtime.preemption.guards"]._HOLDS, "importlib", 100)
    counter, pid = await counting(disk, node)
    (disk.path / "counter.py").write_text("while True: pass\n")
    with pytest.raises(CodeError, match="took more than"):
        await node.code.apply("counter")
    await unchanged(disk, pid, counter)


async def test_a_class_that_processes_run_cannot_go(disk, node):
    counter, pid = await counting(disk, node)
    disk.edit("counter", "class Counter(", "class Teller(")
    plan = await node.code.plan("counter")
    assert not plan.ok
    assert "no such name" in plan.reason
    with pytest.raises(UpgradeRefused, match="no such name"):
        await node.code.apply(plan)
    await unchanged(disk, pid, counter)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("def handle_cast(", "def handle_all(", "handle_cast is gone"),
        ("def handle_call(self, message, caller, state)", "def handle_call(self, message)", "does not take its 3 arguments"),
        ("class Counter(Server[State])", "class Counter", "is none in the new code"),
        ("def init(self)", "def init(self, limit)", "init does not take its arguments"),
        ("def handle_cast(", "def code_change(self, old, state): return state\n\n        def handle_cast(", "@staticmethod"),
    ],
)  # fmt: skip
async def test_a_broken_contract_is_refused(disk, node, old, new, reason):
    counter, pid = await counting(disk, node)
    disk.edit("counter", old, new.replace("\n        ", "\n    "))
    with pytest.raises(UpgradeRefused, match=reason):
        await node.code.apply("counter")
    await unchanged(disk, pid, counter)


async def test_a_plan_is_for_what_was_on_disk_when_it_was_made(disk, node):
    counter, pid = await counting(disk, node)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    disk.edit("counter", "Reply(2, state)", "Reply(3, state)")
    with pytest.raises(UpgradeRefused, match="changed on disk since it was planned"):
        await node.code.apply(plan)
    await unchanged(disk, pid, counter)


async def test_a_plan_is_applied_once(disk, node):
    await counting(disk, node)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    await node.code.apply(plan.id)
    with pytest.raises(CodeError, match="plan again"):
        await node.code.apply(plan)


async def test_one_transaction_at_a_time(disk, node):
    await counting(disk, node)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    first = asyncio.ensure_future(node.code.apply("counter"))
    await asyncio.sleep(0)
    with pytest.raises(CodeError, match="another upgrade is under way"):
        await node.code.plan("counter")
    await first


async def test_there_is_nothing_to_roll_back_before_an_upgrade(disk, node):
    await counting(disk, node)
    with pytest.raises(CodeError, match="no earlier version"):
        await node.code.rollback("counter")


async def test_a_state_that_raises_while_it_is_rebuilt_is_refused_and_its_process_goes_on(disk, node):
    source = (
        COUNTER.replace(
            "class State:\n        total: int = 0",
            "class State:\n        total: int = 0\n\n        def __hash__(self):\n            assert self.total < 5\n            return 1",
        )
        .replace("return State()", "return {State(): 1}")
        .replace("state = State(state.total + amount)", "state = {State(amount): 1}")
    )
    source = source.replace("Reply(state.total, state)", "Reply(amount, state)")
    counter = disk.load("counter", source)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    disk.edit("counter", "assert self.total < 5", "assert self.total < 0")
    with pytest.raises(UpgradeRefused, match="rebuilding it raised AssertionError"):
        await node.code.apply("counter")
    assert await pid.call(counter.Add(3)) == 3


async def test_refusals_stand_in_the_history_with_who_and_why(disk, node):
    await counting(disk, node)
    disk.edit("counter", "class Counter(", "class Teller(")
    with pytest.raises(UpgradeRefused):
        await node.code.apply("counter", by="mallory")
    entry = node.code.history[-1]
    assert (entry.by, entry.done, entry.steps[0].module) == ("mallory", False, "counter")
    assert "no such name" in entry.reason


async def test_a_misspelt_module_is_answered_with_those_like_it(disk, node):
    disk.load("shop.counters", COUNTER)
    await node.start(ChildSpec("counter", disk.load("shop.counters").Counter))
    for wrong in ("shop.conters", "counters"):
        with pytest.raises(
            CodeError, match=rf"no module {wrong} is loaded here; did you mean shop\.counters"
        ):
            await node.code.plan(wrong)
    with pytest.raises(CodeError, match=r"no module quite\.different is loaded here$"):
        await node.code.plan("quite.different")
    await node.code.apply("shop.counters")
    with pytest.raises(CodeError, match=r"no earlier version.*; did you mean shop\.counters\?"):
        await node.code.rollback("shop.conters")


async def test_a_misspelt_module_is_no_plan_and_the_nearest_name_is_told(node, disk):
    await counting(disk, node)
    with pytest.raises(CodeError, match=r"did you mean counter\?"):
        await node.code.apply("countr")
    with pytest.raises(CodeError, match="no plan 0badcafe"):
        await node.code.apply("0badcafe")
