"""Coroutine processes get new code at a receive, if they have said how to go on; else they keep the old, and are listed."""

import asyncio

import pytest

from runtime import ChildSpec, UpgradeRefused
from tests.support.agents_sources import WORKER
from tests.support.eventually import eventually


async def test_a_coroutine_process_begins_anew_with_what_it_has_left(disk, node):
    module = disk.load("work", WORKER)
    pid = node.spawn(module.worker)
    assert await pid.call(5) == (1, 5)
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    upgrade = await node.code.apply("work")
    assert (upgrade.processes, upgrade.left) == (1, 0)
    assert await pid.call(1) == (2, 6)
    await node.code.rollback("work")
    assert await pid.call(1) == (1, 7)


async def test_messages_that_wait_are_received_by_the_new_code(disk, node):
    module = disk.load("work", WORKER)
    pid = node.spawn(module.worker)
    await pid.call(0)
    pid._process.pause()
    calls = [asyncio.ensure_future(pid.call(1)) for _ in range(3)]
    await eventually(lambda: pid._process.letters == 3)
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    await node.code.apply("work")
    pid._process.unpause()
    assert await asyncio.gather(*calls) == [(2, 1), (2, 2), (2, 3)]


async def test_one_that_does_not_receive_gets_it_at_its_next_receive(disk, node):
    source = WORKER.replace("total += call.message", "total += call.message\n            await GATE.wait()")
    module = disk.load("work", "    import asyncio\n    GATE = asyncio.Event()\n" + source)
    pid = node.spawn(module.worker)
    first = asyncio.ensure_future(pid.call(1))
    await eventually(lambda: pid._process.received is not None)
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    disk.edit("work", "await GATE.wait()", "pass")
    upgrade = await node.code.apply("work")
    assert upgrade.left == 1
    (old,) = node.code.on_old_code()
    assert (old.pid, old.why) == (str(pid), "it gets the new code at its next receive")
    second = asyncio.ensure_future(pid.call(1))
    module.GATE.set()
    assert await first == (1, 1)
    assert await second == (2, 2)
    assert node.code.on_old_code() == ()


async def test_one_that_has_not_said_how_to_go_on_keeps_the_old_code_and_is_listed(disk, node):
    module = disk.load("work", WORKER.replace("process.continue_with(total)", "pass"))
    version = next(info.version for info in node.code.modules()) if node.code.modules() else None
    pid = node.spawn(module.worker)
    await pid.call(1)
    version = node.code.modules()[0].version
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    plan = await node.code.plan("work")
    assert "has not called continue_with" in plan.affected[0].how
    upgrade = await node.code.apply(plan)
    assert (upgrade.processes, upgrade.left) == (0, 1)
    assert await pid.call(1) == (1, 2)
    (old,) = node.code.on_old_code()
    assert (old.pid, old.version) == (str(pid), version)
    (info,) = node.code.modules()
    assert (info.processes, info.on_old) == (0, 1)
    assert await node.spawn(module.worker).call(1) == (2, 1), "who starts now starts the new code"


async def test_one_that_asks_for_it_is_restarted_with_its_first_arguments(disk, node):
    module = disk.load(
        "work",
        """
        from runtime import restarts_on_upgrade

        @restarts_on_upgrade
        async def worker(process, total):
            while True:
                call = await process.receive()
                total += call.message
                call.caller.reply((1, total))
        """,
    )
    pid = await node.start(ChildSpec("worker", module.worker, 10))
    spawned = node.spawn(module.worker, 20)
    assert await pid.call(5) == (1, 15)
    await spawned.call(5)
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    assert (await node.code.apply("work")).processes == 2
    assert await pid.call(5) == (2, 15)
    assert await spawned.call(5) == (2, 25)
    assert pid.alive


async def test_what_is_left_of_the_old_coroutine_finds_a_process_that_has_ended(disk, node):
    module = disk.load(
        "stubborn",
        """
        import asyncio
        LEFT = []

        async def worker(process, n=0):
            process.continue_with(n + 1)
            try:
                await process.receive(int)
            except asyncio.CancelledError:
                try:
                    await process.receive()
                except Exception as error:
                    LEFT.append(type(error).__name__)
        """,
    )
    pid = node.spawn(module.worker)
    await eventually(lambda: pid._process.receiver is not None)
    disk.edit("stubborn", "LEFT = []", "LEFT = [0]")
    upgrade = await node.code.apply("stubborn")
    assert upgrade.processes == 1
    await eventually(lambda: module.LEFT == ["NoProcess"])
    await eventually(lambda: pid._process.receiver is not None)
    assert pid.alive
    pid.send(1)
    await eventually(lambda: not pid.alive)
    assert pid._process.reason == "normal"


async def test_a_receive_within_a_time_limit_is_left_as_any_other(disk, node):
    source = WORKER.replace("await process.receive()", "await asyncio.wait_for(process.receive(), 100)")
    module = disk.load("work", "    import asyncio\n" + source)
    pid = node.spawn(module.worker)
    await eventually(lambda: pid._process.receiver is not None)
    disk.edit("work", "await asyncio.wait_for(process.receive(), 100)", "await process.receive()")
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    assert (await node.code.apply("work")).processes == 1
    await eventually(lambda: pid._process.receiver is not None)
    assert await pid.call(3) == (2, 3)


async def test_a_function_that_cannot_begin_with_it_is_refused(disk, node):
    module = disk.load("work", WORKER)
    pid = node.spawn(module.worker)
    assert await pid.call(5) == (1, 5)
    disk.edit("work", "worker(process, total=0)", "worker(process)")
    disk.edit("work", "while True:", "total = 0\n    while True:")
    with pytest.raises(UpgradeRefused, match="cannot begin with what continue_with has left"):
        await node.code.apply("work")
    assert await pid.call(1) == (1, 6)


async def test_monitors_links_and_names_outlive_it(disk, node):
    module = disk.load("work", WORKER)
    pid = await node.start(ChildSpec("worker", module.worker))
    downs = []

    async def watcher(process):
        process.monitor(pid)
        downs.append(await process.receive())

    node.spawn(watcher)
    await pid.call(1)
    disk.edit("work", "reply((1, total))", "reply((2, total))")
    await node.code.apply("work")
    assert await node.named("worker").call(0) == (2, 1)
    assert not downs
    pid._process.handle.exit(pid, "kill")
    await eventually(lambda: downs)
