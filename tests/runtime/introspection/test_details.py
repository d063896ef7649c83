"""One process: what it is, where it stands, what it holds, what waits for it."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from runtime import ChildSpec, Supervisor
from runtime.introspection.details import state_of
from runtime.port.contract import Code, Failure, Info, Mailbox, ProcessEvents, StackQuery, State, Suspend
from tests.runtime.introspection.behaviours import (
    Account,
    Deposit,
    Mutable,
    Redacting,
    Stuck,
    Worker,
    bank,
    redacted_in,
)
from tests.support.eventually import eventually_sync


@pytest.fixture
def node(live):
    return live(bank())


async def waiter(process):
    await asyncio.gather(process.receive(), asyncio.sleep(0))


async def sleeper(process):
    await inner()


async def inner():
    await asyncio.sleep(60)


# --- info -------------------------------------------------------------------------------------------


def test_info_says_what_it_is_and_who_looks_after_it(node):
    info = node.ask(Info(process="alice"))
    assert (info.row.name, info.row.behaviour) == ("alice", "tests.runtime.introspection.behaviours:Account")
    assert [link.name for link in info.ancestors] == ["bank", "bank (root)"]
    assert info.parent.name == "bank"
    assert (info.child_id, info.restart, info.shutdown_s, info.restarts) == ("alice", "permanent", 5.0, 0)
    assert (info.remaining, info.window_s) == (3, 5.0)
    assert [link.name for link in info.links] == ["bank"]
    assert info.accepts == ["Deposit", "Transfer", "Unmakeable"]
    assert info.source.rsplit(":", 1)[0].endswith("behaviours.py")
    assert (info.has_crash, info.trap_exits, info.timers, info.tasks) == (False, False, 0, [])
    assert 0 <= info.age_s < 10
    assert node.ask(Info(process="bank")).trap_exits
    assert node.ask(Info(process="bank")).shutdown_s is None


def test_the_source_of_a_function_is_its_first_line(node):
    pid = node.do(node.node.spawn, sleeper)
    file, line = node.ask(Info(process=str(pid))).source.rsplit(":", 1)
    assert (file, int(line)) == (__file__, sleeper.__code__.co_firstlineno)


def test_info_shows_monitors_timers_and_tasks(live):
    node = live(
        Supervisor([ChildSpec("w", Worker), ChildSpec("v", Worker), ChildSpec("stuck", Stuck)], name="top")
    )
    node.do(node.node.named("w").cast, ("monitor", "v"))
    node.do(node.node.named("w").cast, ("timer", 60))
    eventually_sync(lambda: node.ask(Info(process="w")).timers == 1)
    assert [link.name for link in node.ask(Info(process="w")).monitors] == ["v"]
    assert [link.name for link in node.ask(Info(process="v")).monitored_by] == ["w"]

    def work():
        process = node.node.whereis("stuck")._process
        process.handle.task(inner(), name="thinking\x1b")

    node.do(work)
    task = node.ask(Info(process="stuck")).tasks[0]
    assert task.name == "thinking\ufffd"
    assert task.for_s >= 0


def test_lists_of_relations_are_cut_and_the_rest_is_counted(live):
    node = live(Supervisor([ChildSpec(f"w{n}", Worker) for n in range(150)], name="many"))
    info = node.ask(Info(process="many"))
    assert len(info.links) == 100
    assert info.more_links == 51  # its own supervisor is linked too


def test_what_it_handles_is_shown_without_its_value(live):
    node = live(Supervisor([ChildSpec("stuck", Stuck)], name="top"))
    node.do(node.node.named("stuck").cast, "await")
    eventually_sync(lambda: node.row("stuck").status == "awaiting")
    info = node.ask(Info(process="stuck"))
    assert info.handler == "handle_cast(str)"
    assert info.handler_for_s >= 0


def test_nobody_has_no_details(node):
    for request in (Info, State, StackQuery, Mailbox, ProcessEvents):
        with pytest.raises(Failure, match="no process is named 'nobody'") as failure:
            node.ask(request(process="nobody"))
        assert failure.value.code is Code.NO_PROCESS


# --- stack ------------------------------------------------------------------------------------------


def test_an_awaiting_handler_shows_the_chain_of_its_awaits(live):
    node = live(Supervisor([ChildSpec("stuck", Stuck)], name="top"))
    node.do(node.node.named("stuck").cast, "await")
    eventually_sync(lambda: node.row("stuck").status == "awaiting")
    stack = node.ask(StackQuery(process="stuck"))
    assert [frame.function for frame in stack.frames][:3] == ["Stuck.forever", "Stuck.inner", "Event.wait"]
    assert stack.frames[0].source == "await self.inner()"
    assert stack.status == "awaiting"


def test_a_coroutine_process_shows_where_it_stands(node):
    pid = node.do(node.node.spawn, sleeper)
    frames = eventually_sync(lambda: node.ask(StackQuery(process=str(pid))).frames)
    assert [frame.function for frame in frames] == ["sleeper", "inner", "sleep"]
    state = node.ask(State(process=str(pid)))
    assert "local variables; see its stack" in state.note


def test_an_awaitable_of_the_users_own_is_not_asked(node):
    class Awaitable:
        def __await__(self):
            yield from asyncio.sleep(60).__await__()

        def __getattr__(self, name):
            raise AssertionError(name)

    async def process(handle):
        await Awaitable()

    pid = node.do(node.node.spawn, process)
    frames = eventually_sync(lambda: node.ask(StackQuery(process=str(pid))).frames)
    assert frames[0].function.endswith("process")


def test_who_does_nothing_has_no_stack_and_it_is_said_why(node):
    stack = node.ask(StackQuery(process="alice"))
    assert (stack.frames, stack.note) == ([], "no stack: the process is waiting for a message")
    node.ask(Suspend(process="alice"))
    assert node.ask(StackQuery(process="alice")).note == "no stack: the process is suspended"


# --- state ------------------------------------------------------------------------------------------


def test_a_state_is_shown_bounded_and_redacted(node):
    state = node.ask(State(process="alice"))
    assert state.value == {"owner": "Alice", "balance": 0, "api_key": {"$redacted": True}}
    assert (state.redacted, state.truncated, state.torn) == (1, False, False)
    assert state.approx_bytes > 0
    cut = node.ask(State(process="alice", width=1))
    assert (cut.value, cut.truncated) == ({"owner": "Alice", "$more": 2}, True)


def test_a_supervisors_state_is_its_budget_and_its_children(live):
    node = live(Supervisor([ChildSpec(n, Worker) for n in "abc"], strategy="rest_for_one", name="top"))
    before = node.node.whereis("c")
    node.do(node.node.named("c").cast, "crash")
    eventually_sync(lambda: node.node.whereis("c") not in {None, before})
    eventually_sync(lambda: node.node.ledger.restarts == 1)
    answer = node.ask(State(process="top"))
    children = answer.value.pop("children")
    assert answer.value == {
        "$type": "Supervisor", "strategy": "rest_for_one", "max_restarts": 3, "max_seconds": 5.0, "used": 1,
        "auto_shutdown": "never",
    }  # fmt: skip
    assert children == [
        {
            "id": n,
            "pid": str(node.node.whereis(n)),
            "restart": "permanent",
            "restarts": int(n == "c"),
            "restarting_in_s": None,
        }
        for n in "abc"
    ]
    assert (answer.truncated, answer.redacted, answer.torn) == (False, 0, False)
    cut = node.ask(State(process="top", width=2))
    assert (len(cut.value["children"]), cut.value["children"][-1], cut.truncated) == (3, {"$more": 1}, True)


def test_a_state_that_changed_while_it_was_read_is_torn(live):
    node = live(Supervisor([ChildSpec("m", Mutable), ChildSpec("w", Worker)], name="top"))

    class Meanwhile:
        """Reads, and lets a message in before it says what it has read."""

        def one(self, process, value, limits):
            from runtime.introspection.values import walk

            walked = walk(value, limits)
            before = process.reductions
            node.do(process.pid.cast, "two")
            eventually_sync(lambda: process.reductions > before)
            return walked

    for name, torn in (("m", True), ("w", False)):
        value = state_of(node.node, State(process=name), Meanwhile())
        assert value.torn is torn
    assert node.ask(State(process="m")).torn is False
    assert node.ask(State(process="m")).value == {"$type": "Notes", "lines": ["one", "two"]}


# --- mailbox ----------------------------------------------------------------------------------------


def test_a_mailbox_is_read_oldest_first_and_nothing_is_taken_out(node):
    node.ask(Suspend(process="alice"))

    def fill():
        alice = node.node.named("alice")
        alice.cast(Deposit(5))
        alice.send({"password": "hunter2"})
        for n in range(100):
            alice.cast(n)

    node.do(fill)
    for _ in range(2):
        box = node.ask(Mailbox(process="alice", limit=10))
        assert (box.total, len(box.letters), box.truncated, box.redacted) == (102, 10, True, 1)
    first, second = box.letters[:2]
    assert (first.kind, first.type, first.sender) == ("cast", "Deposit", None)
    assert first.value == {"$type": "Deposit", "amount": 5, "tags": []}
    assert (second.kind, second.type, second.value) == ("info", "dict", {"password": {"$redacted": True}})
    assert first.age_s >= second.age_s >= 0


def test_a_mailbox_of_huge_messages_is_bounded(node):
    node.ask(Suspend(process="alice"))
    message = tuple(tuple("x" * 1000 for _ in range(100)) for _ in range(100))
    node.do(lambda: [node.node.named("alice").cast(message) for _ in range(1000)])
    began = time.monotonic()
    box = node.ask(Mailbox(process="alice", limit=1000))
    assert time.monotonic() - began < 5
    assert len(box.letters) == 1000
    assert box.truncated
    assert len(box.model_dump_json()) < 2_000_000


def test_the_sender_of_a_message_is_named(live):
    node = live(bank())
    node.ask(Suspend(process="alice"))

    async def sender(process):
        node.node.named("alice").cast("from me")

    pid = node.do(node.node.spawn, sender)
    letter = eventually_sync(lambda: (node.ask(Mailbox(process="alice")).letters or [None])[0])
    assert letter.sender == str(pid)


# --- redact -----------------------------------------------------------------------------------------


@pytest.fixture
def shy(live, monkeypatch):
    monkeypatch.setattr(Redacting, "mode", "ok")
    redacted_in.clear()
    return live(Supervisor([ChildSpec("shy", Redacting, "hunter2")], name="top"))


def test_a_behaviours_own_redact_runs_on_the_loop(shy):
    assert shy.ask(State(process="shy")).value == "redacted"
    shy.ask(Suspend(process="shy"))
    shy.do(lambda: [shy.node.named("shy").cast(n) for n in range(120)])
    letters = shy.ask(Mailbox(process="shy", limit=200)).letters
    assert {letter.value for letter in letters} == {"redacted"}
    assert len(letters) == 120
    assert set(redacted_in) == {shy.thread.ident}
    assert threading.get_ident() not in redacted_in


@pytest.mark.parametrize(("mode", "error"), [("raise", "ValueError"), ("exit", "SystemExit")])
@pytest.mark.parametrize(
    "request_", [State(process="shy"), Mailbox(process="shy"), ProcessEvents(process="shy")]
)
def test_a_redact_that_raises_means_that_nothing_is_shown(shy, monkeypatch, mode, error, request_):
    shy.do(shy.node.named("shy").cast, "x")
    eventually_sync(lambda: shy.row("shy").mailbox == 0)
    shy.ask(Suspend(process="shy"))
    shy.do(shy.node.named("shy").cast, "y")
    monkeypatch.setattr(Redacting, "mode", mode)
    with pytest.raises(Failure, match=f"raised {error}; nothing is shown") as failure:
        shy.ask(request_)
    assert "hunter2" not in failure.value.message
    assert failure.value.code is Code.REFUSED
    assert shy.ask(Info(process="shy")).row.mailbox == 1
    assert shy.thread.is_alive()


def test_reads_and_changes_at_once_from_many_threads(live):
    node = live(Supervisor([ChildSpec(f"a{n}", Account, "x") for n in range(20)], name="top"))
    stop = time.monotonic() + 1
    failures: list[BaseException] = []

    def read():
        try:
            while time.monotonic() < stop:
                for n in range(20):
                    node.ask(State(process=f"a{n}"))
                    node.ask(Info(process=f"a{n}"))
                    node.ask(ProcessEvents(process=f"a{n}"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    while time.monotonic() < stop:
        for n in range(20):
            node.do(node.node.named(f"a{n}").cast, [n] * 50)
    for thread in threads:
        thread.join()
    assert failures == []
