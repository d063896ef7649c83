"""The loop hangs: `node` still answers, says who holds it and since when, and no change is made behind one's back."""

from __future__ import annotations

import time

import pytest

from runtime import ChildSpec, Supervisor
from runtime.port.contract import (
    Code,
    CrashQuery,
    Failure,
    Feed,
    History,
    Info,
    Kill,
    Mailbox,
    NodeQuery,
    ProcessEvents,
    Ps,
    Resume,
    Role,
    Send,
    StackQuery,
    State,
    Suspend,
    TreeQuery,
)  # fmt: skip
from tests.runtime.introspection.behaviours import Account, Redacting, Stuck, gate, held, hold
from tests.support.eventually import eventually_sync


@pytest.fixture
def node(live):
    return live(
        Supervisor(
            [ChildSpec("stuck", Stuck), ChildSpec("bob", Account, "Bob"), ChildSpec("shy", Redacting, "x")],
            name="top",
        )
    )


def get_stuck(node, how):
    if how == "host":
        node.post(hold, "stuck")
    else:
        node.post(node.node.named("stuck").cast, how)
    held("stuck")


@pytest.mark.parametrize(
    ("how", "handler", "function"),
    [("plain", "handle_cast(str)", "spin"), ("async", "handle_cast(str)", "spin"), ("task", "task", "spin"),
     ("host", None, "hold")],
)  # fmt: skip
def test_node_answers_within_a_second_and_names_who_holds_the_loop(node, how, handler, function):
    get_stuck(node, how)
    began = time.monotonic()
    info = node.ask(NodeQuery())
    assert time.monotonic() - began < 1
    running = info.running
    pid = str(node.node.whereis("stuck"))
    assert (running.pid, running.name) == (("", "code of the host") if how == "host" else (pid, "stuck"))
    assert running.handler == handler
    functions = [frame.function.rsplit(".", 1)[-1] for frame in running.stack]
    assert function in functions
    assert "hold" in functions
    assert running.stack[functions.index("hold")].source == "assert gate(name).wait(20)"
    assert not any("asyncio" in frame.file or "/runtime/scheduler" in frame.file for frame in running.stack)
    later = eventually_sync(
        lambda: next((i for i in [node.ask(NodeQuery())] if i.running.for_s > running.for_s + 0.2), None)
    )
    assert later.lag_ms > 100
    assert later.lag_ms > info.lag_ms or how == "host"
    gate("stuck").set()
    eventually_sync(lambda: node.ask(NodeQuery()).running is None and node.ask(NodeQuery()).lag_ms < 100)


def test_a_viewer_learns_who_but_sees_no_stack(node):
    get_stuck(node, "plain")
    running = node.ask(NodeQuery(), role=Role.VIEWER).running
    assert (running.name, running.stack) == ("stuck", [])
    assert node.ask(NodeQuery(stack=False)).running.stack == []


def test_every_read_goes_on(node):
    node.do(node.node.named("bob").cast, 1)
    get_stuck(node, "plain")
    assert len(node.ask(Ps()).rows) == 5
    assert [item.id for item in node.ask(TreeQuery()).roots[0].children] == ["stuck", "bob", "shy"]
    row = node.row("stuck")
    assert (row.status, row.pid) == ("running", str(node.node.whereis("stuck")))
    assert node.ask(Info(process="stuck")).handler_for_s > 0
    assert node.ask(State(process="bob")).value["owner"] == "Bob"
    assert node.ask(State(process="stuck")).torn is False  # a string cannot change
    assert node.ask(Mailbox(process="bob")).total == 0
    assert node.ask(ProcessEvents(process="bob")).events
    assert node.ask(Feed()).events
    assert node.ask(History()).entries == []
    assert node.ask(CrashQuery()).reports == []
    frames = node.ask(StackQuery(process="stuck")).frames
    assert frames[-1].function == "Event.wait" or any("hold" in frame.function for frame in frames)


def test_a_process_whose_task_holds_the_loop_is_shown_as_running(node):
    get_stuck(node, "task")
    assert node.row("stuck").status == "running"
    assert node.ask(Info(process="stuck")).handler == "task"
    assert any("work" in frame.function for frame in node.ask(StackQuery(process="stuck")).frames)


@pytest.mark.parametrize(
    "request_",
    [
        Kill(process="bob", deadline_s=0.2), Suspend(process="bob", deadline_s=0.2), Resume(process="bob", deadline_s=0.2),
        Send(process="bob", message="late", deadline_s=0.2), Send(process="bob", message="late", kind="cast", deadline_s=0.2),
        Send(process="bob", message="balance", kind="call", deadline_s=0.2),
    ],
    ids=lambda request: f"{request.op} {getattr(request, 'kind', '')}",
)  # fmt: skip
def test_a_change_is_refused_in_time_and_does_not_happen_later(node, request_):
    pid = node.node.whereis("bob")
    before = node.ask(State(process="bob")).value
    get_stuck(node, "plain")
    began = time.monotonic()
    with pytest.raises(Failure) as refused:
        node.ask(request_)
    assert time.monotonic() - began < 1
    assert refused.value.code is Code.TIMEOUT
    assert f"the loop has been busy with {node.node.whereis('stuck')} (stuck) for 0." in refused.value.message
    assert "nothing was changed" in refused.value.message
    gate("stuck").set()
    node.do(lambda: None)
    assert node.node.whereis("bob") == pid
    assert pid.alive
    row = node.row("bob")
    assert (row.status, row.reductions) == ("waiting", 1)
    assert node.ask(State(process="bob")).value == before


def test_code_of_the_host_is_said_to_hold_the_loop(node):
    get_stuck(node, "host")
    with pytest.raises(Failure, match="code of the host holds it; nothing was changed"):
        node.ask(Kill(process="bob", deadline_s=0.2))


def test_a_value_that_its_own_redact_would_show_is_refused(node, monkeypatch):
    monkeypatch.setattr("runtime.introspection.shown.DEADLINE_S", 0.2)
    get_stuck(node, "plain")
    with pytest.raises(
        Failure, match=r"busy with .*stuck.*`redact` would run there, so nothing is shown"
    ) as refused:
        node.ask(State(process="shy"))
    assert refused.value.code is Code.TIMEOUT


def test_a_redact_that_hangs_holds_the_loop_and_is_said_to(node, monkeypatch):
    monkeypatch.setattr("runtime.introspection.shown.DEADLINE_S", 0.2)
    monkeypatch.setattr(Redacting, "mode", "stuck")
    with pytest.raises(Failure, match=r"has begun to do this, and has not ended after 0.2 s") as refused:
        node.ask(State(process="shy"))
    assert refused.value.code is Code.TIMEOUT
    running = node.ask(NodeQuery()).running
    assert running.name == "shy"
    assert any("redact" in frame.function for frame in running.stack)
    gate("redact").set()
    eventually_sync(lambda: node.ask(NodeQuery()).running is None)


def test_a_node_whose_loop_is_closed_says_so(live):
    node = live()
    node.close()
    with pytest.raises(Failure, match="loop is closed"):
        node.ask(Kill(process="1", deadline_s=0.2))
