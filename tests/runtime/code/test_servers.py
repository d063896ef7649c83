"""Servers get new code between two messages, and keep pid, state, mailbox and the answers that they owe."""

import asyncio

import pytest

from runtime import ChildSpec, Server, Supervisor, UpgradeRefused
from runtime.code.transaction import Transaction
from runtime.status import AWAITING, PARKED
from tests.support.agents_sources import COUNTER
from tests.support.eventually import eventually, more


async def test_a_server_answers_with_the_new_code_and_keeps_its_pid_and_state(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    assert await pid.call(counter.Add(5)) == 5
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    upgrade = await node.code.apply("counter", by="alice")
    assert upgrade.done
    assert (upgrade.by, upgrade.processes) == ("alice", 1)
    assert pid.alive
    assert await pid.call("version") == 2
    new = disk.load("counter")
    assert new is not counter
    assert type(pid._process.state) is new.State
    assert await pid.call(new.Add(1)) == 6


async def test_a_mailbox_full_of_messages_of_the_old_class_is_handled_by_the_new_code(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    pid._process.pause()
    calls = [asyncio.ensure_future(pid.call(counter.Add(1))) for _ in range(50)]
    await eventually(lambda: pid._process.letters == 50)
    disk.edit("counter", "Reply(state.total, state)", "Reply(('new', state.total), state)")
    upgrade = await node.code.apply("counter")
    assert upgrade.messages == 50
    assert pid._process.suspend, "whom an operator has suspended stays so"
    pid._process.unpause()
    assert await asyncio.gather(*calls) == [("new", number) for number in range(1, 51)]


async def test_under_load_no_call_is_lost_repeated_or_answered_twice(disk, node):
    counter = disk.load("counter", COUNTER)
    pids = [
        await node.start(ChildSpec(("counter", number), counter.Counter, register=False))
        for number in range(40)
    ]
    totals = dict.fromkeys(pids, 0)
    stop = False

    async def client(pid):
        while not stop:
            answer = await pid.call(counter.Add(1))
            totals[pid] += 1
            assert answer == totals[pid]

    clients = [asyncio.ensure_future(client(pid)) for pid in pids]
    for version in range(2, 6):
        await more(lambda: min(totals.values()))
        disk.edit("counter", f"Reply({version - 1}, state)", f"Reply({version}, state)")
        upgrade = await node.code.apply("counter")
        assert upgrade.processes == 40
        counter = disk.load("counter")
    await node.code.rollback("counter")
    await more(lambda: min(totals.values()))
    stop = True
    await asyncio.gather(*clients)
    for pid in pids:
        assert pid._process.state.total == totals[pid] > 0
        assert await pid.call("version") == 4


async def test_an_async_step_finishes_on_the_old_code_and_the_next_message_has_the_new(disk, node):
    module = disk.load(
        "slow",
        """
        import asyncio
        from runtime import Reply, Server

        GATE = asyncio.Event()

        class Slow(Server):
            def init(self):
                return ()

            async def handle_call(self, message, caller, seen):
                await GATE.wait()
                return Reply("old", (*seen, message))
        """,
    )
    pid = await node.start(ChildSpec("slow", module.Slow))
    calls = [asyncio.ensure_future(pid.call(number)) for number in range(3)]
    await eventually(lambda: pid._process.letters == 2)
    disk.edit("slow", '"old"', '"new"')
    disk.edit("slow", "await GATE.wait()", "pass")
    applying = asyncio.ensure_future(node.code.apply("slow"))
    await eventually(lambda: module.Slow.handle_call.__module__ == "runtime.code.doors")
    module.GATE.set()
    assert (await applying).done
    assert await asyncio.gather(*calls) == ["old", "new", "new"]
    assert pid._process.state == (0, 1, 2)


ENDLESS = """
    import asyncio
    from runtime import Reply, Server

    class Endless(Server):
        def init(self):
            return 0

        async def handle_info(self, message, state):
            await asyncio.Event().wait()

        def handle_call(self, message, caller, state):
            return Reply("old", state)
"""


async def test_a_step_that_does_not_finish_in_time_refuses_the_upgrade(disk, node):
    module = disk.load("endless", ENDLESS)
    busy = await node.start(ChildSpec("busy", module.Endless))
    idle = await node.start(ChildSpec("idle", module.Endless))
    busy.send("go")
    await eventually(lambda: busy._process.status == AWAITING)
    disk.edit("endless", '"old"', '"new"')
    with pytest.raises(UpgradeRefused, match=r"has not finished within 0\.1 s"):
        await node.code.apply("endless", deadline=0.1)
    assert await idle.call("?") == "old"
    assert disk.load("endless") is module
    assert not node.code.history[-1].done


async def test_a_step_that_does_not_finish_in_time_is_killed_where_that_was_chosen(disk, node):
    module = disk.load("endless", ENDLESS)
    await node.start(Supervisor([ChildSpec("busy", module.Endless)]))
    busy = node.whereis("busy")
    busy.send("go")
    await eventually(lambda: busy._process.status == AWAITING)
    disk.edit("endless", '"old"', '"new"')
    upgrade = await node.code.apply("endless", deadline=0.1, overdue="kill")
    assert not busy.alive
    assert "was killed" in upgrade.notes[0]
    assert await node.named("busy").call("?") == "new"


async def test_a_parked_step_finishes_on_the_old_code(disk, node):
    module = disk.load(
        "spinner",
        """
        import time
        from runtime import Reply, Server

        class Spinner(Server):
            def init(self):
                return 0

            def handle_call(self, message, caller, state):
                until = time.perf_counter() + message
                while time.perf_counter() < until:
                    pass
                return Reply("old", state + 1)
        """,
    )
    pid = await node.start(ChildSpec("spinner", module.Spinner))
    calls = [asyncio.ensure_future(pid.call(1.0)) for _ in range(2)]
    await eventually(lambda: pid._process.status == PARKED and pid._process.letters == 1)
    disk.edit("spinner", '"old"', '"new"')
    upgrade = await node.code.apply("spinner", deadline=30)
    assert upgrade.done
    assert await asyncio.gather(*calls) == ["old", "new"]
    assert pid._process.state == 2


async def test_a_restart_after_the_upgrade_starts_the_new_code(disk, node):
    counter = disk.load("counter", COUNTER)
    spec = ChildSpec("later", counter.Counter, register=False)
    await node.start(Supervisor([ChildSpec("counter", counter.Counter)]))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    before = node.whereis("counter")
    before._process.handle.exit(before, "kill")
    await eventually(lambda: node.whereis("counter") not in {None, before})
    assert await node.named("counter").call("version") == 2
    later = await node.start(spec)
    assert await later.call("version") == 2, "a spec that the host has kept names the behaviour, not its code"


async def test_a_server_that_starts_during_the_upgrade_gets_the_new_code(disk, node):
    counter = disk.load("counter", COUNTER)
    await node.start(ChildSpec("counter", counter.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    applying = asyncio.ensure_future(node.code.apply("counter"))
    started = []
    while not applying.done():
        spec = ChildSpec(("more", len(started)), counter.Counter, register=False)
        started.append(await node.start(spec))
        await asyncio.sleep(0)
    assert (await applying).done
    assert {await pid.call("version") for pid in started} == {2}


async def test_processes_of_other_modules_are_left_alone(disk, node):
    counter = disk.load("counter", COUNTER)
    disk.load("other", COUNTER)
    other = await node.start(ChildSpec("other", disk.load("other").Counter))
    await node.start(ChildSpec("counter", counter.Counter))
    handle = other._process.handle
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    assert (await node.code.apply("counter")).processes == 1
    assert other._process.handle is handle


async def test_nothing_stands_in_the_way_of_the_handlers_of_current_code(disk, node):
    counter = disk.load("counter", COUNTER)
    await node.start(ChildSpec("counter", counter.Counter))
    before = dict(vars(counter.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    new = disk.load("counter").Counter
    assert {name for name in vars(new) if name.startswith("handle")} == {"handle_call", "handle_cast"}
    assert new.handle_call.__module__ == "counter"
    await node.code.rollback("counter")
    assert dict(vars(counter.Counter)) == before
    assert vars(Server)["handle_info"].__module__ == "runtime.server"


async def test_a_turn_that_was_interrupted_by_a_long_step_goes_on_with_the_new_code(disk, node):
    source = """
    import time
    from runtime import Server

    class Spinner(Server):
        def init(self):
            return ()

        def handle_cast(self, message, seen):
            until = time.perf_counter() + message
            while time.perf_counter() < until:
                pass
            return (*seen, 1)
    """
    module = disk.load("spinner", source)
    pid = await node.start(ChildSpec("spinner", module.Spinner))
    disk.edit("spinner", "(*seen, 1)", "(*seen, 2)")
    swapped, code_sweep = asyncio.Event(), Transaction.sweep

    async def late_sweep(self):  # the first message after the commit is swapped by its door, in its turn
        pid.cast(0.3)
        pid.cast(0)
        await eventually(lambda: pid._process.status == PARKED)
        await code_sweep(self)
        swapped.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transaction, "sweep", late_sweep)
        patch.setattr("runtime.scheduler.TURN_S", 5.0)  # its turn goes on after the long step
        await node.code.apply("spinner")
        assert swapped.is_set()
        assert pid._process.current is not None, "its step is parked, and its turn not over"
        await eventually(lambda: len(pid._process.state) == 2)
    assert pid._process.state == (2, 2)


async def test_async_servers_under_load_lose_nothing(disk, node):
    source = COUNTER.replace("def handle_call", "async def handle_call").replace(
        "match message:", "await asyncio.sleep(0)\n            match message:"
    )
    counter = disk.load("counter", "    import asyncio\n" + source)
    pids = [await node.start(ChildSpec(("c", n), counter.Counter, register=False)) for n in range(20)]
    totals, stop = dict.fromkeys(pids, 0), False

    async def client(pid):
        while not stop:
            answer = await pid.call(counter.Add(1))
            totals[pid] += 1
            assert answer == totals[pid]

    clients = [asyncio.ensure_future(client(pid)) for pid in pids]
    for version in (2, 3):
        await more(lambda: min(totals.values()))
        disk.edit("counter", f"Reply({version - 1}, state)", f"Reply({version}, state)")
        assert (await node.code.apply("counter")).processes == 20
    await more(lambda: min(totals.values()))
    stop = True
    await asyncio.gather(*clients)
    assert {await pid.call("version") for pid in pids} == {3}
    assert all(pid._process.state.total == totals[pid] > 0 for pid in pids)


async def test_who_stops_waiting_does_not_stop_the_upgrade(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(node.code.apply("counter"), 0)
    applying = asyncio.ensure_future(node.code.apply("counter"))
    await asyncio.sleep(0)
    applying.cancel()
    await eventually(lambda: node.code.history)
    assert await pid.call("version") == 2


async def test_a_server_with_a_thread_of_its_own_is_swapped_when_its_thread_is_through(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter, thread=True))
    calls = [asyncio.ensure_future(pid.call(counter.Add(1))) for _ in range(20)]
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    assert (await node.code.apply("counter")).processes == 1
    assert await asyncio.gather(*calls) == list(range(1, 21))
    assert await pid.call("version") == 2


async def test_a_server_with_a_limited_mailbox_keeps_its_messages(disk, node):
    counter = disk.load(
        "counter", COUNTER.replace("Server[State]):", "Server[State]):\n        mailbox_limit = 3\n")
    )
    pid = await node.start(ChildSpec("counter", counter.Counter))
    pid._process.pause()
    for _ in range(3):
        pid.cast(counter.Add(1))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    assert {type(entry[1]) for entry in pid._process.mailbox} == {disk.load("counter").Add}
    pid._process.unpause()
    await eventually(lambda: pid._process.state.total == 3)


async def test_steps_that_wait_for_one_another_are_finished_before_they_are_held(disk, node):
    chain = disk.load(
        "chain",
        """
        from runtime import Reply, Server

        class Asks(Server):
            def init(self, other):
                return other

            async def handle_call(self, message, caller, other):
                return Reply(("old", await other.call(message) if other else message), other)
        """,
    )
    last = await node.start(ChildSpec("last", chain.Asks, ""))
    several = [await node.start(ChildSpec(number, chain.Asks, last, register=False)) for number in range(5)]
    stop = False

    answers = 0

    async def client(pid):
        nonlocal answers
        while not stop:
            await pid.call("x")
            answers += 1

    running = [asyncio.ensure_future(client(pid)) for pid in several * 2]
    for old, new in (("old", "new"), ("new", "newer")):
        await more(lambda: answers)
        disk.edit("chain", f'Reply(("{old}"', f'Reply(("{new}"')
        assert (await node.code.apply("chain", deadline=2)).processes == 6
    stop = True
    await asyncio.gather(*running)
    assert await several[0].call("x") == ("newer", ("newer", "x"))
