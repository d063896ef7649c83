"""An isolated server is to its callers and its supervisor what any server is; only that it may die more thoroughly."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from runtime import (
    CallTimeout,
    ChildSpec,
    Foreign,
    NotRegistered,
    NotSendable,
    OSProcessDied,
    ProcessDied,
    Server,
    StartError,
    Supervisor,
    exits,
)
from tests.support.eventually import eventually
from tests.support.isolated import Cell, Note, OddError, Slotted, warn
from tests.support.processes import Obeys, end_of, serve, the_crash


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    caplog.set_level(logging.CRITICAL, "observer")


async def test_it_runs_in_an_os_process_of_its_own_under_the_pid_of_its_node(node):
    pid = await serve(node, Cell, 1, "two", isolated=True)
    assert await pid.call("pid") != os.getpid()
    assert await pid.call("state") == (1, "two")
    assert await pid.call(("run", str, pid)) == str(pid)


async def test_casts_and_infos_and_calls_are_handled_in_their_order(node):
    pid = await serve(node, Cell, isolated=True)
    for number in range(50):
        (pid.cast if number % 2 else pid.send)(number)
    assert await pid.call("state") == tuple(range(50))


async def test_messages_may_be_of_the_hosts_classes_and_exceptions_of_any_form(node):
    pid = await serve(node, Cell, isolated=True)
    pid.cast(Note("hello"))
    assert await pid.call("state") == (Note("hello"),)
    with pytest.raises(ProcessDied) as died:
        await pid.call("raise odd")
    assert (type(died.value.reason), died.value.reason.two) == (OddError, 2)


async def test_an_answer_may_come_early_or_late_or_from_somebody_else(node):
    class Answers(Server):
        def init(self):
            return ()

        def handle_info(self, message, state):
            message[1].reply("from another")
            return state

    await node.start(ChildSpec("other", Answers))
    pid = await serve(node, Cell, isolated=True)
    assert await pid.call("early") == "early"
    assert await pid.call("state") == ("more",)
    assert await pid.call(("later", "other")) == "from another"


async def test_a_call_that_takes_too_long_times_out_and_the_late_answer_is_dropped(node):
    pid = await serve(node, Cell, isolated=True)
    with pytest.raises(CallTimeout, match="awaiting in Cell"):
        await pid.call(("sleep", 0.05), timeout=0.02)
    assert await pid.call("state") == ()
    assert node.scheduler.late_replies == 1


async def test_what_waits_stands_in_the_mailbox_of_the_node_and_is_told_as_lost(node):
    await node.start(Supervisor([ChildSpec("cell", Cell, isolated=True)]))
    pid = node.whereis("cell")
    pid.cast("first")
    asking = asyncio.ensure_future(pid.call(("sleep", 20), None))
    waiting = asyncio.ensure_future(pid.call("state", None))
    await asyncio.sleep(0)
    pid.cast("behind")
    await eventually(lambda: pid._process.current is not None and pid._process.current[0] == 0)
    assert pid._process.letters == 2
    exits.signal(pid._process, "kill")
    for call in (asking, waiting):
        with pytest.raises(ProcessDied):
            await call
    assert node.ledger.history[-1].lost == 2


async def test_a_crash_has_its_traceback_its_message_and_its_last_state(node):
    pid = await serve(node, Cell, "kept", isolated=True)
    with pytest.raises(ProcessDied) as died:
        await pid.call(("raise", ValueError("oops")))
    assert repr(died.value.reason) == "ValueError('oops')"
    crash = the_crash(node)
    assert crash.last_state == ("kept",)
    assert crash.last_message[0] == "raise"
    assert "in handle_call" in crash.traceback
    assert "isolation/child" not in crash.traceback


async def test_a_reason_that_cannot_leave_its_os_process_is_described(node):
    pid = await serve(node, Cell, isolated=True)
    with pytest.raises(ProcessDied) as died:
        await pid.call("raise unsendable")
    assert type(died.value.reason) is Foreign
    assert "UnsendableError('locked')" in str(died.value.reason)


async def test_stop_answers_and_ends_with_its_reason(node):
    pid = await serve(node, Cell, isolated=True)
    assert await pid.call(("stop", "normal")) == "bye"
    assert await end_of(pid) == "normal"


async def test_an_init_that_fails_fails_the_start(node):
    with pytest.raises(StartError) as failed:
        await serve(node, Cell, isolated=True, fail=ValueError("no"))
    assert repr(failed.value.reason) == "ValueError('no')"


async def test_arguments_that_cannot_cross_fail_the_start_and_say_why(node):
    with pytest.raises(StartError, match="into another OS process"):
        await serve(node, Cell, something_local(), isolated=True)


def something_local():
    class Local:
        pass

    return Local()


async def test_messages_that_cannot_cross_are_refused_to_the_caller_and_dropped_otherwise(node):
    pid = await serve(node, Cell, isolated=True)
    with pytest.raises(NotSendable, match="into another OS process"):
        await pid.call(something_local())
    pid.cast(something_local())
    assert await pid.call("state") == ()
    assert node.scheduler.dead_letters == 1


@pytest.mark.parametrize(
    ("message", "words", "status"),
    [
        ("segfault", "SIGSEGV (segmentation fault)", -signal.SIGSEGV),
        (("os._exit", 3), "exit code 3 (os._exit", 3),
        (("os._exit", 0), "exit code 0 (os._exit", 0),
        ("close", "it closed its connection with the node", -signal.SIGKILL),
        ("garbage", "what it wrote is no frame", -signal.SIGKILL),
    ],
)
async def test_what_kills_its_os_process_is_the_exit_reason_that_everybody_sees(node, message, words, status):
    pid, watcher = await serve(node, Cell, isolated=True), await serve(node, Obeys, trap=True)
    await watcher.call(("monitor", pid))
    await watcher.call(("link", pid))
    with pytest.raises(ProcessDied) as died:
        await pid.call(message, None)
    reason = died.value.reason
    assert type(reason) is OSProcessDied
    assert words in str(reason)
    assert reason.status == status
    down, exit_ = sorted(await watcher.call("seen"), key=lambda item: type(item).__name__)
    assert (down.pid, down.reason, exit_.pid, exit_.reason) == (pid, reason, pid, reason)
    assert the_crash(node).reason is reason


async def test_the_report_of_a_segmentation_fault_says_where_it_stood(node):
    pid = await serve(node, Cell, isolated=True)
    with pytest.raises(ProcessDied):
        await pid.call("segfault")
    assert "Segmentation fault" in the_crash(node).traceback
    assert "isolated.py" in the_crash(node).traceback


async def test_a_sigkill_from_outside_is_told_as_such(node):
    pid = await serve(node, Cell, isolated=True)
    os.kill(await pid.call("pid"), signal.SIGKILL)
    assert "SIGKILL from outside" in str(await end_of(pid))


async def test_its_supervisor_restarts_it_whatever_has_killed_it(node):
    await node.start(Supervisor([ChildSpec("cell", Cell, "again", isolated=True)]))
    cell = node.named("cell")
    first = await cell.call("pid")
    with pytest.raises(ProcessDied):
        await cell.call("segfault")
    await eventually(lambda: node.whereis("cell"))
    assert await cell.call("state") == ("again",)
    assert await cell.call("pid") != first


async def test_a_supervisor_gives_up_on_one_that_dies_too_often(node):
    supervisor = await node.start(Supervisor([ChildSpec("cell", Cell, isolated=True)], max_restarts=1))
    for _ in range(2):
        await eventually(lambda: node.whereis("cell"))
        with pytest.raises((ProcessDied, NotRegistered)):
            await node.named("cell").call(("os._exit", 1))
    assert await end_of(supervisor) == "shutdown"


async def test_a_shutdown_lets_it_terminate_over_there(node):
    watcher = await serve(node, Obeys)
    supervisor = await node.start(
        Supervisor([ChildSpec("cell", Cell, ("at the end", watcher), trap=True, isolated=True)])
    )
    os_pid = await node.named("cell").call("pid")
    await Supervisor.terminate_child(supervisor, "cell")
    await eventually(lambda: watcher._process.state)
    assert await watcher.call("seen") == (("terminated", "shutdown", os_pid),)


async def test_one_that_does_not_shut_down_in_time_is_killed(node):
    supervisor = await node.start(
        Supervisor([ChildSpec("cell", Cell, trap=True, isolated=True, shutdown=0.05)])
    )
    asking = asyncio.ensure_future(node.named("cell").call(("sleep", 30), None))
    await asyncio.sleep(0)
    await Supervisor.terminate_child(supervisor, "cell")
    with pytest.raises(ProcessDied, match="killed"):
        await asking
    await eventually(lambda: not node.scheduler.block.cells)


async def test_it_is_suspended_and_goes_on(node):
    pid = await serve(node, Cell, isolated=True)
    pid._process.pause()
    pid.cast("waits")
    with pytest.raises(CallTimeout, match="suspended"):
        await pid.call("state", 0.05)
    assert pid._process.letters == 2
    pid._process.unpause()
    assert await pid.call("state") == ("waits",)


async def test_what_it_shows_of_itself_is_shown_by_its_record_and_counters_outlive_a_restart(node):
    await node.start(Supervisor([ChildSpec("cell", Cell, isolated=True)]))
    cell = node.named("cell")
    await cell.call("work")
    extra = node.whereis("cell")._process.extra
    await eventually(
        lambda: (extra.doing, extra.label, extra.counters) == ("at work", "labelled", {"tokens": 3.0})
    )
    with pytest.raises(ProcessDied):
        await cell.call(("os._exit", 1))
    await eventually(lambda: node.whereis("cell"))
    await cell.call("work")
    await eventually(lambda: node.whereis("cell")._process.extra.counters == {"tokens": 6.0})


async def test_its_log_goes_to_the_logging_of_the_node(node, caplog):
    caplog.set_level(logging.INFO, "cells")
    pid = await serve(node, Cell, isolated=True)
    await pid.call(("run", warn))
    record = next(record for record in caplog.records if record.name == "cells")
    assert (record.levelname, record.getMessage()) == ("WARNING", "from inside")


async def test_resources_cross_where_they_can_and_are_refused_where_they_are_alive(node):
    node.resources.update(
        {"url": "db://", "lock": asyncio.Lock(), "open": os.fdopen(os.open(os.devnull, os.O_RDONLY))}
    )
    pid = await serve(node, Cell, isolated=True)
    assert await pid.call(("resource", "url")) == "db://"
    with pytest.raises(ProcessDied, match="no resource 'none'; this node has: url, lock, open"):
        await (await serve(node, Cell, isolated=True)).call(("resource", "none"))
    with pytest.raises(ProcessDied, match="is alive in the OS process of the node"):
        await pid.call(("resource", "open"))
    node.resources["open"].close()


def test_what_cannot_be_isolated_is_refused():
    class Local(Server):
        """Nobody can import it."""

    with pytest.raises(ValueError, match="isolate its children"):
        ChildSpec("a", Supervisor(), isolated=True)
    with pytest.raises(ValueError, match="at the top of a module"):
        ChildSpec("a", Local, isolated=True)
    with pytest.raises(ValueError, match="is enough"):
        ChildSpec("a", Cell, isolated=True, thread=True)
    with pytest.raises(TypeError, match=r"True, False or Limits"):
        ChildSpec("a", Cell, isolated="yes")


def test_a_platform_without_sessions_says_that_it_cannot(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    with pytest.raises(ValueError, match="needs POSIX"):
        ChildSpec("a", Cell, isolated=True)


async def test_a_message_that_takes_long_to_pickle_crosses_all_the_same(node):
    pid = await serve(node, Cell, isolated=True)
    many = tuple(Slotted(number) for number in range(50_000))
    pid.cast(many)
    (state,) = await pid.call("state", 60)
    assert state == many
