"""Bounded mailboxes: what becomes of one message too many, whoever sends it."""

import asyncio
import logging
import threading

import pytest

from runtime import (
    CallCycle,
    CallError,
    Down,
    Groups,
    Joined,
    MailboxFull,
    Node,
    PubSub,
    Reply,
    Server,
    TaskDone,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.eventually import eventually
from tests.support.processes import Obeys, end_of, quiet, serve


class Keeps(Server):
    """Keeps what it gets."""

    mailbox_limit = 2

    def init(self):
        return ()

    def handle_call(self, message, caller, seen):
        if isinstance(message, tuple):
            method, *arguments = message
            return Reply(getattr(self, method)(*arguments), seen)
        return Reply(seen, seen if message == "seen" else (*seen, message))

    def handle_cast(self, message, seen):
        return (*seen, message)

    def handle_info(self, message, seen):
        return (*seen, message)


class Drops(Keeps):
    mailbox_policy = "drop_oldest"


class Blocks(Keeps):
    mailbox_policy = "block"


class Sends(Server):
    """Casts to another what it is told to, plainly; and notes how far it has come."""

    def init(self, to):
        return (to, ())

    def handle_call(self, message, caller, state):
        return Reply(state[1], state)

    def handle_cast(self, messages, state):
        to, done = state
        for message in messages:
            try:
                to.cast(message)
            except MailboxFull:
                message = ("refused", message)  # noqa: PLW2901
            done = (*done, message)
        return (to, done)


class SendsAsync(Sends):
    async def handle_cast(self, messages, state):
        return Sends.handle_cast(self, messages, state)


SENDERS = pytest.mark.parametrize("sender", [Sends, SendsAsync])


async def full(node, behaviour):
    """A process that is suspended, and whose mailbox is full of 1 and 2."""
    pid = await serve(node, behaviour)
    pid._process.pause()
    pid.cast(1)
    pid.send(2)
    return pid


async def resume(pid):
    """Let it go on, until it has handled what had come."""
    pid._process.unpause()
    await quiet(pid._process.sched.node)


# --- refuse -------------------------------------------------------------------------------------------


@virtual_time
async def test_a_full_mailbox_refuses_casts_and_sends_and_the_sender_is_told():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        for send in (pid.cast, pid.send):
            with pytest.raises(MailboxFull, match=rf"the mailbox of {pid} is full \(2 messages\)") as error:
                send(3)
            assert (error.value.target, error.value.limit) == (pid, 2)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)
        assert pid._process.mailbox.refused == 2


@virtual_time
async def test_a_full_mailbox_refuses_calls_and_the_caller_is_told():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        with pytest.raises(MailboxFull):
            await pid.call("seen")
        assert not pid._process.owed
        await resume(pid)
        assert await pid.call("seen") == (1, 2)


@virtual_time
async def test_who_is_refused_again_and_again_lets_others_have_their_turns():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        asyncio.get_running_loop().call_soon(pid._process.unpause)
        while True:
            try:
                assert await pid.call("seen") == (1, 2)
                break
            except CallError:
                pass


@SENDERS
@virtual_time
async def test_a_handler_that_is_refused_gets_the_error(sender):
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        one = await serve(node, sender, pid)
        one.cast((3, 4))
        assert await one.call("done") == (("refused", 3), ("refused", 4))


@virtual_time
async def test_an_idle_process_with_a_limit_takes_one_message_after_the_other():
    async with virtual_node() as node:
        pid = await serve(node, Keeps)
        for number in range(5):
            pid.cast(number)
            await quiet(node)
            assert await pid.call("note") is not None
        assert await pid.call("seen") == (0, "note", 1, "note", 2, "note", 3, "note", 4, "note")
        assert pid._process.mailbox.refused == 0


@virtual_time
async def test_a_timer_that_meets_a_full_mailbox_drops_its_message_and_counts_it():
    async with virtual_node() as node:
        pid = await full(node, Keeps)
        one = await serve(node, Obeys)
        await one.call(("send_after", 1, "late", pid))
        await asyncio.sleep(2)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)
        assert pid._process.mailbox.refused == 1


@pytest.mark.parametrize("behaviour", [Keeps, Blocks])
@virtual_time
async def test_a_broadcast_is_held_up_by_nobody_who_is_full(behaviour):
    async with virtual_node() as node:
        topics = PubSub("topics")
        slow, one = await full(node, behaviour), await serve(node, Obeys)
        for pid in (slow, one):
            topics.subscribe(pid, "t")
        topics.broadcast(node, "t", "news")
        assert await one.call("seen") == ("news",)
        assert slow._process.mailbox.refused == 1


# --- drop_oldest ----------------------------------------------------------------------------------------


@virtual_time
async def test_the_oldest_message_makes_room():
    async with virtual_node() as node:
        pid = await full(node, Drops)
        pid.cast(3)
        pid.send(4)
        await resume(pid)
        assert await pid.call("seen") == (3, 4)
        assert pid._process.mailbox.dropped == 2


@virtual_time
async def test_the_caller_of_a_call_that_is_dropped_is_told():
    async with virtual_node() as node:
        pid = await serve(node, Drops)
        pid._process.pause()
        asked = asyncio.ensure_future(pid.call("asked"))
        await asyncio.sleep(0)
        pid.cast(1)
        pid.cast(2)
        with pytest.raises(MailboxFull, match="the call was its oldest message"):
            await asked
        await resume(pid)
        assert await pid.call("seen") == (1, 2)


@virtual_time
async def test_what_the_runtime_says_is_never_dropped():
    async with virtual_node() as node:
        one, pid = await serve(node, Obeys), await serve(node, Drops)
        ref = await pid.call(("monitor", one))
        pid._process.pause()
        one.cast("oops")
        await end_of(one)
        for number in range(5):
            pid.cast(number)
        await resume(pid)
        assert await pid.call("seen") == (Down(ref, one, "oops"), 4)


# --- the runtime's own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", [Keeps, Drops, Blocks])
@virtual_time
async def test_signals_are_taken_in_whatever_the_limit(behaviour):
    class Traps(behaviour):
        trap_exits = True

        def handle_call(self, message, caller, seen):
            if message == "task":
                return Reply(self.task(asyncio.sleep(1, "done")), seen)
            return super().handle_call(message, caller, seen)

    async with virtual_node() as node:
        groups = Groups("g")
        one, other, pid = await serve(node, Obeys), await serve(node, Obeys), await serve(node, Traps)
        down = await pid.call(("monitor", one))
        await pid.call(("link", one))
        task = await pid.call("task")
        joins, _ = groups.monitor(pid, "g")
        pid._process.pause()
        pid.cast(1)
        pid.send(2)
        one.cast("oops")
        await end_of(one)
        groups.join(other, "g")
        await asyncio.sleep(2)
        await resume(pid)
        await quiet(node)
        seen = await pid.call("seen")
        assert seen[:3] == (1, 2, Down(down, one, "oops"))
        assert type(seen[3]).__name__ == "Exit"
        assert seen[4:] == (Joined(joins, "g", (other,)), TaskDone(task, "done"))


@virtual_time
async def test_a_supervisor_shuts_a_process_down_that_is_full():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        pid._process.handle.exit(pid, "shutdown")
        assert await end_of(pid) == "shutdown"


# --- block ----------------------------------------------------------------------------------------------


@SENDERS
async def test_a_handler_that_sends_to_a_full_mailbox_stands_still_until_there_is_room(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one, other = await serve(node, sender, pid), await serve(node, Obeys)
        one.cast(tuple(range(3, 20)))
        await eventually(lambda: pid._process.mailbox.waiting)
        assert one._process.state[1] == ()
        assert await other.call("seen") == ()  # nobody else waits
        await resume(pid)
        await eventually(lambda: len(one._process.state[1]) == 17)
        assert await one.call("done") == tuple(range(3, 20))
        assert await pid.call("seen") == tuple(range(1, 20))


async def test_senders_that_wait_are_taken_in_in_the_order_in_which_they_came():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        senders = [await serve(node, kind, pid) for kind in (Sends, SendsAsync, Sends, SendsAsync)]
        for number, one in enumerate(senders):
            one.cast((("first", number),))
            await eventually(lambda number=number: len(pid._process.mailbox.waiting) == number + 1)
        await resume(pid)
        await eventually(lambda: len(pid._process.state) == 6)
        assert pid._process.state == (1, 2, *(("first", number) for number in range(4)))


async def test_a_task_beside_a_process_waits_too_and_its_process_does_not():
    class Helps(Obeys):
        def handle_call(self, message, caller, seen):
            if isinstance(message, tuple) and message[0] == "help":

                async def work():
                    message[1].cast("from a task")

                self.task(work())
                return Reply(None, seen)
            return super().handle_call(message, caller, seen)

    async with Node("t", introspection=False) as node:
        pid, one = await full(node, Blocks), await serve(node, Helps)
        await one.call(("help", pid))
        await eventually(lambda: pid._process.mailbox.waiting)
        assert await one.call("seen") == ()
        await resume(pid)
        await eventually(lambda: one._process.state)
        assert type(one._process.state[0]) is TaskDone
        assert await pid.call("seen") == (1, 2, "from a task")


@virtual_time
async def test_a_call_waits_for_room_and_then_for_its_answer():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        asked = asyncio.ensure_future(pid.call("asked"))
        await asyncio.sleep(1)
        assert not asked.done()
        await resume(pid)
        assert await asked == (1, 2)
        assert await pid.call("seen") == (1, 2, "asked")


@virtual_time
async def test_a_call_that_times_out_before_there_is_room_never_arrives():
    async with virtual_node() as node:
        pid = await full(node, Blocks)
        with pytest.raises(TimeoutError):
            await pid.call("asked", timeout=1)
        await resume(pid)
        await quiet(node)
        assert await pid.call("seen") == (1, 2)


@SENDERS
async def test_a_sender_that_waits_goes_on_when_the_other_ends(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast((3, 4))
        call = asyncio.ensure_future(pid.call("asked"))
        await eventually(lambda: len(pid._process.mailbox.waiting) == 2)
        pid._process.handle.exit(pid, "kill")
        await eventually(lambda: one._process.state[1])
        assert await one.call("done") == (3, 4)
        with pytest.raises(CallError, match="ended before it answered"):
            await call
        assert node.scheduler.dead_letters == 2


@SENDERS
async def test_what_a_sender_wanted_to_say_that_is_killed_while_it_waits_is_not_said(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast((3,))
        await eventually(lambda: pid._process.mailbox.waiting)
        one._process.handle.exit(one, "kill")
        await quiet(node)
        await resume(pid)
        assert await pid.call("seen") == (1, 2)
    assert not node.scheduler.workers.zombies


@SENDERS
async def test_a_node_stops_though_senders_wait(sender):
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, sender, pid)
        one.cast((3,))
        await eventually(lambda: pid._process.mailbox.waiting)
    assert not one.alive
    assert not node.scheduler.workers.zombies


async def test_the_host_is_refused_since_the_loop_waits_for_nobody():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        with pytest.raises(MailboxFull, match="its sender cannot wait here"):
            pid.cast(3)


async def test_a_process_is_refused_where_it_cannot_stand_still():
    class Tries(Server):
        def init(self):
            return ()

        def handle_call(self, to, caller, state):
            with self.critical(), pytest.raises(MailboxFull, match="cannot wait here"):
                to.cast(3)
            _Finalized(to)  # gone at once
            log = logging.Logger("t")  # noqa: LOG001 - one that goes with this test
            log.addHandler(_Casts(to))
            log.error("4")
            return Reply(log.handlers[0].refused, state)

    class _Casts(logging.Handler):
        def __init__(self, to):
            super().__init__()
            self.to = to
            self.refused = False

        def emit(self, record):
            try:
                self.to.cast(record.msg)
            except MailboxFull:
                self.refused = True  # its lock is locked for the thread: nobody could log meanwhile

    refusals = []

    class _Finalized:
        def __init__(self, to):
            self.to = to

        def __del__(self):
            try:
                self.to.cast(5)
            except MailboxFull:
                refusals.append("in a finalizer")  # whoever drops the last reference would wait

    async with Node("t", introspection=False) as node:
        pid, one = await full(node, Blocks), await serve(node, Tries)
        assert await one.call(pid)
        assert refusals == ["in a finalizer"]


async def test_a_process_that_sends_to_itself_does_not_wait_for_itself():
    class Talks(Blocks):
        def handle_cast(self, message, seen):
            if message != "talk":
                return (*seen, message)
            for number in range(4):
                try:
                    self.pid.cast(number)
                except MailboxFull:
                    seen = (*seen, "full")
            return seen

    async with Node("t", introspection=False) as node:
        pid = await serve(node, Talks)
        pid.cast("talk")
        await quiet(node)
        assert await pid.call("seen") == ("full", "full", 0, 1)


class Fills(Server):
    """Casts to another, once told whom."""

    mailbox_limit = 1
    mailbox_policy = "block"

    def init(self):
        return ("began",)

    def handle_call(self, message, caller, seen):
        if message == "seen":
            return Reply(seen, seen)
        return Reply(self._send(message), seen)

    def handle_cast(self, message, seen):
        if isinstance(message, tuple):
            return (*seen, self._send(message))
        return (*seen, message)

    def _send(self, targets):
        for to in targets:
            try:
                to.cast("x")
            except MailboxFull as error:
                return str(error)
        return "sent"


class FillsAsync(Fills):
    async def handle_cast(self, message, seen):
        return Fills.handle_cast(self, message, seen)


@pytest.mark.parametrize("kind", [Fills, FillsAsync])
async def test_handlers_that_fill_each_others_mailboxes_do_not_wait_for_ever(kind):
    async with Node("t", introspection=False) as node:
        one, two = await serve(node, kind), await serve(node, kind)
        for pid in (one, two):
            pid._process.pause()
        one.cast((two, two))
        two.cast((one, one))
        for pid in (one, two):
            pid._process.unpause()
        await eventually(lambda: len(one._process.state) >= 3 and len(two._process.state) >= 3)
        told = [text for pid in (one, two) for text in pid._process.state if "waits itself for" in text]
        assert len(told) == 1
        assert not node.scheduler.waits.room


class Calls(Fills):
    """Calls another, which casts to it."""

    def handle_cast(self, message, seen):
        if not isinstance(message, tuple):
            return (*seen, message)
        try:
            return (*seen, self.call(message[0], (self.pid, self.pid)))
        except CallCycle:
            return (*seen, "cycle")


async def test_a_call_is_a_cycle_when_its_handler_waits_for_room_with_its_caller():
    async with Node("t", introspection=False) as node:
        one, two = await serve(node, Calls), await serve(node, Fills)
        one.cast((two,))  # the call runs at once, and is known as a wait once it stands still
        await eventually(lambda: one._process.state == ("began", "cycle", "x", "x"))


async def test_a_handler_does_not_wait_for_room_with_the_caller_whom_it_answers():
    async with Node("t", introspection=False) as node:
        one, two = await serve(node, Calls), await serve(node, Fills)
        two._process.pause()
        one.cast((two,))
        await eventually(lambda: node.scheduler.waits.blocked)
        two._process.unpause()
        await eventually(lambda: len(one._process.state) == 3)
        assert f"and waits itself for {two}, which sends" in one._process.state[1]
        assert one._process.state[2] == "x"


async def test_what_waits_for_room_beside_a_process_closes_no_circle():
    class Helps(Fills):
        def handle_call(self, message, caller, seen):
            if message == "seen":
                return Reply(seen, seen)

            async def work():
                self._send(message)

            self.task(work())
            return Reply(None, seen)

        def handle_info(self, message, seen):
            return seen

    async with Node("t", introspection=False) as node:
        one, two = await serve(node, Helps), await serve(node, Helps)
        for pid in (one, two):
            await pid.call((two if pid is one else one,) * 30)
        await eventually(lambda: len(one._process.state) == len(two._process.state) == 31)


async def test_without_time_slicing_nobody_can_stand_still():
    async with Node("t", introspection=False, time_slicing=False) as node:
        pid = await full(node, Blocks)
        one = await serve(node, Sends, pid)
        one.cast((3,))
        assert await one.call("done") == (("refused", 3),)


# --- other threads --------------------------------------------------------------------------------------


async def test_a_thread_is_refused_by_what_is_full_at_that_moment():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Keeps)

        def elsewhere():
            with pytest.raises(MailboxFull):
                pid.cast(3)

        await asyncio.to_thread(elsewhere)
        await eventually(lambda: pid._process.mailbox.refused == 1)
        await resume(pid)
        await quiet(node)
        await asyncio.to_thread(pid.cast, 4)
        await eventually(lambda: pid._process.state == (1, 2, 4))


async def test_what_a_thread_sends_that_meets_a_full_mailbox_on_its_way_is_counted():
    async with Node("t", introspection=False) as node:
        pid = await serve(node, Keeps)
        pid._process.pause()

        def elsewhere():
            for number in range(5):
                pid.cast(number)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()  # the loop has had no turn
        await eventually(lambda: pid._process.mailbox.refused == 3)
        await resume(pid)
        assert await pid.call("seen") == (0, 1)


async def test_a_thread_waits_for_room():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        thread = threading.Thread(target=lambda: [pid.cast(number) for number in range(3, 6)])
        thread.start()
        await eventually(lambda: pid._process.mailbox.waiting)
        assert thread.is_alive()
        await resume(pid)
        await eventually(lambda: not thread.is_alive())
        assert await pid.call("seen") == (1, 2, 3, 4, 5)


async def test_a_thread_that_waits_goes_on_when_the_process_ends():
    async with Node("t", introspection=False) as node:
        pid = await full(node, Blocks)
        thread = threading.Thread(target=pid.cast, args=(3,))
        thread.start()
        await eventually(lambda: pid._process.mailbox.waiting)
    await eventually(lambda: not thread.is_alive())


# --- what is seen of it ---------------------------------------------------------------------------------


@virtual_time
async def test_an_overflow_is_an_event_and_the_next_one_only_after_the_mailbox_was_half_empty():
    def overflows(node):
        records, _, _ = node.ledger.recorder.since(0, 1000)
        return [(record.pid, record.text) for record in records if record.kind == "overflow"]

    async with virtual_node() as node:
        pid = await full(node, Drops)
        for number in range(5):
            pid.cast(number)
        event = (pid.number, "mailbox full at 2: drop_oldest")
        assert overflows(node) == [event]
        assert any(item[2] == "mailbox full at 2: drop_oldest" for item in pid._process.events)
        await resume(pid)
        await quiet(node)
        pid._process.pause()
        for number in range(5):
            pid.cast(number)
        assert overflows(node) == [event, event]


# --- how it is declared ---------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "10"], ids=repr)
def test_a_limit_is_a_number_of_messages(limit):
    with pytest.raises(ValueError, match="it is a number of messages, 1 or more, or None"):

        class Wrong(Server):
            mailbox_limit = limit


def test_a_policy_is_one_of_three():
    with pytest.raises(ValueError, match="it is one of refuse, drop_oldest, block"):

        class Wrong(Server):
            mailbox_policy = "wait"


@virtual_time
async def test_a_process_without_a_limit_is_what_it_was():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        assert type(pid._process).__name__ == "ServerProcess"
        for number in range(1000):
            pid.send(number)
        assert type(pid._process.mailbox).__name__ == "deque"
