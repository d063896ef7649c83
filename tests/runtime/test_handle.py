"""What a process does through `self`: children, processes, names. Messages, exits, timers and tasks have files of their own."""

import asyncio

import pytest

from runtime import ChildError, ChildSpec, NotRegistered, Reply, Server, Supervisor
from runtime.log import items
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve, the_crash


class Worker(Server):
    counters = ("jobs",)

    def init(self, number=0):
        self.label = f"worker {number}"
        return number

    def handle_call(self, message, caller, number):
        match message:
            case ("count", amount):
                self.count("jobs", amount)
        return Reply(number, number)


class Boss(Server):
    def init(self):
        return ()

    async def handle_call(self, message, caller, seen):
        match message:
            case ("start", supervisor, id_):
                return Reply(await self.start_child(supervisor, ChildSpec(id_, Worker, 7)), seen)
            case ("whereis", name):
                return Reply(self.whereis(name), seen)
            case ("call", name):
                return Reply(await self.named(name).call("hello"), seen)
            case ("spawn", value):
                return Reply(self.spawn(echo, value), seen)
            case "self":
                return Reply((self.pid, repr(self)), seen)

    def handle_cast(self, message, seen):
        supervisor, id_ = message
        self.start_child(supervisor, ChildSpec(id_, Worker, 7))
        return seen


async def echo(process, value):
    call = await process.receive()
    call.caller.reply((value, process.label, process.pid))


@pytest.mark.parametrize("how", ["pid", "name", "address"])
@virtual_time
async def test_a_handler_starts_a_child_and_awaits_its_pid(how):
    async with virtual_node() as node:
        pid = await node.start(Supervisor([], name="workers"))
        boss = await serve(node, Boss)
        supervisor = {"pid": pid, "name": "workers", "address": node.named("workers")}[how]
        child = await boss.call(("start", supervisor, "w"))
        assert child == node.whereis("w")
        assert await child.call("number") == 7


@virtual_time
async def test_a_child_that_is_not_awaited_starts_as_well_even_from_a_plain_handler():
    async with virtual_node() as node:
        await node.start(Supervisor([], name="workers"))
        boss = await serve(node, Boss)
        boss.cast(("workers", "w"))
        await quiet(node)
        assert await node.named("w").call("number") == 7


@virtual_time
async def test_a_start_that_is_awaited_raises_what_the_supervisor_refuses():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("w", Worker)], name="workers"))
        boss = await serve(node, Boss)
        with pytest.raises(Exception, match="already_started"):
            await boss.call(("start", "workers", "w"))
        assert type(the_crash(node).reason) is ChildError


@virtual_time
async def test_a_start_that_fails_and_is_not_awaited_stands_in_the_events():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("w", Worker)], name="workers"))
        boss = await serve(node, Boss)
        boss.cast(("workers", "w"))
        await quiet(node)
        assert boss.alive
        assert "start_child failed: child 'w': already_started" in [
            event[2] for event in items(boss._process.events)
        ]


@virtual_time
async def test_a_start_at_a_supervisor_that_is_not_there_is_an_error_at_once():
    async with virtual_node() as node:
        boss = await serve(node, Boss)
        boss.cast(("nobody", "w"))
        assert type(await end_of(boss)) is NotRegistered


@virtual_time
async def test_names_are_found_from_inside():
    async with virtual_node() as node:
        worker = await node.start(ChildSpec("w", Worker, 3))
        boss = await serve(node, Boss)
        assert await boss.call(("whereis", "w")) == worker
        assert await boss.call(("whereis", "nobody")) is None
        assert await boss.call(("call", "w")) == 3


@virtual_time
async def test_a_process_spawns_others_that_are_not_linked_to_it():
    async with virtual_node() as node:
        boss = await serve(node, Boss)
        child = await boss.call(("spawn", "value"))
        assert child._process.ancestors[0] == boss.number
        boss.cast("no such message: a crash")
        await end_of(boss)
        assert await child.call("x") == ("value", None, child)


@virtual_time
async def test_a_handle_knows_its_pid_and_says_whose_it_is():
    async with virtual_node() as node:
        boss = await node.start(ChildSpec("boss", Boss))
        assert await boss.call("self") == (boss, f"<Boss {boss} boss>")


@virtual_time
async def test_a_label_is_set_by_init_and_belongs_to_one_process():
    async with virtual_node() as node:
        one, two = await serve(node, Worker, 1), await serve(node, Worker, 2)
        assert [pid._process.extra.label for pid in (one, two)] == ["worker 1", "worker 2"]


@virtual_time
async def test_counters_are_kept_across_restarts_under_the_childs_id():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Worker), ChildSpec("b", Worker)], name="top"))
        await node.named("a").call(("count", 3))
        await node.named("b").call(("count", 10))
        before = node.whereis("a")
        before.cast("no handler: a crash")
        await quiet(node)
        assert node.whereis("a") != before
        await node.named("a").call(("count", 4))
        assert {path[-1]: counted["jobs"] for path, counted in node.ledger.counters.items()} == {
            "a": 7,
            "b": 10,
        }


@virtual_time
async def test_counters_survive_the_restart_of_the_supervisor():
    async with virtual_node() as node:
        inner = Supervisor([ChildSpec("a", Worker)], max_restarts=0)
        top = await node.start(Supervisor([ChildSpec("inner", inner)], name="top"))
        await node.named("a").call(("count", 3))
        node.named("a").cast("no handler: a crash, and one too many")
        await quiet(node)
        await node.named("a").call(("count", 4))
        assert list(node.ledger.counters.values()) == [{"jobs": 7}]
        assert top.alive


@virtual_time
async def test_what_a_deleted_child_counted_goes_over_to_its_supervisor():
    async with virtual_node() as node:
        top = await node.start(Supervisor([], name="top"))
        for n in range(3):
            child = await Supervisor.start_child(top, ChildSpec(f"job {n}", Worker, restart="temporary"))
            await child.call(("count", n))
            child.cast("no handler: a crash")
            await end_of(child)
        await quiet(node)
        assert node.ledger.counters == {("top",): {"jobs": 3}}


@virtual_time
async def test_a_coroutine_process_counts_what_it_likes():
    async def counts(process):
        process.count("anything")
        await process.receive()

    async with virtual_node() as node:
        pid = node.spawn(counts)
        await asyncio.sleep(0.1)
        assert pid._process.extra.counters == {"anything": 1}
