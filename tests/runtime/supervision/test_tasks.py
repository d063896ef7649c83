"""TaskSupervisor: one-off work in processes of its own. Elixir's Task.Supervisor."""

import asyncio
import threading

import pytest

from runtime import (
    CallTimeout,
    ChildError,
    ChildSpec,
    NodeError,
    NotSendable,
    ProcessDied,
    Reply,
    Server,
    StartError,
    Supervisor,
    TaskDone,
    TaskFailed,
    TaskSupervisor,
)  # fmt: skip
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, OopsError, end_of, quiet, serve

EVENTS = "what tasks did"


async def double(number, after=0.0):
    await asyncio.sleep(after)
    return 2 * number


def triple(number):
    return 3 * number


async def fails(_=None):
    raise OopsError("no")


async def forever(_=None):
    await asyncio.Event().wait()


async def returns_a_lock():
    return threading.Lock()


class Asks(Server):
    """Runs tasks in its handlers."""

    def init(self, trap=False):
        self._process.trap_exits = trap
        return ()

    async def handle_call(self, message, caller, seen):
        match message:
            case "seen":
                return Reply(seen, seen)
            case (verb, function):
                try:
                    value = await getattr(TaskSupervisor, verb)(self.named("tasks"), function, 4)
                except ProcessDied as error:
                    value = error.reason
                return Reply(value, seen)

    def handle_cast(self, message, seen):
        verb, function = message
        self.task(self._one(verb, function))
        return seen

    async def _one(self, verb, function):
        return await getattr(TaskSupervisor, verb)(self.named("tasks"), function, 4)

    def handle_info(self, message, seen):
        return (*seen, message)


async def tasks(node, **options):
    return await node.start(TaskSupervisor("tasks", **options))


async def running(node):
    return [child.pid for child in await TaskSupervisor.which_children(node.named("tasks"))]


@virtual_time
async def test_a_task_gives_its_value_to_whoever_awaits_it():
    async with virtual_node() as node:
        top = await tasks(node)
        assert await TaskSupervisor.run(top, double, 4) == 8
        assert await TaskSupervisor.run(top, double, 4, after=1.0) == 8
        assert await TaskSupervisor.run_nolink(node.named("tasks"), triple, 4) == 12
        assert await TaskSupervisor.run(top, lambda: 5) == 5
        await quiet(node)
        assert await running(node) == []


@virtual_time
async def test_it_starts_at_once_and_side_by_side():
    async with virtual_node() as node:
        top = await tasks(node)
        began = node.scheduler.clock()
        values = await asyncio.gather(*(TaskSupervisor.run(top, double, n, 1.0) for n in range(50)))
        assert values == [2 * n for n in range(50)]
        assert node.scheduler.clock() - began == pytest.approx(1.0, abs=0.01)


@virtual_time
async def test_a_task_is_a_child_that_is_shown_under_the_name_of_its_function():
    async with virtual_node() as node:
        top = await tasks(node)
        future = TaskSupervisor.run(top, forever)
        await quiet(node)
        (child,) = await TaskSupervisor.which_children(top)
        assert (child.id, child.kind) == ("forever", "worker")
        assert child.pid._process.behaviour == "tests.runtime.supervision.test_tasks:forever"
        assert child.pid._process.parent is top._process
        future.cancel()


@virtual_time
async def test_the_crash_of_a_task_is_an_error_with_its_reason():
    async with virtual_node() as node:
        top = await tasks(node)
        for verb in (TaskSupervisor.run, TaskSupervisor.run_nolink):
            with pytest.raises(ProcessDied) as died:
                await verb(top, fails)
            assert isinstance(died.value.reason, OopsError)
        assert node.ledger.crashed == 2
        assert top.alive


@virtual_time
async def test_run_is_linked_with_the_process_that_runs_it():
    async with virtual_node() as node:
        await tasks(node)
        asks = await serve(node, Asks)
        assert await asks.call(("run", double)) == 8
        with pytest.raises(ProcessDied):
            await asks.call(("run", fails))
        assert isinstance(await end_of(asks), OopsError)


@virtual_time
async def test_a_task_for_a_process_that_has_ended_meanwhile_does_not_run():
    async with virtual_node() as node:
        top = await tasks(node)
        asks = await serve(node, Asks)
        node.scheduler.running = asks._process
        result = TaskSupervisor.run(top, forever)
        node.scheduler.running = None
        node.root.handle.exit(asks, "kill")
        with pytest.raises(ProcessDied, match="noproc"):
            await result


@virtual_time
async def test_run_nolink_is_not():
    async with virtual_node() as node:
        await tasks(node)
        asks = await serve(node, Asks)
        assert isinstance(await asks.call(("run_nolink", fails)), OopsError)
        assert asks.alive


@virtual_time
async def test_who_traps_exits_sees_both_the_error_and_the_exit():
    async with virtual_node() as node:
        await tasks(node)
        asks = await serve(node, Asks, True)
        assert isinstance(await asks.call(("run", fails)), OopsError)
        (message,) = await asks.call("seen")
        assert isinstance(message.reason, OopsError)


@virtual_time
async def test_the_task_of_a_process_that_ends_ends_too():
    async with virtual_node() as node:
        await tasks(node)
        asks = await serve(node, Asks)
        asks.cast(("run", forever))
        asks.cast(("run_nolink", forever))
        await quiet(node)
        started = await running(node)
        assert len(started) == 2
        node.root.handle.exit(asks, "kill")
        await quiet(node)
        assert not any(pid.alive for pid in started)


@virtual_time
async def test_beside_a_process_its_value_comes_as_a_message():
    async with virtual_node() as node:
        await tasks(node)
        asks = await serve(node, Asks)
        asks.cast(("run", double))
        asks.cast(("run_nolink", fails))
        await quiet(node)
        done, failed = sorted(await asks.call("seen"), key=lambda message: type(message).__name__)
        assert (type(done), done.value) == (TaskDone, 8)
        assert (type(failed), type(failed.reason)) == (TaskFailed, ProcessDied)


@virtual_time
async def test_a_task_that_nobody_awaits_any_more_is_shut_down():
    async with virtual_node() as node:
        top = await tasks(node)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await TaskSupervisor.run(top, forever)
        await quiet(node)
        assert await running(node) == []
        assert node.ledger.history[-1].by == "nobody awaits it any more"
        early = TaskSupervisor.run(top, forever)
        early.cancel()
        await quiet(node)
        assert await running(node) == []


@virtual_time
async def test_start_child_goes_on_by_itself():
    async with virtual_node() as node:
        top = await tasks(node)
        pid = await TaskSupervisor.start_child(top, double, 4, after=1.0)
        assert pid.alive
        await asyncio.sleep(1.1)
        assert await end_of(pid) == "normal"
        pid = await TaskSupervisor.start_child(top, fails)
        assert isinstance(await end_of(pid), OopsError)
        pid = await TaskSupervisor.start_child(top, forever)
        await TaskSupervisor.terminate_child(top, pid)
        assert not pid.alive


@virtual_time
async def test_a_transient_one_is_tried_again():
    async with virtual_node() as node:
        top = await tasks(node, max_restarts=2)
        await TaskSupervisor.start_child(top, fails, restart="transient")
        assert await end_of(top) == "shutdown"
        assert node.ledger.restarts >= 2


@virtual_time
async def test_more_than_max_children_are_refused():
    async with virtual_node() as node:
        top = await tasks(node, max_children=1)
        first = TaskSupervisor.run(top, forever)
        with pytest.raises(ChildError, match="max_children"):
            await TaskSupervisor.run(top, double, 1)
        with pytest.raises(ChildError, match="max_children"):
            await TaskSupervisor.start_child(top, double, 1)
        first.cancel()


@virtual_time
async def test_wrong_arguments_are_a_start_that_failed():
    async with virtual_node() as node:
        top = await tasks(node)
        with pytest.raises(StartError, match="positional argument"):
            await TaskSupervisor.run(top, double)
        assert await running(node) == []


@virtual_time
async def test_what_tasks_take_and_return_is_copied_or_refused():
    async with virtual_node() as node:
        top = await tasks(node)
        mine = [1]
        other = await TaskSupervisor.run(top, list.copy, mine)
        assert other == mine
        with pytest.raises(NotSendable):
            TaskSupervisor.run(top, double, threading.Lock())
        with pytest.raises(ProcessDied, match="NotSendable"):
            await TaskSupervisor.run(top, returns_a_lock)


@virtual_time
async def test_the_end_of_the_supervisor_is_the_end_of_its_tasks():
    async with virtual_node() as node:
        top = await tasks(node)
        future = TaskSupervisor.run(top, forever)
        await quiet(node)
        await Supervisor.terminate_child(node.root.pid, "tasks")
        with pytest.raises(ProcessDied, match="shutdown"):
            await future


@virtual_time
async def test_only_a_task_supervisor_runs_tasks_and_it_runs_nothing_else():
    async with virtual_node() as node:
        top = await tasks(node)
        other = await node.start(Supervisor([]))
        obeys = await serve(node, Obeys)
        with pytest.raises(TypeError, match="is no supervisor but"):
            TaskSupervisor.run(obeys, double, 1)
        with pytest.raises(TypeError, match="starts functions"):
            await Supervisor.start_child(top, ChildSpec("a", Obeys))
        with pytest.raises(TypeError, match="a task is a function"):
            TaskSupervisor.run(top, 5)
        with pytest.raises(TypeError, match="is no TaskSupervisor"):
            TaskSupervisor.run(other, double, 1)


@virtual_time
async def test_from_another_thread_it_says_where_to_go():
    async with virtual_node() as node:
        top = await tasks(node)
        errors = []

        def elsewhere():
            try:
                TaskSupervisor.run(top, double, 1)
            except NodeError as error:
                errors.append(str(error))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert "lives in another thread" in errors[0]


# --- map ------------------------------------------------------------------------------------------


async def backwards(number):
    await asyncio.sleep(10 - number)
    return number


async def odd_fail(number):
    if number % 2:
        raise OopsError(number)
    return number


async def take(values, got):
    async for value in values:
        got.append(value)


@virtual_time
async def test_map_gives_values_in_order_or_as_they_come():
    async with virtual_node() as node:
        top = await tasks(node)
        options = {"max_concurrency": 4, "timeout": None}
        assert [v async for v in TaskSupervisor.map(top, backwards, range(4), **options)] == [0, 1, 2, 3]
        unordered = TaskSupervisor.map(top, backwards, range(4), ordered=False, **options)
        assert [v async for v in unordered] == [3, 2, 1, 0]
        assert [v async for v in TaskSupervisor.map(top, triple, [])] == []


@virtual_time
async def test_map_runs_no_more_at_a_time_and_reads_no_further():
    async with virtual_node() as node:
        top = await tasks(node)
        read = []

        def items():
            for number in range(10):
                read.append(number)
                yield number

        most = 0
        async for _ in TaskSupervisor.map(top, lambda n: double(n, 1.0), items(), max_concurrency=3):
            await quiet(node)
            most = max(most, len(await running(node)))
            assert len(read) <= 3 + 10
        assert most <= 3
        assert len(read) == 10


@virtual_time
async def test_map_ends_with_the_first_error_and_shuts_the_rest_down():
    async with virtual_node() as node:
        top = await tasks(node)
        got = []
        with pytest.raises(ProcessDied, match="OopsError"):
            await take(TaskSupervisor.map(top, odd_fail, [0, 1, 2], max_concurrency=1), got)
        assert got == [0]
        with pytest.raises(CallTimeout, match="has not answered within 2 s"):
            await take(TaskSupervisor.map(top, forever, range(3), max_concurrency=3, timeout=2), got)
        assert got == [0]
        await quiet(node)
        assert await running(node) == []


@virtual_time
async def test_map_nolink_has_errors_in_the_places_of_values():
    async with virtual_node() as node:
        top = await tasks(node)
        died = [v async for v in TaskSupervisor.map_nolink(top, odd_fail, range(4), max_concurrency=2)]
        assert [type(value) for value in died] == [int, ProcessDied, int, ProcessDied]
        late = TaskSupervisor.map_nolink(top, backwards, [9, 1, 9], max_concurrency=3, timeout=5)
        kinds = [type(value) async for value in late]
        assert kinds == [int, CallTimeout, int]
        await quiet(node)
        assert await running(node) == []


@virtual_time
async def test_who_stops_listening_stops_the_tasks():
    async with virtual_node() as node:
        top = await tasks(node)
        stream = TaskSupervisor.map(top, double, range(100), max_concurrency=5)
        async for _ in stream:
            break
        await stream.aclose()
        await quiet(node)
        assert await running(node) == []


@virtual_time
async def test_map_refuses_what_makes_no_sense():
    async with virtual_node() as node:
        top = await tasks(node)
        with pytest.raises(ValueError, match="max_concurrency=0"):
            await anext(TaskSupervisor.map(top, triple, [1], max_concurrency=0))
        with pytest.raises(ValueError, match="timeout=-1"):
            await anext(TaskSupervisor.map(top, triple, [1], timeout=-1))
