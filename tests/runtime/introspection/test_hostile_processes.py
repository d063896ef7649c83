"""Names, labels, progress and counters come from agents: whatever their classes do, they do not do it to a reader."""

from __future__ import annotations

import threading

import pytest

from runtime import ChildSpec, Server, Supervisor
from runtime.port.contract import CrashQuery, Feed, History, Info, Kill, NodeQuery, Ps, TreeQuery
from tests.support.eventually import eventually_sync

ran: list[str] = []


class Words(str):
    """A string that overrides everything, and knows in which thread it was asked."""

    __slots__ = ()


def _trap(name):
    real = getattr(str, name)

    def method(self, *args):
        if threading.current_thread().name != "live-node":
            ran.append(name)
        return real(self, *args)

    return method


for _name in ("__str__", "__repr__", "__format__", "__len__", "__getitem__", "__eq__", "__contains__", "lower", "startswith",
              "__add__", "__lt__", "__gt__", "encode", "strip"):  # fmt: skip
    setattr(Words, _name, _trap(_name))
Words.__hash__ = str.__hash__
Words.__bool__ = lambda self: (
    ran.append("__bool__") or True if threading.current_thread().name != "live-node" else True
)


class Number(float):
    def __float__(self):
        ran.append("__float__")
        return 1.0

    def __radd__(self, other):
        return self


class Agent(Server):
    counters = ("tokens",)

    def init(self):
        return 0

    def handle_cast(self, message, state):
        match message:
            case ("label", text):
                self.label = Words(text)
            case ("doing", text):
                self.progress(Words(text))
            case ("count", amount):
                self.count(Words("tokens"), amount)
            case "number":
                self.count("tokens", Number(5))
            case "crash":
                raise RuntimeError("crash")
        return state


@pytest.fixture
def node(live):
    ran.clear()
    node = live(Supervisor([ChildSpec(Words("agent"), Agent)], name=Words("top"), max_restarts=10**6))
    yield node
    assert ran == []


def ask_everything(node):
    for sort in ("pid", "name", "doing", "behaviour", "counter:tokens"):
        node.ask(Ps(sort=sort, filter="agent"))
        node.ask(Ps(sort=sort, desc=True, filter="!nobody"))
    for request in (
        NodeQuery(),
        TreeQuery(),
        Info(process="agent"),
        Feed(),
        History(),
        CrashQuery(),
        History(process="agent"),
    ):
        node.ask(request)


def test_a_name_a_label_and_progress_of_a_class_of_their_own(node):
    node.do(node.node.named("agent").cast, ("label", "lab"))
    node.do(node.node.named("agent").cast, ("doing", "work"))
    eventually_sync(lambda: node.row("agent").doing)
    ask_everything(node)
    row = node.row("agent")
    assert (row.name, row.label, row.doing) == ("agent", "lab", "work")
    node.ask(Kill(process="agent"))
    eventually_sync(lambda: node.row("agent").restarts == 1)
    node.do(node.node.named("agent").cast, "crash")
    eventually_sync(lambda: node.row("agent").restarts == 2)
    ask_everything(node)
    assert [entry.child for entry in node.ask(History(process="agent")).entries] == ["agent", "agent"]


def test_a_counter_of_a_class_of_its_own(node):
    node.do(node.node.named("agent").cast, "number")
    eventually_sync(lambda: node.row("agent").counters)
    ask_everything(node)
    assert node.row("agent").counters == {"tokens": 5.0}


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), 10**400, "5", None, 1j])
def test_what_is_no_number_is_not_counted(node, amount):
    node.do(node.node.named("agent").cast, ("count", 2))
    node.do(node.node.named("agent").cast, ("count", amount))
    eventually_sync(lambda: node.row("agent").restarts == 1)
    ask_everything(node)
    assert node.ask(TreeQuery()).roots[0].counters == {"tokens": 2}
    assert "count" in node.ask(CrashQuery()).reports[0].reason


def test_processes_that_come_and_go_while_they_are_listed(live):
    node = live(Supervisor([], name="top"))
    stop = threading.Event()

    async def brief(process):
        process.label = "brief"

    def churn():
        if not stop.is_set():
            for _ in range(200):
                node.node.spawn(brief)
            node.loop.call_soon(churn)

    node.post(churn)
    try:
        for _ in range(30):
            page = node.ask(Ps(sort="mailbox", limit=1000))
            assert page.total >= len(page.rows)
            node.ask(NodeQuery())
            node.ask(TreeQuery())
    finally:
        stop.set()
