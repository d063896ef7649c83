"""Servers: what handlers are given, when they run, and what stands where."""

import asyncio
import contextvars
from dataclasses import dataclass

import pytest

from runtime import (
    CallTimeout,
    ChildSpec,
    Node,
    ProcessDied,
    Reply,
    Server,
    StartError,
    Supervisor,
)
from runtime.log import items
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import end_of, quiet, serve, the_crash


@dataclass(frozen=True)
class Deposit:
    amount: int


class Account(Server):
    def init(self, owner):
        return 0  # the first state

    def handle_call(self, message, caller, balance):
        match message:
            case Deposit(amount) if amount > 0:
                return Reply(balance + amount, balance + amount)  # the answer, the next state
            case "balance":
                return Reply(balance, balance)
            case _:
                raise ValueError(f"not for an account: {message!r}")  # let it crash

    def handle_cast(self, message, balance):
        return balance  # the next state


@virtual_time
async def test_the_unannotated_bank_runs_as_it_stands():
    async with virtual_node("bank") as node:
        await node.start(
            Supervisor(
                [ChildSpec("alice", Account, "Alice"), ChildSpec("bob", Account, "Bob")],
                strategy="one_for_one",
                max_restarts=3,
                max_seconds=5,
            )
        )
        alice, bob = node.named("alice"), node.named("bob")
        assert await alice.call(Deposit(10)) == 10
        assert await alice.call(Deposit(5)) == 15
        assert await bob.call("balance") == 0
        before = node.whereis("alice")
        with pytest.raises(ProcessDied, match="not for an account: Deposit"):
            await alice.call(Deposit(-1))
        await eventually(lambda: node.whereis("alice"))
        assert node.whereis("alice") != before
        assert await alice.call("balance") == 0
        assert await bob.call("balance") == 0


@virtual_time
async def test_arguments_of_the_child_spec_are_those_of_init():
    class Named(Server):
        def init(self, first, *rest, key="none"):
            return (first, rest, key)

        def handle_call(self, message, caller, state):
            return Reply(state, state)

    async with virtual_node() as node:
        pid = await node.start(ChildSpec("named", Named, 1, 2, 3, key="k"))
        assert await pid.call("state") == (1, (2, 3), "k")


@virtual_time
async def test_a_server_without_init_does_not_start_and_is_told_why():
    class Nothing(Server):
        """Has no init."""

    async with virtual_node() as node:
        with pytest.raises(StartError, match=r"Nothing has no init\(…\)"):
            await serve(node, Nothing)


@virtual_time
async def test_an_init_that_raises_is_a_start_that_fails():
    class Broken(Server):
        def init(self):
            raise OSError("no disk")

    async with virtual_node() as node:
        with pytest.raises(StartError) as error:
            await serve(node, Broken)
        assert type(error.value.reason) is OSError
        assert "no disk" in str(error.value)


class Bare(Server):
    def init(self):
        return 0


@pytest.mark.parametrize(("way", "handler"), [("cast", "handle_cast"), ("call", "handle_call")])
@virtual_time
async def test_a_message_without_its_handler_is_a_crash_that_names_it(way, handler):
    async with virtual_node() as node:
        pid = await serve(node, Bare)
        if way == "call":
            with pytest.raises(ProcessDied):
                await pid.call("hello")
        else:
            pid.cast("hello")
        assert str(await end_of(pid)) == f"Bare has no {handler}, and got hello"


@virtual_time
async def test_an_info_without_its_handler_is_dropped_and_noted():
    async with virtual_node() as node:
        pid = await serve(node, Bare)
        pid.send("hello")
        await quiet(node)
        assert pid.alive
        assert [event[2] for event in items(pid._process.events)] == [
            "dropped, for want of handle_info: str",
            "hello",
        ]


@pytest.mark.parametrize("name", ["pid", "balance", "_cache", "anything"])
@virtual_time
async def test_nothing_can_be_set_on_self_and_the_error_says_where_state_lives(name):
    class Keeps(Server):
        def init(self):
            return 0

        def handle_cast(self, message, state):
            setattr(self, message, 1)
            return state

    async with virtual_node() as node:
        pid = await serve(node, Keeps)
        pid.cast(name)
        reason = await end_of(pid)
        assert type(reason) is AttributeError
        if name != "pid":
            assert str(reason).startswith(f"self.{name} cannot be set: a process keeps nothing on self.")
            assert "the state that the handler returns" in str(reason)
            assert "Node(resources={…})" in str(reason)


def test_a_server_class_is_not_called_and_says_how_it_is_started():
    with pytest.raises(TypeError, match=r"Account is not called.*node\.start\(ChildSpec\(id, Account, …\)\)"):
        Account("Alice")


def test_a_server_class_has_init_and_no_dunder_init():
    with pytest.raises(TypeError, match=r"Wrong defines __init__; a process begins with init"):

        class Wrong(Server):
            def __init__(self):
                """Never."""


def test_a_handle_has_no_dict_to_hide_state_in():
    assert Account.__dictoffset__ == 0


class Sequence(Server):
    """Notes when each message begins and ends."""

    def init(self):
        return ()

    async def handle_cast(self, message, seen):
        self.resource("diary").append(f"{message} begins")
        await asyncio.sleep(1)
        self.resource("diary").append(f"{message} ends")
        return (*seen, message)

    def handle_call(self, message, caller, seen):
        return Reply(seen, seen)


@virtual_time
async def test_a_server_handles_one_message_at_a_time_even_with_async_handlers():
    diary = []
    async with virtual_node(resources={"diary": diary}) as node:
        pid = await serve(node, Sequence)
        for n in range(3):
            pid.cast(n)
        assert await pid.call("seen", timeout=10) == (0, 1, 2)
        assert diary == [f"{n} {what}" for n in range(3) for what in ("begins", "ends")]


@virtual_time
async def test_a_server_with_an_async_init_handles_what_came_meanwhile_afterwards():
    class Opens(Server):
        async def init(self):
            self.pid.send("early")
            await asyncio.sleep(10)
            return ("open",)

        def handle_info(self, message, state):
            return (*state, message)

        def handle_call(self, message, caller, state):
            return Reply(state, state)

    async with virtual_node() as node:
        pid = await serve(node, Opens)
        assert await pid.call("state") == ("open", "early")


@virtual_time
async def test_an_async_handler_may_call_other_processes_and_await_anything():
    class Front(Server):
        def init(self, back):
            return back

        async def handle_call(self, message, caller, back):
            async with asyncio.timeout(1):
                await asyncio.sleep(0.1)
            return Reply(await back.call(message), back)

    async with virtual_node() as node:
        back = await serve(node, Account, "x")
        front = await serve(node, Front, back)
        assert await front.call(Deposit(3)) == 3


@virtual_time
async def test_an_async_handler_that_raises_leaves_the_last_state_to_the_report():
    class Raises(Server):
        def init(self):
            return "good"

        async def handle_cast(self, message, state):
            await asyncio.sleep(1)
            raise RuntimeError(message)

    async with virtual_node() as node:
        pid = await serve(node, Raises)
        pid.cast("oops")
        assert str(await end_of(pid)) == "oops"
        assert the_crash(node).last_state == "good"
        assert the_crash(node).last_message == "oops"


@virtual_time
async def test_what_one_handler_sets_in_its_context_is_not_seen_by_the_next():
    variable = contextvars.ContextVar("variable", default="unset")

    class Sets(Server):
        def init(self):
            return 0

        async def handle_cast(self, message, state):
            variable.set(message)
            await asyncio.sleep(0)
            return state

        async def handle_call(self, message, caller, state):
            return Reply(variable.get(), state)

    async with virtual_node() as node:
        pid = await serve(node, Sets)
        pid.cast("set")
        assert await pid.call("get") == "unset"


@virtual_time
async def test_a_turn_runs_in_the_nodes_context_and_not_in_the_senders():
    variable = contextvars.ContextVar("variable", default="unset")

    class Gets(Server):
        def init(self):
            return 0

        def handle_cast(self, message, state):
            self.resource("seen").append(variable.get())
            return state

    seen = []
    async with virtual_node(resources={"seen": seen}) as node:
        pid = await serve(node, Gets)
        variable.set("the sender's")
        pid.cast("look")
        await quiet(node)
    assert seen == ["unset"]


@virtual_time
async def test_an_async_handler_whose_task_is_cancelled_by_itself_is_a_crash():
    class Cancels(Server):
        def init(self):
            return 0

        async def handle_cast(self, message, state):
            asyncio.current_task().cancel()
            await asyncio.sleep(1)

    async with virtual_node() as node:
        pid = await serve(node, Cancels)
        pid.cast("x")
        reason = await end_of(pid)
        assert type(reason) is asyncio.CancelledError
        assert str(reason) == "handle_cast was cancelled"


@virtual_time
async def test_a_suspended_server_handles_nothing_until_it_is_resumed():
    async with virtual_node() as node:
        pid = await serve(node, Account, "x")
        pid._process.pause()
        with pytest.raises(CallTimeout, match="suspended, 1 message in its mailbox"):
            await pid.call("balance", timeout=10)
        pid._process.unpause()
        assert await pid.call("balance") == 0


@virtual_time
async def test_a_server_suspended_in_the_middle_of_a_handler_finishes_that_first():
    diary = []
    async with virtual_node(resources={"diary": diary}) as node:
        pid = await serve(node, Sequence)
        pid.cast("one")
        pid.cast("two")
        await asyncio.sleep(0.5)
        pid._process.pause()
        await asyncio.sleep(10)
        assert diary == ["one begins", "one ends"]
        pid._process.unpause()
        assert await pid.call("seen") == ("one", "two")


class LooksUp(Server):
    """Whose looking up of a handler ends it."""

    def init(self, given):
        return [given]

    @property
    def handle_call(self):
        self.exit(self.pid, "kill")
        return self._answer

    def _answer(self, message, caller, state):
        self.resource("given").extend(state)
        return Reply(None, state)


async def test_a_handler_is_given_the_state_that_there_was_before_it_was_looked_up():
    given = []
    async with Node("t", introspection=False, resources={"given": given}) as node:
        pid = await serve(node, LooksUp, "the state")
        with pytest.raises(ProcessDied):
            await pid.call("go")
    assert given == ["the state"]
