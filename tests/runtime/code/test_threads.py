"""Servers with a thread of their own get new code between two messages; what runs on the thread is finished on the old code first."""

import asyncio
import threading

import pytest

from runtime import ChildSpec, ProcessDied, Supervisor, UpgradeRefused, system
from runtime.status import SUSPENDED
from tests.support.eventually import eventually, more

THREADED = """
    import threading
    from runtime import Reply, Server

    GATE = threading.Event()

    class Works(Server):
        def init(self):
            return (threading.get_ident(),)

        def handle_call(self, message, caller, seen):
            if message == "wait":
                assert GATE.wait(10)
            return Reply(("old", threading.get_ident(), len(seen)), (*seen, message))

        def handle_cast(self, message, seen):
            return (*seen, message)

    class Asks(Server):
        def init(self, other):
            return other

        async def handle_call(self, message, caller, other):
            return Reply(("old", await other.call(message)), other)
"""


@pytest.fixture
def module(disk):
    made = disk.load("threaded", THREADED)
    yield made
    made.GATE.set()


async def threaded(node, module):
    return await node.start(ChildSpec("works", module.Works, thread=True, restart="temporary"))


async def test_it_keeps_its_thread_its_pid_and_its_state(disk, node, module):
    pid = await threaded(node, module)
    _, thread, _ = await pid.call("one")
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')
    upgrade = await node.code.apply("threaded")
    assert (upgrade.processes, upgrade.left) == (1, 0)
    assert await pid.call("two") == ("new", thread, 2)
    await node.code.rollback("threaded")
    assert await pid.call("three") == ("old", thread, 3)


async def test_a_handler_on_its_thread_is_finished_on_the_old_code_and_the_next_message_has_the_new(
    disk, node, module
):
    pid = await threaded(node, module)
    calls = [asyncio.ensure_future(pid.call(message)) for message in ("wait", "next")]
    await eventually(lambda: pid._process.current is not None and pid._process.letters == 1)
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')
    applying = asyncio.ensure_future(node.code.apply("threaded"))
    await eventually(lambda: pid._process.suspend)
    await asyncio.sleep(0.01)
    assert not applying.done(), "it waits for the handler"
    module.GATE.set()
    upgrade = await applying
    assert upgrade.processes == 1
    assert [answer[0] for answer in await asyncio.gather(*calls)] == ["old", "new"]


async def test_one_that_does_not_finish_refuses_the_upgrade_and_goes_on(disk, node, module):
    pid = await threaded(node, module)
    calls = [asyncio.ensure_future(pid.call(message)) for message in ("wait", "next")]
    await eventually(lambda: pid._process.current is not None and pid._process.letters == 1)
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')
    with pytest.raises(UpgradeRefused, match=r"within 0\.1 s"):
        await node.code.apply("threaded", deadline=0.1)
    module.GATE.set()
    assert [answer[0] for answer in await asyncio.gather(*calls)] == ["old", "old"]


async def test_one_that_does_not_finish_can_be_killed_and_is_restarted_on_the_new_code(disk, node, module):
    await node.start(Supervisor([ChildSpec("works", module.Works, thread=True)]))
    first = node.whereis("works")
    asking = asyncio.ensure_future(first.call("wait"))
    await eventually(lambda: first._process.current is not None)
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')
    upgrade = await node.code.apply("threaded", deadline=0.1, overdue="kill")
    assert "was killed" in upgrade.notes[0]
    with pytest.raises(Exception, match="killed"):
        await asking
    await eventually(lambda: node.whereis("works") not in {None, first})
    assert (await node.whereis("works").call("x"))[0] == "new"
    module.GATE.set()
    await eventually(lambda: not node.scheduler.lanes and not node.scheduler.workers.zombies)


async def test_under_load_no_message_is_lost_or_handled_twice(disk, node, module):
    pid = await threaded(node, module)
    sent, stop = 0, False

    async def client():
        nonlocal sent
        while not stop:
            answer = await pid.call("x")
            sent += 1
            assert answer[2] == sent
            await asyncio.sleep(0)

    running = asyncio.ensure_future(client())
    for old, new in (("old", "new"), ("new", "newer")):
        disk.edit("threaded", f'Reply(("{old}", threading', f'Reply(("{new}", threading')
        await node.code.apply("threaded")
        await more(lambda: sent)
    await node.code.rollback("threaded")
    stop = True
    await running
    assert (await pid.call("x"))[0] == "new"
    assert threading.active_count() < 20


@pytest.mark.parametrize("place", ["thread", "isolated"])
async def test_a_step_that_waits_for_an_answer_of_one_that_is_held_gets_it(disk, node, module, place):
    works = await node.start(ChildSpec("works", module.Works, **{place: True}))
    several = [await node.start(ChildSpec(number, module.Asks, works, register=False)) for number in range(4)]
    answers, stop = 0, False

    async def client(asks):
        nonlocal answers
        while not stop:
            await asks.call("x")
            answers += 1

    running = [asyncio.ensure_future(client(asks)) for asks in several]
    await more(lambda: answers)
    for old, new in (("old", "new"), ("new", "newer"), ("newer", "newest")):
        disk.edit("threaded", f'Reply(("{old}", await', f'Reply(("{new}", await')
        upgrade = await node.code.apply("threaded", deadline=2)
        assert upgrade.processes == 5
    stop = True
    await asyncio.gather(*running)
    assert [(await asks.call("x"))[0] for asks in several] == ["newest"] * 4


@pytest.fixture
async def held(disk, node, module):
    """One that an upgrade holds until another has finished its message; and the upgrade."""
    pid = await threaded(node, module)
    other = await node.start(ChildSpec("other", module.Works, thread=True, restart="temporary"))
    waiting = asyncio.ensure_future(other.call("wait"))
    await eventually(lambda: other._process.current is not None)
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')

    async def begin():
        upgrade = asyncio.ensure_future(node.code.apply("threaded"))
        await eventually(lambda: pid._process.suspend and pid._process.extra.suspended is not None)
        return upgrade

    yield pid, begin
    module.GATE.set()
    await waiting


async def test_who_is_suspended_while_an_upgrade_holds_it_stays_suspended(held, module):
    pid, begin = held
    upgrade = await begin()
    await system.suspend(pid)
    module.GATE.set()
    await upgrade
    assert (await system.get_status(pid)).suspended
    asking = asyncio.ensure_future(pid.call("x"))
    await eventually(lambda: pid._process.letters == 1)
    assert pid._process.status == SUSPENDED
    await system.resume(pid)
    assert (await asking)[0] == "new"


async def test_who_is_resumed_while_an_upgrade_holds_it_goes_on_when_that_is_over(held, module):
    pid, begin = held
    await system.suspend(pid)
    upgrade = await begin()
    await system.resume(pid)
    assert not (await system.get_status(pid)).suspended
    asking = asyncio.ensure_future(pid.call("x"))
    await eventually(lambda: pid._process.letters == 1)
    assert pid._process.status == SUSPENDED
    module.GATE.set()
    await upgrade
    assert (await asking)[0] == "new"


async def test_who_was_suspended_before_and_resumed_twice_is_held_all_the_same(held, module):
    pid, begin = held
    upgrade = await begin()
    await system.suspend(pid)
    await system.resume(pid)
    await system.resume(pid)
    assert pid._process.suspend
    module.GATE.set()
    await upgrade
    assert (await pid.call("x"))[0] == "new"


async def test_who_is_held_by_an_upgrade_obeys_its_supervisor_at_once(disk, node, module):
    supervisor = await node.start(
        Supervisor(
            [ChildSpec("works", module.Works, thread=True), ChildSpec("other", module.Works, thread=True)]
        )
    )
    works, other = node.whereis("works"), node.whereis("other")
    waiting = asyncio.ensure_future(other.call("wait"))
    await eventually(lambda: other._process.current is not None)
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')
    upgrade = asyncio.ensure_future(node.code.apply("threaded"))
    await eventually(lambda: works._process.suspend)
    await Supervisor.terminate_child(supervisor, "works")
    assert not upgrade.done()
    module.GATE.set()
    await asyncio.gather(waiting, upgrade)


async def test_who_is_suspended_is_not_late_although_a_step_waits_for_its_answer(disk, node, module):
    works = await threaded(node, module)
    asks = await node.start(ChildSpec("asks", module.Asks, works, restart="temporary"))
    await system.suspend(works)
    asking = asyncio.ensure_future(asks.call("x"))
    await eventually(lambda: works._process.letters == 1)
    disk.edit("threaded", 'Reply(("old", threading', 'Reply(("new", threading')
    upgrade = await node.code.apply("threaded", deadline=0.1, overdue="kill")
    assert [note.split()[0] for note in upgrade.notes] == [str(asks._process).split()[0]]
    with pytest.raises(ProcessDied):
        await asking
    assert works.alive
    assert (await system.get_status(works)).suspended
    await system.resume(works)
    assert (await works.call("x"))[0] == "new"
