"""Time-slicing as it is told: who spins and where, in every kind of step; what does not end; how it works here and why."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest

from runtime import ChildSpec, Node, Server, Supervisor
from runtime.introspection.service import Introspection
from runtime.port.contract import (
    Code,
    Failure,
    Feed,
    Info,
    Kill,
    NodeQuery,
    Ps,
    Role,
    StackQuery,
    Suspend,
    TreeQuery,
    parse_request,
)  # fmt: skip
from runtime.port.session import Principal
from tests.support.eventually import eventually

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Spinner(Server):
    """Does not come back, in every way there is."""

    def init(self):
        return 0

    def handle_cast(self, how, n):
        match how:
            case "plain":
                self.spin()
            case "async":
                return self.later()
            case "swallow":
                self.swallow()
            case "wait":
                self.wait(asyncio.Event().wait())
            case "call":
                self.call(self.named("callee"), "spin", timeout=60)
            case "wait, then spin":
                self.wait(asyncio.sleep(0.01))
                self.spin()
        return n

    def handle_call(self, message, caller, n):
        self.spin()

    def spin(self):
        while True:
            pass

    async def later(self):
        await asyncio.sleep(0)
        self.spin()

    def swallow(self):
        while True:
            try:  # noqa: SIM105 - nothing of contextlib on the stack
                self.spin()
            except BaseException:
                pass


async def turning(process):
    """A coroutine process that spins."""
    await asyncio.sleep(0)
    while True:
        pass


class Asked:
    """A node with slices, asked from another thread as the port does."""

    def __init__(self, node):
        self.node = node
        self.introspection = Introspection(node)

    async def ask(self, request, role=Role.ADMIN):
        request = parse_request(request.document())
        return await asyncio.to_thread(self.introspection, request, Principal("ann", "id", role, "test"))

    async def told(self, request, check):
        """The first answer that passes the check."""
        answers = []

        async def asked():
            answers.append(await self.ask(request))

        async def passes():
            await asked()
            return check(answers[-1])

        deadline = asyncio.get_running_loop().time() + 5
        while not await passes():
            assert asyncio.get_running_loop().time() < deadline, answers[-1]
        return answers[-1]


@pytest.fixture
def sliced(monkeypatch):
    """Start a node with these children."""
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)

    @asynccontextmanager
    async def start(*specs):
        async with Node("bank", introspection=False) as node:
            if not node.preemption.startswith("time-slicing"):
                pytest.skip(node.preemption)
            await node.start(Supervisor(list(specs), name="top", max_restarts=100))
            asked = Asked(node)
            try:
                yield asked
            finally:
                await asyncio.to_thread(asked.introspection.stop)
                for spec in specs:
                    pid = node.whereis(spec.id)
                    if pid is not None:
                        await asked.ask(Kill(process=str(pid)))

    return start


def functions(frames):
    return [frame.function.rsplit(".", 1)[-1] for frame in frames]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("plain", ["handle_cast", "spin"]),
        ("async", ["later", "spin"]),
        ("swallow", ["handle_cast", "swallow", "spin"]),
        ("wait, then spin", ["handle_cast", "spin"]),
    ],
)
async def test_a_spinner_is_parked_with_its_stack_its_handler_and_its_slices(sliced, how, expected):
    async with sliced(ChildSpec("spinner", Spinner)) as asked:
        asked.node.named("spinner").cast(how)
        info = await asked.told(
            Info(process="spinner"), lambda it: it.row.status == "parked" and it.slices > 20
        )
        assert info.handler == "handle_cast(str)"
        assert 0.02 <= info.handler_for_s < 5
        stack = await asked.told(StackQuery(process="spinner"), lambda it: it.status == "parked")
        assert functions(stack.frames) == expected
        assert stack.frames[-1].source in {"while True:", "pass"}


async def test_a_coroutine_process_that_spins_has_them_too(sliced):
    async with sliced(ChildSpec("turning", turning)) as asked:
        info = await asked.told(
            Info(process="turning"), lambda it: it.row.status == "parked" and it.slices > 20
        )
        assert (info.handler, info.handler_for_s < 5) == ("coroutine", True)
        assert functions((await asked.ask(StackQuery(process="turning"))).frames) == ["turning"]


@pytest.mark.parametrize("how", ["wait", "call"])
async def test_what_waits_in_a_plain_handler_shows_the_line_that_waits(sliced, how):
    async with sliced(ChildSpec("callee", Spinner), ChildSpec("waiter", Spinner)) as asked:
        asked.node.named("waiter").cast(how)
        stack = await asked.told(StackQuery(process="waiter"), lambda it: it.status == "awaiting")
        assert functions(stack.frames) == ["handle_cast"]
        assert stack.frames[0].source.startswith(f"self.{how}(")
        assert (await asked.ask(Info(process="waiter"))).slices == 0


async def test_the_node_names_the_spinner_as_busiest_and_with_its_stack(sliced):
    async with sliced(ChildSpec("spinner", Spinner), ChildSpec("idle", Spinner)) as asked:
        await asked.ask(NodeQuery())
        asked.node.named("spinner").cast("plain")
        pid = str(asked.node.whereis("spinner"))

        def spins(it):
            return it.busiest and it.busiest.pid == pid and it.busiest.value > 0.3 and it.spinning

        node = await asked.told(NodeQuery(), spins)
        assert node.spinning.pid == pid
        assert (node.spinning.name, node.spinning.handler) == ("spinner", "handle_cast(str)")
        assert functions(node.spinning.stack) == ["handle_cast", "spin"]
        assert node.slicing.parks >= node.spinning.slices > 0
        assert (node.slicing.mode, node.slicing.zombies) == ("time-slicing", 0)
        assert node.preemption == f"time-slicing: {node.slicing.why}"
        assert (await asked.told(NodeQuery(), lambda it: it.statuses.get("parked"))).statuses["parked"] == 1
        (row,) = (await asked.told(Ps(filter="parked"), lambda it: it.rows)).rows
        assert row.pid == pid
        viewer = await asked.ask(NodeQuery(), role=Role.VIEWER)
        assert viewer.spinning is None or viewer.spinning.stack == []


async def test_a_spinner_can_be_suspended_and_is_killed_at_once(sliced):
    async with sliced(ChildSpec("spinner", Spinner)) as asked:
        pid = asked.node.whereis("spinner")
        pid.cast("plain")
        await asked.told(Info(process="spinner"), lambda it: it.slices)
        await asked.ask(Suspend(process="spinner"))
        row = (await asked.ask(Info(process="spinner"))).row
        assert row.status == "suspended"
        before = row.reductions
        await asyncio.sleep(0.05)
        assert (await asked.ask(Info(process="spinner"))).row.reductions == before
        began = asyncio.get_running_loop().time()
        assert (await asked.ask(Kill(process="spinner"))).text == "spinner was ended: kill"
        assert asyncio.get_running_loop().time() - began < 1
        assert not pid.alive
        await eventually(lambda: asked.node.whereis("spinner"))
        assert (await asked.ask(NodeQuery())).slicing.zombies == 0


async def test_a_zombie_is_told_with_whose_it_was_how_it_ended_and_where_it_stands(sliced):
    async with sliced(ChildSpec("glutton", Spinner)) as asked:
        pid = asked.node.whereis("glutton")
        pid.cast("swallow")
        await asked.told(Info(process="glutton"), lambda it: it.slices)
        await asked.ask(Kill(process="glutton"))
        node = await asked.told(NodeQuery(), lambda it: it.zombies)
        (zombie,) = node.zombies
        assert (zombie.pid, zombie.name, zombie.throws) == (str(pid), "glutton", 20)
        assert zombie.behaviour.endswith(":Spinner")
        assert zombie.ended_by == "killed, by key ann"
        assert 0 <= (node.at - zombie.since).total_seconds() < 5
        assert functions(zombie.stack) == ["handle_cast", "swallow", "spin"]
        assert node.slicing.zombies == 1
        assert (await asked.ask(NodeQuery(), role=Role.VIEWER)).zombies[0].stack == []

        info = await asked.ask(Info(process=str(pid)))
        assert (info.row.status, info.row.name, info.zombie.ended_by) == (
            "zombie",
            "glutton",
            "killed, by key ann",
        )
        stack = await asked.ask(StackQuery(process=str(pid)))
        assert (stack.status, functions(stack.frames)) == ("zombie", ["handle_cast", "swallow", "spin"])
        again = await asked.ask(Info(process="glutton"))
        assert (again.row.status, again.zombie) == ("waiting", None)
        events = (await asked.ask(Feed())).events
        assert [(it.pid, it.name) for it in events if it.kind == "zombie"] == [(str(pid), "glutton")]


async def test_a_zombie_is_no_process_to_kill_and_in_no_list(sliced):
    async with sliced(ChildSpec("glutton", Spinner)) as asked:
        pid = str(asked.node.whereis("glutton"))
        asked.node.named("glutton").cast("swallow")
        await asked.told(Info(process="glutton"), lambda it: it.slices)
        await asked.ask(Kill(process="glutton"))
        await asked.told(NodeQuery(), lambda it: it.zombies)
        with pytest.raises(Failure, match=r"has ended: killed; its successor is <0\.\d+\.0>") as refused:
            await asked.ask(Kill(process=pid))
        assert refused.value.code is Code.NO_PROCESS
        assert pid not in [row.pid for row in (await asked.ask(Ps())).rows]
        assert pid not in (await asked.ask(TreeQuery())).model_dump_json()


async def test_where_steps_are_not_sliced_the_mode_says_why():
    async with Node("bank", introspection=False, time_slicing=False) as node:
        asked = Asked(node)
        info = await asked.ask(NodeQuery())
        await asyncio.to_thread(asked.introspection.stop)
    assert (info.slicing.mode, info.slicing.why) == ("off", "asked for with time_slicing=False")
    assert (info.slicing.parks, info.spinning, info.zombies) == (0, None, [])


def test_a_loop_in_another_thread_is_a_reason(live):
    slicing = live().ask(NodeQuery()).slicing
    assert slicing.mode in {"interrupt", "report only"}
    assert slicing.why == "the loop is not in the main thread, where signals arrive"
