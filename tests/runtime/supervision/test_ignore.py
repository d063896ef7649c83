"""`Ignore()` from init: no process is wanted, and that is no failure. OTP's rules of who stays listed."""

import pytest

from runtime import ChildSpec, Continue, DynamicSupervisor, Ignore, Server, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet

SWITCH = "whether it ignores"


class Choosy(Server):
    def init(self, _=None):
        return Ignore() if self.resource(SWITCH)["on"] else 0

    def handle_cast(self, message, state):
        raise RuntimeError(message)


class Slow(Choosy):
    async def init(self):
        return Ignore()


def choosy(on):
    switch = {"on": on}
    return switch, virtual_node(resources={SWITCH: switch})


@virtual_time
async def test_a_child_that_ignores_keeps_its_place_without_a_pid():
    _, node = choosy(True)
    async with node:
        top = await node.start(Supervisor([ChildSpec("a", Choosy), ChildSpec("b", Obeys)]))
        first, second = await Supervisor.which_children(top)
        assert (first.id, first.pid) == ("a", None)
        assert second.pid.alive
        counts = await Supervisor.count_children(top)
        assert (counts.specs, counts.active) == (2, 1)
        assert node.ledger.crashed == 0


@virtual_time
async def test_it_may_be_started_later():
    switch, node = choosy(True)
    async with node:
        top = await node.start(Supervisor([ChildSpec("a", Choosy)]))
        assert await Supervisor.restart_child(top, "a") is None
        switch["on"] = False
        assert (await Supervisor.restart_child(top, "a")).alive


@virtual_time
async def test_a_temporary_child_that_ignores_is_dropped():
    _, node = choosy(True)
    async with node:
        top = await node.start(Supervisor([ChildSpec("a", Choosy, restart="temporary")]))
        assert await Supervisor.start_child(top, ChildSpec("b", Choosy, restart="temporary")) is None
        assert await Supervisor.which_children(top) == []


@virtual_time
async def test_start_child_answers_none_whether_init_is_plain_or_async():
    _, node = choosy(True)
    async with node:
        top = await node.start(Supervisor([]))
        assert await Supervisor.start_child(top, ChildSpec("a", Choosy)) is None
        assert await Supervisor.start_child(top, ChildSpec("b", Slow)) is None
        assert await node.start(ChildSpec("c", Choosy)) is None
        assert [child.pid for child in await Supervisor.which_children(top)] == [None, None]


@virtual_time
async def test_a_restart_that_is_ignored_is_no_failure_and_no_restart():
    switch, node = choosy(False)
    async with node:
        top = await node.start(Supervisor([ChildSpec("a", Choosy)]))
        first = node.whereis("a")
        switch["on"] = True
        first.cast("boom")
        await end_of(first)
        await quiet(node)
        assert [child.pid for child in await Supervisor.which_children(top)] == [None]
        assert node.ledger.restarts == 0


@virtual_time
async def test_a_dynamic_supervisor_forgets_who_ignores():
    switch, node = choosy(True)
    async with node:
        top = await node.start(DynamicSupervisor())
        assert await DynamicSupervisor.start_child(top, ChildSpec(1, Choosy)) is None
        assert await DynamicSupervisor.which_children(top) == []
        switch["on"] = False
        pid = await DynamicSupervisor.start_child(top, ChildSpec(1, Choosy))
        switch["on"] = True
        pid.cast("boom")
        await end_of(pid)
        await quiet(node)
        assert await DynamicSupervisor.which_children(top) == []


class Late(Server):
    def init(self):
        return Continue("go", 0)

    def handle_continue(self, message, state):
        return Ignore()


@virtual_time
async def test_only_init_may_ignore():
    async with virtual_node() as node:
        pid = await node.start(ChildSpec("late", Late, restart="temporary"))
        assert "handle_continue returned Ignore(); return the next state" in str(await end_of(pid))


def test_it_says_what_it_is():
    assert repr(Ignore()) == "Ignore()"
    with pytest.raises(TypeError):
        Ignore("why")
