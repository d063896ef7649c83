"""Starting many children: what siblings share, what a start leaves behind, how small an idle process is."""

import gc
import sys
import tracemalloc
import weakref

import pytest

from runtime import ChildError, ChildSpec, Reply, Server, StartError, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, end_of, quiet

IDLE_BYTES = 640
"""Of a child with one argument, a state, a name and an id; CPython's own dicts included."""


class Worker(Server):
    def init(self, *args):
        return args or 0

    def handle_call(self, message, caller, state):
        return Reply(state, state)


class Slow(Server):
    async def init(self):
        return 0


def test_specs_that_differ_in_id_and_arguments_share_all_the_rest():
    one, other = ChildSpec("a", Worker, 1), ChildSpec("b", Worker, 2)
    assert one.terms is other.terms
    assert (one.id, other.id, one.args, other.args) == ("a", "b", (1,), (2,))


@pytest.mark.parametrize(
    "options",
    [{"restart": "temporary"}, {"shutdown": 1}, {"register": False}, {"shutdown": "brutal_kill"}, {"key": 1}],
    ids=repr,
)
def test_specs_that_differ_in_more_share_nothing(options):
    plain, other = ChildSpec("a", Worker), ChildSpec("a", Worker, **options)
    assert plain.terms is not other.terms
    assert all(getattr(other, name, value) == value for name, value in options.items())


def test_one_second_is_a_shutdown_and_true_is_none_whatever_came_before():
    spec = ChildSpec("a", Worker, shutdown=1)
    with pytest.raises(ValueError, match="shutdown=True"):
        ChildSpec("a", Worker, shutdown=True)
    assert spec.shutdown == 1


def test_an_option_that_cannot_be_hashed_is_as_wrong_as_any_other():
    with pytest.raises(ValueError, match=r"restart=\['permanent'\]; it is one of permanent"):
        ChildSpec("a", Worker, restart=["permanent"])
    with pytest.raises(ValueError, match=r"shutdown=\[\]; it is seconds"):
        ChildSpec("a", Worker, shutdown=[])


def test_a_behaviour_goes_with_the_last_of_its_specs():
    class Passing(Server):
        def init(self):
            return 0

    gone = weakref.ref(Passing)
    spec = ChildSpec("a", Passing)
    assert gone() is spec.behaviour
    del spec, Passing
    gc.collect()
    assert gone() is None


@virtual_time
async def test_a_child_whose_init_is_plain_is_answered_in_the_step_of_who_asks():
    async with virtual_node() as node:
        top = await node.start(Supervisor([]))
        node.scheduler.inline_until = node.scheduler.clock() + 1
        asked = Supervisor.start_child(top, ChildSpec("a", Worker, 1))
        with pytest.raises(StopIteration) as answer:
            asked.send(None)
        assert answer.value.value == node.whereis("a")
        assert await answer.value.value.call("state") == (1,)


@virtual_time
async def test_children_whose_init_awaits_start_one_after_the_other_like_any():
    async with virtual_node() as node:
        top = await node.start(Supervisor([]))
        pids = [await Supervisor.start_child(top, ChildSpec(f"slow {n}", Slow)) for n in range(3)]
        assert [info.pid for info in await Supervisor.which_children(top)] == pids
        assert all(pid.alive for pid in pids)


@virtual_time
async def test_what_is_no_spec_is_refused_and_the_supervisor_lives():
    async with virtual_node() as node:
        top = await node.start(Supervisor([]))
        with pytest.raises(TypeError, match="start_child takes a ChildSpec"):
            await Supervisor.start_child(top, "worker")
        assert await Supervisor.count_children(top) == (0, 0, 0, 0)


@virtual_time
async def test_a_child_whose_name_is_taken_leaves_no_trace_of_a_process():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Worker)]))
        holder, before = node.whereis("a"), len(node.table)
        cursor = node.ledger.recorder.next
        other = await node.start(Supervisor([], name="other"))
        with pytest.raises(StartError, match="a"):
            await Supervisor.start_child(other, ChildSpec("a", Worker))
        assert len(node.table) == before + 1
        assert node.whereis("a") == holder
        events, _, _ = node.ledger.recorder.since(cursor, 10)
        assert [event.kind for event in events] == ["started"]  # the other supervisor
        with pytest.raises(ChildError):
            await Supervisor.restart_child(top, "a")


@virtual_time
async def test_a_supervisor_and_its_children_are_linked_although_neither_keeps_a_link():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Worker), ChildSpec("b", Worker)], name="top"))
        one, other = node.whereis("a"), node.whereis("b")
        assert one._process.extra is None
        assert one._process.linked() == [top._process]
        assert top._process.linked() == [node.root, one._process, other._process]
        node.root.handle.exit(top, "kill")
        assert await end_of(one) == await end_of(other) == "killed"


@virtual_time
async def test_a_child_that_undoes_the_link_outlives_its_supervisor_until_it_links_again():
    async with virtual_node() as node:
        top = await node.start(Supervisor([ChildSpec("a", Obeys), ChildSpec("b", Obeys)], name="top"))
        one, other = node.whereis("a"), node.whereis("b")
        for child in (one, other):
            await child.call(("unlink", top))
        assert top._process.linked() == [node.root]
        await other.call(("link", top))
        assert top._process.linked().count(other._process) == 1
        node.root.handle.exit(top, "kill")
        assert await end_of(other) == "killed"
        await quiet(node)
        assert one.alive


@virtual_time
async def test_a_child_that_never_ended_has_no_history_and_one_that_did_has():
    async with virtual_node() as node:
        await node.start(ChildSpec("a", Worker))
        old = node.whereis("a")
        child = old._process.child
        assert child._past is None
        assert (child.restarts, child.ends, child.crash, child.restarting) == (0, None, None, False)
        old.cast("no handler: a crash")
        await end_of(old)
        await quiet(node)
        assert (child.restarts, [end.old for end in child.ends]) == (1, [old.number])
        assert child.crash.number == old.number
        assert node.whereis("a")._process.child is child


@virtual_time
async def test_a_process_knows_its_parents_in_order():
    async with virtual_node() as node:
        inner = Supervisor([ChildSpec("a", Obeys)])
        await node.start(Supervisor([ChildSpec("inner", inner)], name="top"))
        one = node.whereis("a")
        lineage = tuple(node.whereis(name).number for name in ("inner", "top"))
        assert one._process.ancestors == (*lineage, node.root.number)
        assert node.root.ancestors == ()


@virtual_time
async def test_an_idle_child_is_small():
    async with virtual_node(
        flight=100
    ) as node:  # which keeps so many events, however many processes there are
        top = await node.start(Supervisor([]))
        await Supervisor.start_child(top, ChildSpec("first", Worker, 1))
        for _ in range(2000):
            node.ledger.recorder.record("the ring is full before the count begins")
        gc.collect()
        count = 5000
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for n in range(count):
                await Supervisor.start_child(top, ChildSpec(f"worker {n}", Worker, n))
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        process = node.whereis("worker 7")._process
        assert sum(map(sys.getsizeof, (process, process.handle, process.child))) <= 320
        assert (after - before) / count < IDLE_BYTES
