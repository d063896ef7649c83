"""A plan says what would change, who is concerned, and touches nothing; modules and their versions are listed."""

import dataclasses
import json
import sys

from runtime import ChildSpec
from tests.support.agents_sources import COUNTER, WORKER


async def test_a_plan_shows_the_difference_and_who_is_concerned(disk, node):
    counter = disk.load("counter", COUNTER)
    pids = [await node.start(ChildSpec(("c", n), counter.Counter, register=False)) for n in range(3)]
    pids[0]._process.pause()
    pids[0].cast(counter.Add(1))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    disk.edit("counter", "class Add:", "class Sub:\n    amount: int\n\n@dataclass(frozen=True)\nclass Add:")
    disk.edit(
        "counter", "def handle_cast(self", "def helper(self):\n        return 1\n\n    def handle_cast(self"
    )
    before = dict(vars(pids[1]._process.handle.__class__))
    plan = await node.code.plan("counter")
    assert plan.ok
    (module,) = plan.modules
    assert "-                return Reply(1, state)\n+                return Reply(2, state)\n" in module.diff
    assert {(change.name, change.kind, change.how) for change in module.changes} == {
        ("Sub", "class", "added"),
        ("Counter.helper", "function", "added"),
        ("Counter.handle_call", "function", "changed"),
    }
    (affected,) = plan.affected
    assert (affected.behaviour, affected.kind, affected.count, affected.waiting) == (
        "counter:Counter",
        "server",
        3,
        1,
    )
    assert (affected.migration, affected.how) == ("structure", "swapped between two messages")
    assert plan.migrated == 3
    assert sys.modules["counter"] is counter
    assert dict(vars(counter.Counter)) == before
    assert all(type(pid._process.handle) is counter.Counter for pid in pids)


async def test_a_plan_is_plain_data(disk, node):
    counter = disk.load("counter", COUNTER)
    await node.start(ChildSpec("counter", counter.Counter))
    disk.edit("counter", "total: int = 0", "amount: int = 0")
    plan = await node.code.plan("counter")
    assert json.loads(json.dumps(dataclasses.asdict(plan)))["failures"][0]["name"] == "counter"
    disk.edit("counter", "amount: int = 0", "total: int = 0")
    json.dumps(
        [dataclasses.asdict(await node.code.apply("counter")), *map(dataclasses.asdict, node.code.modules())]
    )


async def test_modules_are_listed_with_versions_and_stale_ones_are_told(disk, node):
    counter = disk.load("counter", COUNTER)
    work = disk.load("work", WORKER)
    await node.start(ChildSpec("counter", counter.Counter))
    node.spawn(work.worker)
    one, two = node.code.modules()
    assert (one.module, one.stale, one.declared, one.processes) == ("counter", False, False, 1)
    assert (two.module, two.processes, two.version) == ("work", 1, two.hash)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    assert [info.stale for info in node.code.modules()] == [True, False]
    assert node.code.stale("counter")
    upgrade = await node.code.apply("counter")
    info = node.code.modules()[0]
    assert (info.stale, info.previous, info.version) == (False, one.version, upgrade.steps[0].new)
    assert info.loaded_at is not None


async def test_a_module_that_was_edited_before_anybody_looked_is_stale_and_of_unknown_version(disk, node):
    helper = disk.load("helper", "def price():\n    return 1\n")
    disk.edit("helper", "return 1", "return 2")
    plan = await node.code.plan("helper")
    assert (plan.modules[0].old, plan.modules[0].diff) == ("unknown", "")
    await node.code.apply(plan)
    assert sys.modules["helper"].price() == 2
    assert helper.price() == 1


async def test_messages_of_old_classes_in_other_mailboxes_are_named(disk, node):
    counter = disk.load("counter", COUNTER)
    other = disk.load("other", WORKER)
    pid = node.spawn(other.worker)
    pid._process.pause()
    pid.send(counter.Add(1))
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    plan = await node.code.plan("counter")
    assert ("messages", "1 waiting") in [(each.kind, each.subject) for each in plan.cautions]


async def test_exceptions_that_others_catch_and_classes_that_change_are_named(disk, node):
    disk.load("trouble", "class Trouble(Exception):\n    pass\n\nclass Gone:\n    pass\n")
    disk.load("catcher", "from trouble import Trouble\n")
    disk.edit("trouble", "class Gone:", "class Here:")
    plan = await node.code.plan("trouble")
    assert ("except", "catcher") in [(each.kind, each.subject) for each in plan.cautions]
    assert any("Gone: the new code has no such class" in each.text for each in plan.cautions)


async def test_promises_to_operators_are_looked_at(disk, node):
    source = COUNTER.replace(
        "Server[State]):", "Server[State]):\n        accepts = (Add,)\n        counters = ('n',)\n"
    )
    counter = disk.load("counter", source)
    await node.start(ChildSpec("counter", counter.Counter))
    disk.edit("counter", "accepts = (Add,)", "accepts = ()\n    mailbox_limit = 3")
    disk.edit("counter", "counters = ('n',)", "counters = ()")
    plan = await node.code.plan("counter")
    assert {"accepts", "counters", "mailbox"} <= {each.kind for each in plan.cautions}
