"""Mailboxes against a model of them: whatever is sent, by whom and how, nothing is lost, doubled or overtaken.

Three processes are sent to, by the host and by two other processes: a server, a server with async handlers, and a
coroutine process that takes what it is told to take. They are suspended, resumed and killed on the way.

    a message is (sender, number)             handled: what a process has taken, in order
    one sender's messages                     are handled in the order in which it sent them
    a process that is neither suspended       has handled, once, all that it was sent
    a suspended one                           handles nothing, and says its state when it is asked
    a killed one                              never handles anything again, and its callers are told
"""

import asyncio
import logging

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from runtime import Call, CallError, ProcessDied, Reply, Server, system
from tests.support.clock import VirtualLoop, virtual_node
from tests.support.processes import quiet, serve


@pytest.fixture(autouse=True)
def quiet_log(caplog):
    """Hundreds of intended kills are no news."""
    caplog.set_level(logging.CRITICAL, logger="observer")


class Takes(Server):
    """Keeps what it takes in a list that the test holds."""

    def init(self, handled):
        return handled

    def handle_call(self, message, caller, handled):
        self.resource(handled).append(message)
        return Reply(message, handled)

    def handle_cast(self, message, handled):
        self.resource(handled).append(message)
        return handled

    handle_info = handle_cast


class TakesAsync(Takes):
    async def handle_call(self, message, caller, handled):
        self.resource(handled).append(message)
        await asyncio.sleep(0.01)
        return Reply(message, handled)

    async def handle_cast(self, message, handled):
        self.resource(handled).append(message)
        await asyncio.sleep(0)
        return handled

    async def handle_info(self, message, handled):
        self.resource(handled).append(message)
        return handled


WANTS = {
    "any": lambda number: True,
    "even": lambda number: number % 2 == 0,
    "odd": lambda number: number % 2 == 1,
}


async def takes_what_it_is_told(process, handled):
    """First a want, then the oldest message that it names, and so on."""
    while True:
        want = WANTS[await process.receive(match=str)]

        def wanted(item, want=want):
            message = item.message if isinstance(item, Call) else item
            return isinstance(message, tuple) and want(message[1])

        item = await process.receive(match=wanted)
        if isinstance(item, Call):
            item.caller.reply(item.message)
            item = item.message
        process.resource(handled).append(item)


class Relays(Server):
    """Sends on, in its own name."""

    def init(self):
        return 0

    def handle_cast(self, message, state):
        target, way, body = message
        getattr(target, way)(body)
        return state


class Target:
    """What the model knows of one process."""

    def __init__(self, pid, handled):
        self.pid = pid
        self.handled = handled
        self.sent = {}  # sender → its messages, in order
        self.order = []  # what the host has sent a coroutine: messages and wants
        self.suspended_at = None  # how much it may have handled: what it had, and the step that it was in


KINDS = ("server", "async server", "coroutine")
senders = st.sampled_from(["host", "one", "two"])
bursts = st.lists(
    st.tuples(st.sampled_from(KINDS[:2]), senders, st.sampled_from(["cast", "send"])), min_size=1, max_size=8
)


class MailboxMachine(RuleBasedStateMachine):
    """Sends, suspends, kills; and compares."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.numbers = 0
        self.calls = []
        self.asked = []  # (target, what it will say)
        self.runner.run(self.boot())

    async def boot(self):
        self.node = virtual_node("machine")
        await self.node.__aenter__()
        self.relays = {name: await serve(self.node, Relays) for name in ("one", "two")}
        self.targets = {}
        self.ended = []
        for kind in KINDS:
            await self.start(kind)

    async def start(self, kind):
        self.numbers += 1
        key = f"handled {self.numbers}"
        handled = self.node.resources[key] = []
        if kind == "coroutine":
            pid = self.node.spawn(takes_what_it_is_told, key)
        else:
            pid = await serve(self.node, Takes if kind == "server" else TakesAsync, key)
        self.targets[kind] = Target(pid, handled)

    def teardown(self):
        self.runner.run(self.finish())
        self.runner.close()

    async def finish(self):
        waiting = [*self.calls, *(asked for _, asked in self.asked)]
        for call in waiting:
            call.cancel()
        await self.node.stop()
        await asyncio.gather(*waiting, return_exceptions=True)

    def message(self, target, sender):
        """The next message of a sender, entered into the model."""
        self.numbers += 1
        body = (sender, self.numbers)
        target.sent.setdefault(sender, []).append(body)
        return body

    # --- what happens -----------------------------------------------------------------------------

    @rule(burst=bursts)
    def messages_are_sent_without_a_turn_between(self, burst):
        async def send():
            for kind, sender, way in burst:
                target = self.targets[kind]
                body = self.message(target, sender)
                if sender == "host":
                    getattr(target.pid, way)(body)
                else:
                    self.relays[sender].cast((target.pid, way, body))

        self.runner.run(send())

    @rule(kind=st.sampled_from(KINDS[:2]), before=st.integers(0, 2))
    def a_call_is_made_behind_some_casts(self, kind, before):
        async def call():
            target = self.targets[kind]
            for _ in range(before):
                target.pid.cast(self.message(target, "host"))
            body = self.message(target, "host")
            self.calls.append(asyncio.ensure_future(target.pid.call(body, timeout=None)))
            await asyncio.sleep(0)

        self.runner.run(call())

    @rule(kind=st.sampled_from(KINDS[:2]), times=st.integers(1, 3))
    def a_process_is_asked_its_state(self, kind, times):
        async def ask():
            target = self.targets[kind]
            for _ in range(times):
                asked = asyncio.ensure_future(system.get_state(target.pid, timeout=None))
                self.asked.append((target, asked))
            await asyncio.sleep(0)

        self.runner.run(ask())

    @rule(items=st.lists(st.sampled_from(["message", "call", "any", "even", "odd"]), min_size=1, max_size=6))
    def a_coroutine_is_sent_messages_and_wants(self, items):
        async def send():
            target = self.targets["coroutine"]
            for item in items:
                body = item if item in WANTS else self.message(target, "host")
                target.order.append(body)
                if item == "call":
                    self.calls.append(asyncio.ensure_future(target.pid.call(body, timeout=None)))
                    await asyncio.sleep(0)
                else:
                    target.pid.send(body)

        self.runner.run(send())

    @rule(kind=st.sampled_from(KINDS))
    def a_process_is_suspended(self, kind):
        target = self.targets[kind]
        if target.suspended_at is None:
            target.pid._process.pause()
            begun = 1 if target.pid._process.current is not None else 0
            target.suspended_at = len(target.handled) + begun

    @rule(kind=st.sampled_from(KINDS))
    def a_process_is_resumed(self, kind):
        target = self.targets[kind]
        if target.suspended_at is not None:
            target.suspended_at = None
            target.pid._process.unpause()

    @rule(kind=st.sampled_from(KINDS))
    def a_process_is_killed_and_another_started(self, kind):
        async def kill():
            target = self.targets[kind]
            target.pid._process.handle.exit(target.pid, "kill")
            self.ended.append((target, list(target.handled)))
            target.pid.cast("a dead letter")
            await self.start(kind)

        self.runner.run(kill())

    @rule(turns=st.integers(1, 5))
    def the_loop_makes_some_turns(self, turns):
        async def turn():
            for _ in range(turns):
                await asyncio.sleep(0)

        self.runner.run(turn())

    @rule()
    def everything_settles(self):
        self.runner.run(self.settle())
        for kind in KINDS[:2]:
            target = self.targets[kind]
            if target.suspended_at is None:
                sent = [body for bodies in target.sent.values() for body in bodies]
                assert sorted(target.handled) == sorted(sent)
        target = self.targets["coroutine"]
        if target.suspended_at is None:
            assert target.handled == taken(target.order)
        self.whoever_was_asked_has_answered()

    def whoever_was_asked_has_answered(self):
        for target, asked in self.asked:
            assert asked.done()
            if asked.exception() is None:
                assert self.node.resources[asked.result()] is target.handled
            else:
                assert type(asked.exception()) is ProcessDied
                assert not target.pid.alive
        self.asked.clear()

    async def settle(self):
        await quiet(self.node)
        await asyncio.sleep(10)  # the async handlers are over
        await quiet(self.node)

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def no_message_is_handled_twice(self):
        for target in self.targets.values():
            assert len(set(target.handled)) == len(target.handled)

    @invariant()
    def each_senders_messages_are_handled_in_its_order(self):
        for kind in KINDS[:2]:
            target = self.targets[kind]
            for sender, sent in target.sent.items():
                mine = [body for body in target.handled if body[0] == sender]
                assert mine == sent[: len(mine)]

    @invariant()
    def a_suspended_process_handles_nothing_but_the_step_that_it_was_in(self):
        for target in self.targets.values():
            assert target.suspended_at is None or len(target.handled) <= target.suspended_at

    @invariant()
    def a_killed_process_handles_nothing_any_more(self):
        for target, handled in self.ended:
            assert target.handled == handled
            assert target.pid._process.mailbox is None
        assert self.node.scheduler.dead_letters >= len(self.ended)

    @invariant()
    def a_call_is_answered_with_its_own_message_or_fails_with_its_process(self):
        for call in self.calls:
            if call.done() and call.exception() is not None:
                assert isinstance(call.exception(), CallError)
            elif call.done():
                answer = call.result()
                everywhere = [*self.targets.values(), *(target for target, _ in self.ended)]
                assert any(answer in target.handled for target in everywhere)


def taken(order):
    """What the coroutine has taken, by its own rules, of all that was sent."""
    wants = [item for item in order if isinstance(item, str)]
    waiting = [item for item in order if isinstance(item, tuple)]
    result = []
    for want in wants:
        match = next((item for item in waiting if WANTS[want](item[1])), None)
        if match is None:
            break
        waiting.remove(match)
        result.append(match)
    return result


TestMailboxMachine = MailboxMachine.TestCase
TestMailboxMachine.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, database=None, derandomize=True
)
