"""Long work beside an agent that stays answerable."""

import asyncio
import copy
import gc
import time

import pytest

from runtime import Node, NoReply, NotSendable, ProcessExit, Reply, Server, Stop, TaskDone, TaskFailed
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import end_of, quiet, serve, the_crash


class Agent(Server):
    """Thinks in a task; its state is what it has been told of its thoughts."""

    def init(self):
        return ()

    def handle_call(self, message, caller, seen):
        match message:
            case "seen":
                return Reply(seen, seen)
            case ("think", how, *arguments):
                return Reply(self.task(self.thoughts(how, *arguments)), seen)
            case ("cancel", ref):
                return Reply(ref.cancel(), seen)
            case "stop":
                return Stop("normal", seen, reply="goodbye")
        return Reply(message, seen)

    def handle_info(self, message, seen):
        return (*seen, message)

    def thoughts(self, how, *arguments):
        return {"sleep": self.sleep, "raise": self.fails, "ask": self.ask, "exit": self.leaves}[how](
            *arguments
        )

    async def sleep(self, seconds):
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.resource("ended").append(time.monotonic())
            raise
        return f"slept {seconds}"

    async def fails(self, error):
        await asyncio.sleep(1)
        raise error

    async def ask(self, question):
        return await self.pid.call(question)

    async def leaves(self, reason):
        raise ProcessExit(reason)


@virtual_time
async def test_a_tasks_end_arrives_as_task_done_with_its_value():
    async with virtual_node() as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "sleep", 30))
        assert not ref.done
        await asyncio.sleep(31)
        assert await pid.call("seen") == (TaskDone(ref, "slept 30"),)
        assert ref.done


@virtual_time
async def test_a_task_that_raises_arrives_as_task_failed_and_the_agent_lives():
    async with virtual_node() as node:
        pid = await serve(node, Agent)
        error = ValueError("a bad thought")
        ref = await pid.call(("think", "raise", error))
        await asyncio.sleep(2)
        assert await pid.call("seen") == (TaskFailed(ref, error),)
        assert error.__traceback__ is None


@virtual_time
async def test_a_task_that_is_cancelled_arrives_as_task_failed_cancelled():
    async with virtual_node(resources={"ended": []}) as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "sleep", 30))
        await asyncio.sleep(1)
        assert await pid.call(("cancel", ref)) is True
        await quiet(node)
        assert await pid.call("seen") == (TaskFailed(ref, "cancelled"),)
        assert await pid.call(("cancel", ref)) is False


@pytest.mark.parametrize(("reason", "expected"), [("normal", "normal"), (("shutdown", 1), ("shutdown", 1))])
@virtual_time
async def test_a_process_exit_in_a_task_is_the_tasks_reason(reason, expected):
    async with virtual_node() as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "exit", reason))
        await quiet(node)
        assert await pid.call("seen") == (TaskFailed(ref, expected),)


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()], ids=repr)
@virtual_time
async def test_a_system_exit_in_a_task_does_not_reach_the_loop(error):
    async with virtual_node() as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "raise", error))
        await asyncio.sleep(2)
        assert await pid.call("seen") == (TaskFailed(ref, error),)


@virtual_time
async def test_a_task_may_call_its_owner():
    async with virtual_node() as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "ask", "a question"))
        await quiet(node)
        assert await pid.call("seen") == (TaskDone(ref, "a question"),)


async def test_during_a_long_task_the_agent_answers_at_once_a_cancel_is_quick_and_a_kill_leaves_no_task():
    before = asyncio.all_tasks()
    async with Node("t", introspection=False, resources={"ended": []}) as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "sleep", 30))
        await asyncio.sleep(0)
        for _ in range(20):
            asked = time.monotonic()
            await pid.call("how is it going?")
            assert time.monotonic() - asked < 0.05
        cancelled = time.monotonic()
        await pid.call(("cancel", ref))
        await eventually(lambda: node.resources["ended"])
        assert node.resources["ended"][0] - cancelled < 0.1
        await pid.call(("think", "sleep", 30))
        await pid.call(("think", "sleep", 30))
        assert len(asyncio.all_tasks() - before) == 2
        pid._process.handle.exit(pid, "kill")
        await eventually(lambda: asyncio.all_tasks() == before)


@pytest.mark.parametrize("end", ["kill", "stop", "crash"])
@virtual_time
async def test_tasks_die_with_their_owner_and_nobody_is_told(end):
    async with virtual_node(resources={"ended": []}) as node:
        pid = await serve(node, Agent)
        for _ in range(3):
            await pid.call(("think", "sleep", 30))
        await asyncio.sleep(1)
        if end == "stop":
            await pid.call("stop")
        elif end == "crash":
            pid.cast("no handler")
        else:
            pid._process.handle.exit(pid, "kill")
        await end_of(pid)
        await quiet(node)
        assert len(node.resources["ended"]) == 3
        assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_a_task_that_ends_while_its_owner_is_suspended_waits_in_the_mailbox():
    async with virtual_node() as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "sleep", 5))
        pid._process.pause()
        await asyncio.sleep(10)
        pid._process.unpause()
        assert await pid.call("seen") == (TaskDone(ref, "slept 5"),)


@virtual_time
async def test_a_coroutine_process_has_tasks_as_well():
    async def worker(process):
        async def work():
            await asyncio.sleep(3)
            return "done"

        ref = process.task(work())
        assert await process.receive(match=TaskDone) == TaskDone(ref, "done")

    async with virtual_node() as node:
        assert await end_of(node.spawn(worker)) == "normal"


@virtual_time
async def test_a_task_is_a_coroutine_and_nothing_else():
    class Wrong(Agent):
        def handle_cast(self, message, seen):
            self.task(self.sleep)
            return seen

    async with virtual_node() as node:
        pid = await serve(node, Wrong)
        pid.cast("x")
        reason = await end_of(pid)
        assert type(reason) is TypeError
        assert "self.task takes a coroutine, as from calling an async function" in str(reason)


@virtual_time
async def test_a_dead_process_starts_no_task():
    class Dies(Agent):
        def handle_cast(self, message, seen):
            self.exit(self.pid, "kill")
            self.task(self.sleep(1000))
            return seen

    async with virtual_node() as node:
        pid = await serve(node, Dies)
        pid.cast("x")
        assert await end_of(pid) == "killed"
        await quiet(node)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()


@virtual_time
async def test_a_task_reference_prints_its_owner_and_name_and_stands_in_states_and_messages():
    async with virtual_node(resources={"ended": []}) as node:
        pid = await serve(node, Agent)
        ref = await pid.call(("think", "sleep", 5))
        assert repr(ref) == f"#Task<{pid.number}.{ref.number} Agent.sleep>"
        assert copy.deepcopy(ref) is ref
        assert await pid.call([ref]) == [ref]
        await asyncio.sleep(6)
        assert repr(ref) == f"#Task<{pid.number}.{ref.number} Agent.sleep done>"


@virtual_time
async def test_a_task_can_be_named():
    class Names(Agent):
        def handle_call(self, message, caller, seen):
            return Reply(self.task(asyncio.sleep(1), name="a nap"), seen)

    async with virtual_node() as node:
        pid = await serve(node, Names)
        assert (await pid.call("x")).name == "a nap"


# --- what an agent says of itself -----------------------------------------------------------------


class Counts(Server):
    counters = ("tokens", "cost")

    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        match message:
            case ("progress", text):
                self.progress(text)
            case ("count", name, amount):
                self.count(name, amount)
            case ("label", text):
                self.label = text
                return Reply(self.label, state)
            case ("resource", key):
                return Reply(type(self.resource(key)).__name__, state)
            case "later":
                return NoReply(state)
        return Reply(None, state)


@virtual_time
async def test_progress_says_what_a_process_is_doing_at_once():
    async with virtual_node() as node:
        pid = await serve(node, Counts)
        await pid.call(("progress", "reading page 3"))
        assert pid._process.extra.doing == "reading page 3"
        await pid.call(("progress", "x" * 10_000))
        assert len(pid._process.extra.doing) == 200


@virtual_time
async def test_a_declared_counter_adds_up():
    async with virtual_node() as node:
        pid = await serve(node, Counts)
        await pid.call(("count", "tokens", 812))
        await pid.call(("count", "tokens", 8))
        await pid.call(("count", "cost", 0.5))
        assert pid._process.extra.counters == {"tokens": 820, "cost": 0.5}


@virtual_time
async def test_an_undeclared_counter_is_refused_with_those_that_are_declared():
    async with virtual_node() as node:
        pid = await serve(node, Counts)
        with pytest.raises(Exception, match="ValueError"):
            await pid.call(("count", "tokns", 1))
        assert str(the_crash(node).reason) == (
            "Counts declares no counter 'tokns'; declared: tokens, cost. Add it: counters = (\"tokns\",)"
        )


@virtual_time
async def test_a_label_names_a_process_without_a_name():
    async with virtual_node() as node:
        pid = await serve(node, Counts)
        assert await pid.call(("label", "chapter 3")) == "chapter 3"
        assert await pid.call(("label", None)) is None


class Model:
    """A live object, which no message could carry."""

    def __reduce_ex__(self, protocol):
        raise TypeError("alive")


@virtual_time
async def test_a_live_object_is_a_resource_of_the_node_and_never_a_message():
    async with virtual_node(resources={"llm": Model()}) as node:
        pid = await serve(node, Counts)
        assert await pid.call(("resource", "llm")) == "Model"
        with pytest.raises(NotSendable):
            pid.cast(node.resources["llm"])


@virtual_time
async def test_a_resource_that_the_node_does_not_have_is_named_with_those_that_it_has():
    async with virtual_node(resources={"llm": Model()}) as node:
        pid = await serve(node, Counts)
        with pytest.raises(Exception, match="LookupError"):
            await pid.call(("resource", "db"))
        assert "no resource 'db'; this node has: llm" in str(the_crash(node).reason)
