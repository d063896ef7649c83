"""Servers: what handlers are given, when they run, and what stands where."""

import asyncio
import contextvars
import gc
from dataclasses import dataclass

import pytest

from runtime import (
    CallTimeout,
    ChildSpec,
    Exit,
    NodeError,
    NoReply,
    ProcessDied,
    Reply,
    Server,
    StartError,
    Stop,
    Supervisor,
)
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
        assert [event[2] for event in pid._process.events] == [
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


# --- terminate ------------------------------------------------------------------------------------


class Goodbye(Server):
    trap_exits = True

    def init(self):
        return "last"

    def handle_cast(self, message, state):
        match message:
            case "raise":
                raise ValueError("oops")
            case "kill":
                self.exit(self.pid, "kill")
                return state
        return Stop(message, "stopping")

    def handle_call(self, message, caller, state):
        return Stop("normal", "stopping", reply="goodbye")

    def terminate(self, reason, state):
        self.resource("said").append((reason, state))


class GoodbyeAsync(Goodbye):
    async def terminate(self, reason, state):
        await asyncio.sleep(1)
        self.resource("said").append((reason, state))


goodbyes = pytest.mark.parametrize("kind", [Goodbye, GoodbyeAsync], ids=["plain", "async"])


@goodbyes
@virtual_time
async def test_terminate_is_told_the_reason_and_the_last_state(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        for reason in ("normal", ("shutdown", 1), "anything"):
            pid = await serve(node, kind)
            pid.cast(reason)
            await end_of(pid)
    assert said == [("normal", "stopping"), (("shutdown", 1), "stopping"), ("anything", "stopping")]


@goodbyes
@virtual_time
async def test_terminate_runs_after_a_crash_with_the_last_good_state(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, kind)
        pid.cast("raise")
        await end_of(pid)
    ((reason, state),) = said
    assert (type(reason), state) == (ValueError, "last")


@goodbyes
@virtual_time
async def test_terminate_runs_when_the_supervisor_shuts_down_a_process_that_traps_exits(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        await serve(node, kind)
    assert said == [("shutdown", "last")]


@virtual_time
async def test_terminate_does_not_run_when_exits_are_not_trapped():
    class Leaves(Goodbye):
        trap_exits = False

    said = []
    async with virtual_node(resources={"said": said}) as node:
        await serve(node, Leaves)
    assert said == []


@goodbyes
@virtual_time
async def test_terminate_does_not_run_when_the_process_is_killed(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, kind)
        pid.cast("kill")
        assert await end_of(pid) == "killed"
    assert said == []


@goodbyes
@virtual_time
async def test_the_answer_of_a_stop_comes_after_terminate(kind):
    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, kind)
        assert await pid.call("leave") == "goodbye"
        assert said == [("normal", "stopping")]


@pytest.mark.parametrize("asynchronous", [False, True])
@virtual_time
async def test_a_terminate_that_raises_changes_the_reason_but_not_the_answer(asynchronous):
    class Trips(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return Stop("normal", state, reply="goodbye")

        def terminate(self, reason, state):
            raise KeyError("tripped")

    class TripsAsync(Trips):
        async def terminate(self, reason, state):
            await asyncio.sleep(0)
            raise KeyError("tripped")

    async with virtual_node() as node:
        pid = await serve(node, TripsAsync if asynchronous else Trips)
        assert await pid.call("leave") == "goodbye"
        assert type(await end_of(pid)) is KeyError
        assert the_crash(node).text == "KeyError('tripped')"


@virtual_time
async def test_a_terminate_that_never_ends_is_killed_after_the_time_that_the_spec_allows():
    class Stays(Server):
        trap_exits = True

        def init(self):
            return 0

        async def terminate(self, reason, state):
            await asyncio.Event().wait()

    loop = asyncio.get_running_loop()
    async with virtual_node() as node:
        pid = await serve(node, Stays, shutdown=7)
        before = loop.time()
    assert loop.time() - before == pytest.approx(7)
    assert pid._process.reason == "killed"


# --- ends in odd places ---------------------------------------------------------------------------


class Odd(Server):
    def init(self, when=""):
        if when == "init":
            self.exit(self.pid, "kill")
        return 0

    def handle_call(self, message, caller, state):
        self.exit(self.pid, "kill")
        return Reply("too late", state)

    def handle_cast(self, message, state):
        self.exit(self.pid, message)
        self.resource("after").append("the rest of the handler ran")
        return "a state that nobody sees"


class OddAsync(Odd):
    async def init(self, when=""):
        if when == "init":
            self.exit(self.pid, "kill")
            await asyncio.Event().wait()
        return 0

    async def handle_cast(self, message, state):
        self.exit(self.pid, message)
        self.resource("after").append("the rest of the handler ran")
        if message == "kill":
            raise ValueError("nobody is told of this")
        await asyncio.Event().wait()


odd = pytest.mark.parametrize("kind", [Odd, OddAsync], ids=["plain", "async"])


@odd
@pytest.mark.parametrize("reason", ["kill", "shutdown", "normal", "oops"])
@virtual_time
async def test_a_process_may_end_itself_within_its_own_handler(kind, reason):
    after = []
    async with virtual_node(resources={"after": after}) as node:
        pid = await serve(node, kind)
        pid.cast(reason)
        pid.cast("never handled")
        assert await end_of(pid) == {"kill": "killed"}.get(reason, reason)
        await quiet(node)
        assert len(node.table) == 1
    assert after == ["the rest of the handler ran"]
    gc.collect()  # an exception of a task that nobody retrieved would be reported here
    assert asyncio.all_tasks() == {asyncio.current_task()}


@odd
@virtual_time
async def test_a_process_killed_in_its_own_init_has_not_started(kind):
    async with virtual_node() as node:
        with pytest.raises(StartError, match="killed"):
            await serve(node, kind, "init")
        assert len(node.table) == 1


@pytest.mark.parametrize("queued", [False, True])
@virtual_time
async def test_a_call_to_a_process_that_ends_itself_while_answering_fails(queued):
    async with virtual_node() as node:
        pid = await serve(node, Odd)
        if queued:
            pid.send("something before it")
        with pytest.raises(ProcessDied, match="killed"):
            await pid.call("hello")


@virtual_time
async def test_a_node_that_stops_does_not_wait_for_an_init_that_never_ends():
    class Hangs(Server):
        trap_exits = True

        async def init(self):
            await asyncio.Event().wait()

    async with virtual_node() as node:
        starting = asyncio.ensure_future(
            node.start(Supervisor([ChildSpec("ok", Bare), ChildSpec("hangs", Hangs)]))
        )
        await eventually(lambda: node.whereis("hangs"))
    with pytest.raises(StartError, match="'hangs' did not start: killed"):
        await starting
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_a_node_stops_although_a_restart_hangs_in_init():
    class HangsTheSecondTime(Server):
        async def init(self):
            tries = self.resource("tries")
            tries.append(1)
            if len(tries) > 1:
                await asyncio.Event().wait()
            return 0

    async with virtual_node(resources={"tries": []}) as node:
        await node.start(Supervisor([ChildSpec("h", HangsTheSecondTime)]))
        node.named("h").cast("no handler: a crash")
        await eventually(lambda: len(node.resources["tries"]) == 2)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual_time
async def test_stop_may_be_called_from_inside_a_handler():
    class Ends(Server):
        def init(self):
            return 0

        async def handle_cast(self, node, state):
            await self.resource("node").stop()
            return state

    for kind in (Ends, type("EndsTrapping", (Ends,), {"trap_exits": True})):
        resources = {}
        async with virtual_node(resources=resources) as node:
            node.resources["node"] = node
            pid = await serve(node, kind)
            pid.cast("stop")
            await node.run_forever()
            assert not pid.alive
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize(
    "error",
    [
        SystemExit(3),
        KeyboardInterrupt(),
        GeneratorExit(),
        asyncio.CancelledError(),
        StopIteration(),
        BaseException("b"),
    ],
)
@pytest.mark.parametrize("asynchronous", [False, True])
@virtual_time
async def test_whatever_a_handler_raises_is_the_processs_exit_and_does_not_reach_the_loop(
    error, asynchronous
):
    class Raises(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            raise error

        handle_info = handle_cast = lambda self, message, state: self.handle_call(message, None, state)

    class RaisesAsync(Server):
        def init(self):
            return 0

        async def handle_call(self, message, caller, state):
            await asyncio.sleep(0)
            raise error

        async def handle_cast(self, message, state):
            raise error

        handle_info = handle_cast

    complaints = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    async with virtual_node() as node:
        for way in ("cast", "send", "call", "queued call"):
            pid = await serve(node, RaisesAsync if asynchronous else Raises)
            if way.endswith("call"):
                if way.startswith("queued"):
                    pid._process.pause()
                    asyncio.get_running_loop().call_soon(pid._process.unpause)
                with pytest.raises(ProcessDied):
                    await pid.call("x")
            else:
                getattr(pid, way)("x")
            reason = await end_of(pid)
            if asynchronous and isinstance(error, StopIteration | asyncio.CancelledError):
                assert isinstance(reason, RuntimeError | asyncio.CancelledError)  # as Python has it
            else:
                assert reason is error
    gc.collect()
    assert complaints == []


@virtual_time
async def test_a_process_exit_raised_for_system_exit_keeps_the_place_where_it_was_raised():
    class Leaves(Server):
        def init(self):
            return 0

        async def handle_cast(self, message, state):
            self.give_up()

        def give_up(self):
            raise SystemExit(2)

    async with virtual_node() as node:
        pid = await serve(node, Leaves)
        pid.cast("x")
        assert type(await end_of(pid)) is SystemExit
        assert "in give_up" in the_crash(node).traceback


@virtual_time
async def test_the_parents_exit_signal_waits_its_turn_in_the_mailbox():
    class Works(Goodbye):
        def handle_info(self, message, state):
            return message

    said = []
    async with virtual_node(resources={"said": said}) as node:
        pid = await serve(node, Works)
        pid.send("the last message before the shutdown")
    assert said == [("shutdown", "the last message before the shutdown")]


@virtual_time
async def test_an_exit_signal_from_another_process_is_a_message_to_a_server_that_traps():
    class Traps(Server):
        trap_exits = True

        def init(self):
            return ()

        def handle_info(self, message, seen):
            return (*seen, message)

        def handle_call(self, message, caller, seen):
            return Reply(seen, seen)

    async def pokes(process, pid):
        process.exit(pid, "poke")

    async with virtual_node() as node:
        pid = await serve(node, Traps)
        poker = node.spawn(pokes, pid)
        await end_of(poker)
        assert await pid.call("seen") == (Exit(poker, "poke"),)


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


@pytest.mark.parametrize("kind", [Goodbye, GoodbyeAsync, None], ids=["plain", "async", "a supervisor"])
@virtual_time
async def test_a_suspended_process_still_obeys_its_supervisor(kind):
    loop = asyncio.get_running_loop()
    said = []
    async with virtual_node(resources={"said": said}) as node:
        if kind is None:
            pid = await node.start(Supervisor([ChildSpec("child", Goodbye)]))
        else:
            pid = await serve(node, kind)
        pid._process.pause()
        pid.send("a message that waits")
        before = loop.time()
    assert loop.time() - before < 2
    assert said == [("shutdown", "last")]


@virtual_time
async def test_after_the_node_has_stopped_nothing_can_be_started():
    node = virtual_node()
    async with node:
        pid = await serve(node, Account, "x")
    with pytest.raises(NodeError, match="is not running"):
        await node.start(ChildSpec("x", Account, "x"))
    assert not pid.alive


@virtual_time
async def test_a_call_that_stays_unanswered_fails_when_the_node_stops():
    class Silent(Server):
        def init(self):
            return 0

        def handle_call(self, message, caller, state):
            return NoReply(state)

    async with virtual_node() as node:
        pid = await serve(node, Silent)
        call = asyncio.ensure_future(pid.call("x", timeout=None))
        await asyncio.sleep(1)
    with pytest.raises(ProcessDied, match="shutdown"):
        await call
