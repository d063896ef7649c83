"""Processes with an OS process of their own take part in an upgrade: the same modules are imported over there."""

import asyncio
import os
import signal

import pytest

from runtime import ChildSpec, CodeError, Node, Supervisor, UpgradeRefused, system
from tests.support.agents_sources import COUNTER, LIGHT, WORKER
from tests.support.eventually import eventually, more

PROBE = COUNTER.replace(
    "        def handle_cast",
    """
                case "classes":
                    gc.collect()
                    found = [each for each in gc.get_objects() if isinstance(each, type)]
                    return Reply(sum(each.__module__ == "counter" and each.__name__ == "Counter" for each in found), state)

        def handle_info(self, message, state):
            if message == "die":
                os._exit(3)
            time.sleep(message)
            return state

        def handle_cast""",
).replace("    from dataclasses", "    import gc, os, time\n    from dataclasses", 1)


@pytest.fixture
def module(disk):
    return disk.load("counter", PROBE)


async def isolated(node, module, **options):
    return await node.start(ChildSpec("far", module.Counter, isolated=True, **options))


async def test_an_isolated_server_answers_with_the_new_code_and_keeps_its_pid_and_its_state(
    disk, node, module
):
    pid = await isolated(node, module)
    assert await pid.call(module.Add(5)) == 5
    os_pid = pid._process.cell.pid
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    assert plan.ok, plan.reason
    assert plan.migrated == 1
    assert [(each.kind, each.count) for each in plan.affected] == [("isolated", 1)]
    assert await pid.call("version") == 1, "a plan touches nothing"
    upgrade = await node.code.apply(plan)
    assert (upgrade.processes, upgrade.left, upgrade.notes) == (1, 0, ())
    assert await pid.call("version") == 2
    new = disk.load("counter")
    assert type(pid._process.handle) is new.Counter
    assert await pid.call(new.Add(1)) == 6
    assert pid._process.cell.pid == os_pid
    assert node.code.on_old_code() == ()


async def test_it_goes_back_as_well(disk, node, module):
    pid = await isolated(node, module)
    await pid.call(module.Add(5))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    assert (await node.code.rollback("counter")).processes == 1
    assert await pid.call("version") == 1
    assert type(pid._process.handle) is module.Counter
    assert await pid.call(module.Add(1)) == 6
    await node.code.apply("counter")
    assert await pid.call("version") == 2


async def test_one_that_was_started_after_the_upgrade_goes_back_to_the_source_that_the_node_knows(
    disk, node, module
):
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    pid = await isolated(node, module)
    assert await pid.call("version") == 2
    await node.code.rollback("counter")
    assert await pid.call("version") == 1


async def test_a_restart_imports_what_the_node_runs_and_not_what_stands_on_disk(disk, node, module):
    await node.start(Supervisor([ChildSpec("far", module.Counter, isolated=True)]))
    first = node.whereis("far")
    disk.edit("counter", "Reply(1, state)", "half written(")
    first.send("die")
    await eventually(lambda: node.whereis("far") not in {None, first})
    assert await node.whereis("far").call("version", timeout=10) == 1


async def test_its_code_change_is_tried_over_there_and_a_failure_is_shown_with_its_pid(disk, node, module):
    pid = await isolated(node, module)
    near = await node.start(ChildSpec("near", module.Counter))
    await pid.call(module.Add(7))
    hook = """
    @staticmethod
    def code_change(version, state):
        if state["total"] == 7:
            raise ValueError("seven")
        return State(state["total"])

    def init(self):"""
    disk.edit("counter", "\n    def init(self):", hook)
    plan = await node.code.plan("counter")
    assert not plan.ok
    assert [(each.pid, each.what) for each in plan.failures] == [(str(pid), "state")]
    assert "seven" in plan.reason
    with pytest.raises(UpgradeRefused, match="seven"):
        await node.code.apply(plan)
    await pid.call(module.Add(1))
    assert await near.call(module.Add(1)) == 1
    upgrade = await node.code.apply("counter")
    assert upgrade.processes == 2
    assert await pid.call(disk.load("counter").Add(1)) == 9


async def test_a_state_that_turns_bad_after_the_plan_refuses_everything(disk, node, module):
    pid = await isolated(node, module)
    near = await node.start(ChildSpec("near", module.Counter))
    hook = """
    @staticmethod
    def code_change(version, state):
        return State(10 // (7 - state["total"]))

    def init(self):"""
    disk.edit("counter", "\n    def init(self):", hook)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    assert plan.ok
    await pid.call(module.Add(7))
    with pytest.raises(UpgradeRefused, match="ZeroDivisionError"):
        await node.code.apply(plan)
    assert [await each.call("version") for each in (pid, near)] == [1, 1]
    await pid.call(module.Add(1))
    assert (await node.code.apply("counter")).processes == 2


async def test_a_syntax_error_or_an_exception_over_there_only_refuses(disk, node, module):
    pid = await isolated(node, module)
    disk.edit(
        "counter",
        "class Counter",
        f"import os\nif os.getpid() != {os.getpid()}: raise OSError('not here')\nclass Counter",
    )
    plan = await node.code.plan("counter")
    assert not plan.ok
    assert "not here" in plan.reason
    assert await pid.call("version") == 1


async def test_the_mailbox_in_the_node_comes_over_and_no_call_is_lost(disk, node, module):
    pid = await isolated(node, module)
    pid._process.pause()
    calls = [asyncio.ensure_future(pid.call(module.Add(1))) for _ in range(20)]
    await eventually(lambda: pid._process.letters == 20)
    disk.edit("counter", "Reply(state.total, state)", "Reply(('new', state.total), state)")
    applying = asyncio.ensure_future(node.code.apply("counter"))
    upgrade = await applying
    assert upgrade.messages == 20
    pid._process.unpause()
    assert await asyncio.gather(*calls) == [("new", number) for number in range(1, 21)]


async def test_under_load_each_call_is_answered_once(disk, node, module):
    pid = await isolated(node, module)
    total, stop = 0, False

    async def client():
        nonlocal total
        while not stop:
            total += 1
            assert await pid.call(disk.load("counter").Add(1)) == total

    running = asyncio.ensure_future(client())
    for version in range(2, 5):
        disk.edit("counter", f"Reply({version - 1}, state)", f"Reply({version}, state)")
        await node.code.apply("counter")
        assert await pid.call("version") == version
    await node.code.rollback("counter")
    stop = True
    await running
    assert total > 3
    assert await pid.call("version") == 3


async def test_a_message_under_way_is_finished_on_the_old_code(disk, node, module):
    pid = await isolated(node, module)
    pid.send(0.3)
    await eventually(lambda: pid._process.current is not None)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    asking = asyncio.ensure_future(pid.call("version"))
    upgrade = await node.code.apply("counter")
    assert upgrade.processes == 1
    assert await asking in {1, 2}
    assert await pid.call("version") == 2


async def test_one_that_is_stuck_refuses_the_upgrade_at_the_deadline_or_is_killed(disk, node, module):
    pid = await isolated(node, module, restart="temporary")
    near = await node.start(ChildSpec("near", module.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    pid.send(20)
    await eventually(lambda: pid._process.current is not None)
    with pytest.raises(UpgradeRefused, match=r"has not finished within 0\.2 s"):
        await node.code.apply(plan, deadline=0.2)
    assert await near.call("version") == 1
    upgrade = await node.code.apply(plan, deadline=0.2, overdue="kill")
    assert not pid.alive
    assert upgrade.processes == 1
    assert "was killed" in upgrade.notes[0]
    assert await near.call("version") == 2


async def test_an_os_process_that_dies_meanwhile_is_its_own_end(disk, node, module):
    pid = await isolated(node, module, restart="temporary")
    near = await node.start(ChildSpec("near", module.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    os.kill(pid._process.cell.pid, signal.SIGSTOP)
    applying = asyncio.ensure_future(node.code.apply(plan))
    await asyncio.sleep(0.1)
    assert not applying.done(), "it waits for the vote of the one that stands still"
    os.kill(pid._process.cell.pid, signal.SIGKILL)
    assert (await applying).processes == 1
    assert await near.call("version") == 2
    assert not pid.alive


async def test_a_state_machine_over_there_keeps_its_state_and_what_it_has_put_off(disk, node):
    light = disk.load("light", LIGHT)
    pid = await node.start(ChildSpec("light", light.Light, isolated=True))
    waiting = asyncio.ensure_future(pid.call("wait"))
    await eventually(lambda: pid._process.reductions > 0 and pid._process.current is None)
    disk.edit("light", 'reply=("on", data.pushes)', 'reply=("ON", data.pushes)')
    assert (await node.code.apply("light")).processes == 1
    pid.cast("push")
    assert await waiting == ("ON", 1)


async def test_a_coroutine_process_over_there_begins_anew_at_its_next_receive(disk, node):
    work = disk.load("work", WORKER)
    pid = await node.start(ChildSpec("work", work.worker, isolated=True))
    assert await pid.call(1) == (1, 1)
    disk.edit("work", "(1, total)", "(2, total)")
    upgrade = await node.code.apply("work")
    assert (upgrade.processes, upgrade.left) == (1, 0)
    assert await pid.call(2) == (2, 3)
    await eventually(lambda: node.code.on_old_code() == ())
    await node.code.rollback("work")
    assert await pid.call(1) == (1, 4)


async def test_one_that_has_not_said_how_to_go_on_keeps_its_code_and_is_listed(disk, node):
    work = disk.load("work", WORKER.replace("process.continue_with(total)", "pass"))
    pid = await node.start(ChildSpec("work", work.worker, isolated=True))
    assert await pid.call(1) == (1, 1)
    disk.edit("work", "(1, total)", "(2, total)")
    upgrade = await node.code.apply("work")
    assert (upgrade.processes, upgrade.left) == (0, 1)
    assert await pid.call(2) == (1, 3)
    assert [each.pid for each in node.code.on_old_code()] == [str(pid)]


async def test_a_module_of_messages_changes_over_there_too(disk, node):
    disk.load(
        "letters",
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Letter:\n    text: str\n",
    )
    keeper = disk.load(
        "keeper",
        """
        import letters
        from runtime import Reply, Server

        class Keeper(Server):
            def init(self):
                return ()

            def handle_call(self, message, caller, kept):
                if isinstance(message, letters.Letter):
                    kept = (*kept, message)
                return Reply(kept, kept)
        """,
    )
    pid = await node.start(ChildSpec("keeper", keeper.Keeper, isolated=True))
    import letters as old

    await pid.call(old.Letter("one"))
    disk.edit("letters", "    text: str\n", '    text: str\n    stamp: str = "none"\n')
    await node.code.apply("letters")
    new = disk.load("letters")
    kept = await pid.call(new.Letter("two", "red"))
    assert kept[1] == new.Letter("two", "red")


async def test_nothing_of_plans_and_older_versions_stays_over_there(disk, node, module):
    pid = await isolated(node, module)
    for version in range(2, 9):
        disk.edit("counter", f"Reply({version - 1}, state)", f"Reply({version}, state)")
        await node.code.plan("counter")
        await node.code.apply("counter")
    assert await pid.call("classes") <= 2
    node.code.purge()
    assert await pid.call("classes") == 1


async def test_a_node_without_isolated_processes_asks_nobody(disk, node, module):
    await node.start(ChildSpec("near", module.Counter))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    assert (await node.code.apply("counter")).processes == 1


async def test_two_at_a_time_change_together_or_not_at_all(disk, module):
    async with Node("several", introspection=False) as node:
        pids = [
            await node.start(ChildSpec(number, module.Counter, register=False, isolated=True))
            for number in range(2)
        ]
        disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
        assert (await node.code.apply("counter")).processes == 2
        assert [await pid.call("version") for pid in pids] == [2, 2]


async def test_one_that_asks_another_is_answered_before_both_are_held(disk, node):
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
    pids = [""]
    for number in range(3):
        spec = ChildSpec(number, chain.Asks, pids[-1], register=False, isolated=number != 1)
        pids.append(await node.start(spec))
    answers, stop = 0, False

    async def client():
        nonlocal answers
        while not stop:
            await pids[-1].call("x")
            answers += 1

    running = [asyncio.ensure_future(client()) for _ in range(3)]
    for old, new in (("old", "new"), ("new", "newer")):
        await more(lambda: answers)
        disk.edit("chain", f'Reply(("{old}"', f'Reply(("{new}"')
        assert (await node.code.apply("chain", deadline=3)).processes == 3
    stop = True
    await asyncio.gather(*running)
    assert await pids[-1].call("x") == ("newer", ("newer", ("newer", "x")))


async def test_what_it_says_before_it_has_heard_of_the_commit_arrives_as_the_new_class(
    disk, node, monkeypatch
):
    post = disk.load(
        "post",
        """
        import asyncio
        from dataclasses import dataclass, field
        from runtime import Reply, Server

        @dataclass(frozen=True)
        class Letter:
            text: str

        async def sender(process, to):
            while True:
                await asyncio.sleep(0.002)
                to.send(Letter("x"))

        class Keeper(Server):
            def init(self):
                return []

            def handle_info(self, message, state):
                return [*state, sorted(vars(message))]

            def handle_call(self, message, caller, state):
                return Reply(state, state)
        """,
    )
    keeper = await node.start(ChildSpec("keeper", post.Keeper))
    far = await node.start(ChildSpec("far", post.sender, keeper, isolated=True))
    cell, frame = far._process.cell, far._process.cell.frame

    def late(*parts):
        if parts[:2] == ("code", "commit"):
            asyncio.get_running_loop().call_later(0.1, frame, *parts)
        else:
            frame(*parts)

    monkeypatch.setattr(cell, "frame", late)
    old = await keeper.call("all")
    disk.edit("post", "    text: str\n", "    text: str\n    stamps: list = field(default_factory=list)\n")
    await node.code.apply("post")
    assert cell.behind is None
    await eventually(lambda: keeper._process.state[-1] == ["stamps", "text"])
    forms = [tuple(each) for each in await keeper.call("all")]
    assert len(forms) > len(old) + 20
    assert list(dict.fromkeys(forms)) == [("text",), ("stamps", "text")]
    assert forms == sorted(forms, reverse=True), "no letter of the old form after one of the new"


async def test_who_is_suspended_while_an_upgrade_holds_it_stays_suspended_here_and_there(
    disk, node, module, monkeypatch
):
    pid = await isolated(node, module)
    other = await node.start(ChildSpec("other", module.Counter, isolated=True))
    frame, kept = other._process.cell.frame, []

    def late(*parts):
        if parts[:2] == ("code", "prepare"):
            kept.append(parts)
        else:
            frame(*parts)

    monkeypatch.setattr(other._process.cell, "frame", late)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    upgrade = asyncio.ensure_future(node.code.apply("counter"))
    await eventually(lambda: kept)
    await system.suspend(pid)
    frame(*kept[0])
    await upgrade
    assert (await system.get_status(pid)).suspended
    asking = asyncio.ensure_future(pid.call("version"))
    await eventually(lambda: pid._process.letters == 1)
    await system.resume(pid)
    assert await asking == 2


async def test_nothing_is_purged_while_an_upgrade_is_under_way(disk, node, module, monkeypatch):
    pid = await isolated(node, module)
    frame, kept = pid._process.cell.frame, []

    def late(*parts):
        if parts[:2] == ("code", "commit"):
            kept.append(parts)
        else:
            frame(*parts)

    monkeypatch.setattr(pid._process.cell, "frame", late)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    upgrade = asyncio.ensure_future(node.code.apply("counter"))
    await eventually(lambda: kept)
    with pytest.raises(CodeError, match="another upgrade is under way"):
        node.code.purge()
    frame(*kept[0])
    await upgrade
    assert await pid.call("version") == 2
    node.code.purge()
