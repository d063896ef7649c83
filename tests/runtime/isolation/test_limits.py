"""What an isolated process may take, and what becomes of one that takes more. Every bomb here is bounded by itself, too."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path, PurePath

import pytest

from runtime import Limits, OSProcessDied, ProcessDied, StartError
from runtime.isolation import launch, sweep
from tests.support.eventually import eventually, eventually_sync
from tests.support.isolated import Cell, bomb, burn, c_bomb, daemon, fork, leave_behind, open_many, shell
from tests.support.processes import end_of, serve, the_crash

MIB = 1 << 20


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.CRITICAL, "observer")


async def test_more_memory_than_allowed_is_a_memory_error_with_its_traceback(node):
    pid = await serve(node, Cell, isolated=Limits(memory=256 * MIB))
    assert await pid.call(("allocate", 10 * MIB)) == 10 * MIB
    with pytest.raises(ProcessDied) as died:
        await pid.call(("allocate", 512 * MIB))
    assert type(died.value.reason) is MemoryError
    assert "bytearray(size)" in the_crash(node).traceback


async def test_more_processor_time_than_allowed_ends_it_and_says_how_much(node):
    pid = await serve(node, Cell, isolated=Limits(cpu=1))
    with pytest.raises(ProcessDied) as died:
        await pid.call(("run", burn), None)
    assert type(died.value.reason) is OSProcessDied
    assert "SIGXCPU: 1." in str(died.value.reason)
    assert "s of CPU used, limit 1 s" in str(died.value.reason)
    assert "in burn" in the_crash(node).traceback


async def test_more_files_than_allowed_are_an_oserror(node):
    pid = await serve(node, Cell, isolated=Limits(files=64))
    with pytest.raises(ProcessDied) as died:
        await pid.call(("run", open_many))
    assert isinstance(died.value.reason, OSError)
    assert "Too many open files" in repr(died.value.reason)


@pytest.mark.parametrize("start", [fork, shell, bomb])
async def test_no_os_process_may_be_started_unless_it_is_allowed(node, start):
    pid = await serve(node, Cell, isolated=True)
    with pytest.raises(ProcessDied) as died:
        await pid.call(("run", start))
    assert type(died.value.reason) is PermissionError
    assert "may have 0 OS processes" in repr(died.value.reason)


async def test_as_many_as_allowed_may_be_started_at_once(node):
    pid = await serve(node, Cell, isolated=Limits(processes=1))
    assert await pid.call(("run", fork)) == "forked"
    assert await pid.call(("run", shell)) == "from a shell\n"
    assert await pid.call(("run", fork)) == "forked"
    with pytest.raises(ProcessDied, match="may have 1 OS processes"):
        await pid.call(("run", bomb))


async def test_code_in_c_that_forks_unasked_is_counted_and_ended_with_all_that_it_has_started(node):
    pid = await serve(node, Cell, isolated=True)
    with pytest.raises(ProcessDied, match=r"it has started \d+ OS processes, limit 0"):
        await pid.call(("run", c_bomb), None)
    assert sweep.members(f"{node.incarnation}.{pid.number}.") == []


async def test_what_it_has_left_behind_ends_with_it_even_from_a_session_of_its_own(node):
    pid = await serve(node, Cell, isolated=Limits(processes=10))
    children = [await pid.call(("run", leave_behind)), await pid.call(("run", daemon))]
    assert all(is_running(child) for child in children)
    with pytest.raises(ProcessDied):
        await pid.call(("os._exit", 1))
    assert not any(is_running(child) for child in children)


@pytest.mark.parametrize(
    "wrong", [{"memory": 1}, {"cpu": 0}, {"files": 3.5}, {"processes": None}, {"processes": -1}]
)
def test_limits_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match="it is a whole number"):
        Limits(**wrong)


# --- nothing outlives the node -------------------------------------------------------------------------


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_node_that_is_killed(end):
    program = Path(__file__).parents[2] / "support" / "isolated_node.py"
    node = subprocess.Popen(
        [sys.executable, program], stdout=subprocess.PIPE, text=True, cwd=program.parents[2]
    )
    try:
        pids = [int(pid) for pid in node.stdout.readline().split()]
        assert len(pids) == 10
        assert all(is_running(pid) for pid in pids)
    finally:
        os.kill(node.pid, end)
        node.wait()
        node.stdout.close()
    eventually_sync(lambda: not any(is_running(pid) for pid in pids), within=10)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def test_a_node_that_stops_leaves_nothing(node):
    pid = await serve(node, Cell, isolated=Limits(processes=2))
    child = await pid.call(("run", leave_behind))
    started = time.monotonic()
    await node.stop()
    assert not is_running(child)
    assert time.monotonic() - started < 5
    assert await end_of(pid) == "shutdown"
    await eventually(lambda: not node.scheduler.block.cells)


async def test_a_start_that_takes_its_time_is_not_interrupted(node, monkeypatch):
    start = launch.start

    def slowly(mark):
        until = time.perf_counter() + 0.1
        while time.perf_counter() < until:  # as on a machine that has much to do
            assert PurePath("a", "b").name
        return start(mark)

    monkeypatch.setattr(launch, "start", slowly)
    pid = await serve(node, Cell, isolated=True)
    assert await pid.call("state") == ()


async def test_a_start_that_fails_half_way_leaves_nothing_and_says_why(node, monkeypatch):
    def no_room(*_):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", no_room)
    with pytest.raises(StartError, match="Too many open files"):
        await serve(node, Cell, isolated=True)
    assert sweep.members(f"{node.incarnation}.") == []
