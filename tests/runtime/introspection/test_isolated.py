"""What an operator sees of an isolated process, and of what lives in its OS process."""

from __future__ import annotations

import os
import signal
import time

import pytest

from runtime import ChildSpec, Limits
from runtime.introspection import elsewhere, figures, isolated, memory
from runtime.port.contract import (
    Code,
    Failure,
    Info,
    Kill,
    Mailbox,
    NodeQuery,
    Ps,
    Resume,
    Send,
    StackQuery,
    State,
    Suspend,
)
from tests.support.eventually import eventually_sync
from tests.support.isolated import Cell, coroutine

needs_proc = pytest.mark.skipif(not figures._PROC.is_dir(), reason="there is no /proc here")


def call(node, name, message):
    return node.run(node.node.named(name).call(message))


def spawn(node, *arguments):
    """A process inside the isolated one; its pid as text."""
    return str(call(node, "cell", ("spawn", *arguments)))


def post_call(node, message):
    """Call the cell, and do not wait."""
    task = node.loop.create_task
    node.post(
        lambda: task(node.node.named("cell").call(message, 0.1)).add_done_callback(lambda it: it.exception())
    )


@pytest.fixture
def cell(live):
    limits = Limits(memory=1 << 30, cpu=60, files=200, processes=2)
    return live(ChildSpec("cell", Cell, "first", isolated=limits))


def test_its_state_and_its_stack_are_those_over_there_even_while_it_spins(cell):
    assert cell.ask(State(process="cell")).value == ["first"]
    post_call(cell, ("sleep", 20))
    frames = eventually_sync(lambda: cell.ask(StackQuery(process="cell")).frames)
    assert any("handle_call" in frame.function for frame in frames)


@needs_proc
def test_its_os_process_is_told_with_what_it_takes_and_may_take(cell):
    told = cell.ask(Info(process="cell"))
    process = told.os_process
    assert told.row.place == "isolated"
    assert process.pid == call(cell, "cell", "pid")
    assert 5_000_000 < process.memory < process.address_space < 1 << 30
    assert process.cpu_s > 0
    assert 3 < process.files < 50
    assert (process.limits.memory, process.limits.cpu) == (1 << 30, 60)
    assert (process.limits.files, process.limits.processes) == (200, 2)
    assert process.note == ""
    assert eventually_sync(lambda: cell.ask(Info(process="cell")).os_process.processes == 0)


@needs_proc
def test_its_share_of_a_processor_is_told_to_who_looks_again(cell, monkeypatch):
    monkeypatch.setattr(elsewhere, "SHARE_S", 0.2)
    assert cell.ask(Info(process="cell")).os_process.busy is None
    post_call(cell, "spin")
    assert eventually_sync(lambda: (cell.ask(Info(process="cell")).os_process.busy or 0) > 0.2)


@needs_proc
def test_its_memory_in_the_list_is_that_of_its_os_process(live):
    node = live(ChildSpec("cell", Cell, isolated=True), ChildSpec("other", Cell))
    rows = node.ask(Ps(sort="memory", desc=True)).rows
    assert (rows[0].name, rows[0].place) == ("cell", "isolated")
    assert rows[0].memory > 5_000_000 > rows[1].memory
    assert {row.place for row in rows[1:]} == {None}
    before = rows[0].memory
    call(node, "cell", ("run", keep, 30_000_000))
    assert node.ask(Ps(sort="memory", desc=True)).rows[0].memory > before + 20_000_000


def test_its_memory_is_looked_at_again_although_the_node_sees_it_do_nothing(cell, monkeypatch):
    sizes = iter(range(1_000, 2_000))
    monkeypatch.setattr(memory, "resident", lambda _pid: next(sizes))
    rows = [cell.ask(Ps(memory=True, filter="cell")).rows[0].memory for _ in range(3)]
    assert rows == sorted(set(rows))


def keep(size):
    globals()["kept"] = b"x" * size


def test_where_the_system_tells_nothing_that_is_said(cell, monkeypatch, tmp_path):
    monkeypatch.setattr(figures, "_PROC", tmp_path)
    process = cell.ask(Info(process="cell")).os_process
    assert (process.memory, process.address_space, process.files) == (None, None, None)
    assert process.cpu_s > 0, "the OS process itself knows that"
    assert process.note == figures.MISSING


def test_one_that_stands_still_is_told_as_such_and_soon(cell, monkeypatch):
    monkeypatch.setattr(isolated, "ANSWER_S", 0.2)
    pid = call(cell, "cell", "pid")
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(3):
            process = cell.ask(Info(process="cell")).os_process
        assert time.monotonic() - began < 5
        assert "does not answer" in process.note
        assert process.pid == pid
        note = cell.ask(Mailbox(process="cell")).note
        assert "OS process" in note
        assert "does not answer" in note
    finally:
        os.kill(pid, signal.SIGCONT)
    assert eventually_sync(lambda: cell.ask(Info(process="cell")).os_process.note == "")
    monkeypatch.undo()
    assert cell.ask(State(process="cell")).value == ["first"], "late answers are not taken for others"


def test_one_that_is_being_started_says_so(live):
    node = live(ChildSpec("cell", Cell, isolated=True))
    node.post(
        lambda: os.kill(node.node.scheduler.block.cells[node.node.named("cell")._process.number].pid, 9)
    )
    # its successor cannot answer before it has imported the runtime
    notes = set()

    def looked():
        try:
            info = node.ask(Info(process="cell"))
        except Failure:
            return False
        if info.os_process is not None:
            notes.add(info.os_process.note)
        return info.row.restarts == 1 and info.os_process is not None and info.os_process.note == ""

    eventually_sync(looked, within=10)
    assert notes <= {
        "",
        "it is being started",
        "it does not answer within 0.5 s: what lives in it is unknown",
    }


# --- messages ---------------------------------------------------------------------------------------


def test_the_messages_of_a_coroutine_process_are_shown_although_they_are_over_there(live):
    node = live(ChildSpec("picker", coroutine, isolated=True))
    for _ in range(3):
        node.do(node.node.named("picker").send, "later")
    assert eventually_sync(lambda: node.ask(Ps(sort="mailbox", desc=True)).rows[0].mailbox == 3)
    row = node.ask(Ps(sort="oldest", desc=True)).rows[0]
    assert (row.name, row.mailbox) == ("picker", 3)
    assert row.oldest_s > 0
    assert node.ask(Info(process="picker")).row.mailbox == 3
    contents = node.ask(Mailbox(process="picker", limit=2))
    assert (contents.total, contents.truncated) == (3, True)
    assert [(it.kind, it.value) for it in contents.letters] == [("info", "later")] * 2
    assert node.ask(NodeQuery()).mailbox_total == 3


def test_what_waits_here_comes_behind_what_waits_there(live):
    node = live(ChildSpec("picker", coroutine, isolated=True))
    node.do(node.node.named("picker").send, "later")
    eventually_sync(lambda: node.ask(Mailbox(process="picker")).total == 1)
    node.ask(Suspend(process="picker"))
    node.do(node.node.named("picker").send, "second")
    assert [it.value for it in node.ask(Mailbox(process="picker")).letters] == ["later", "second"]
    assert node.ask(Info(process="picker")).row.mailbox == 2
    node.ask(Resume(process="picker"))
    assert call(node, "picker", "seen") == ("second",)
    assert eventually_sync(lambda: node.ask(Ps(filter="picker")).rows[0].mailbox == 1)


def test_a_server_keeps_its_mailbox_here_but_for_what_it_sends_itself(cell):
    post_call(cell, ("sleep", 20))
    eventually_sync(lambda: cell.ask(Info(process="cell")).handler == "handle_call(tuple)")
    cell.do(cell.node.named("cell").cast, "next")
    contents = cell.ask(Mailbox(process="cell"))
    assert [(it.kind, it.value) for it in contents.letters] == [("cast", "next")]
    assert cell.ask(Info(process="cell")).row.mailbox == 1


def test_its_timers_and_tasks_are_told(cell):
    call(cell, "cell", ("send_after", 60, "much later"))
    assert cell.ask(Info(process="cell")).timers == 1


# --- who lives inside -------------------------------------------------------------------------------


def test_processes_that_live_inside_are_listed(cell):
    pid = spawn(cell)

    def inside():
        (inside,) = cell.ask(Info(process="cell")).os_process.inside
        return inside

    assert eventually_sync(lambda: inside().status == "waiting")
    assert (inside().pid, inside().mailbox) == (pid, 0)
    assert inside().behaviour == "tests.support.isolated:inner"


def test_one_that_lives_inside_can_be_looked_at(cell):
    pid = spawn(cell)
    info = cell.ask(Info(process=pid))
    assert (info.row.pid, info.lives_in.name) == (pid, "cell")
    assert (info.parent.name, info.parent.alive) == ("cell", True)
    assert info.ancestors[-1].name == "bank (root)"
    eventually_sync(lambda: any(it.function == "inner" for it in cell.ask(StackQuery(process=pid)).frames))
    assert "coroutine process" in cell.ask(State(process=pid)).note
    assert cell.ask(Mailbox(process=pid)).total == 0


def test_one_that_lives_inside_is_suspended_and_resumed(cell):
    pid = spawn(cell)
    assert "is suspended" in cell.ask(Suspend(process=pid)).text
    assert cell.ask(Info(process="cell")).os_process.inside[0].status == "suspended"
    cell.ask(Send(process=pid, message="end", kind="info"))
    assert [it.value for it in cell.ask(Mailbox(process=pid)).letters] == ["end"]
    cell.ask(Resume(process=pid))
    assert eventually_sync(lambda: cell.ask(Info(process="cell")).os_process.inside == [])


def test_one_that_lives_inside_is_killed_and_no_other(cell):
    pid, other = spawn(cell), spawn(cell)
    assert cell.ask(Kill(process=pid)).text == f"{pid} was ended: kill"
    assert [it.pid for it in cell.ask(Info(process="cell")).os_process.inside] == [other]
    with pytest.raises(Failure, match="is not alive") as refused:
        cell.ask(Info(process=pid))
    assert refused.value.code is Code.NO_PROCESS


def test_a_pid_inside_a_process_that_is_not_isolated_is_nobodys(cell):
    with pytest.raises(
        Failure, match=r"<1\.7\.0> is not alive: <0\.1\.0>, in which it would live"
    ) as refused:
        cell.ask(Kill(process="<1.7.0>"))
    assert refused.value.code is Code.NO_PROCESS
