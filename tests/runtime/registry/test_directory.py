"""Names: at most one living process has a name."""

import pytest

from runtime import AlreadyRegistered, ChildSpec, Server, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


class Worker(Server):
    def init(self):
        return 0


@virtual_time
async def test_a_child_is_registered_under_its_id_when_that_is_a_string():
    async with virtual_node() as node:
        await node.start(
            Supervisor([ChildSpec("a", Worker), ChildSpec(("b", 1), Worker), ChildSpec(3, Worker)])
        )
        assert node.whereis("a").alive
        assert [process.name for process in node.table][2:] == ["a", None, None]


@virtual_time
async def test_a_child_that_does_not_want_it_is_not_registered():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Worker, register=False)]))
        assert node.whereis("a") is None


@virtual_time
async def test_a_supervisor_is_registered_under_its_name():
    async with virtual_node() as node:
        top = await node.start(Supervisor([], name="top"))
        await node.start(Supervisor([]))
        assert node.whereis("top") == top
        assert len([process for process in node.table if process.name]) == 1


@virtual_time
async def test_a_name_is_free_at_once_when_its_process_ends():
    async with virtual_node() as node:
        pid = await node.start(ChildSpec("a", Worker, restart="temporary"))
        pid._process.handle.exit(pid, "kill")
        assert node.whereis("a") is None
        assert not node.registry._names
        await quiet(node)
        assert await node.start(ChildSpec("a", Worker)) == node.whereis("a")


@virtual_time
async def test_a_successor_takes_the_name_over():
    async with virtual_node() as node:
        old = await node.start(ChildSpec("a", Worker))
        old.cast("no handler: a crash")
        await end_of(old)
        await quiet(node)
        assert node.whereis("a") not in {None, old}
        assert old._process.name == "a"  # kept in the record, for reports


@virtual_time
async def test_a_process_has_its_name_before_its_init_runs():
    class Looks(Server):
        def init(self):
            assert self.whereis("a") == self.pid
            return 0

    async with virtual_node() as node:
        await node.start(ChildSpec("a", Looks))


@virtual_time
async def test_a_name_is_given_once():
    async with virtual_node() as node:
        one, two = await serve(node, Worker), await serve(node, Worker)
        node.registry.register("x", one._process)
        node.registry.register("x", one._process)
        with pytest.raises(
            AlreadyRegistered, match=f"the name 'x' belongs to {one}; choose another, or register=False"
        ):
            node.registry.register("x", two._process)
        node.registry.release(two._process)
        assert node.whereis("x") == one
