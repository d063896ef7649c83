"""A supervisor's children are brought in line with the new specification; the unaffected ones stay."""

import pytest

from runtime import ChildSpec, Supervisor, UpgradeRefused
from tests.support.eventually import eventually

TREE = """
    from runtime import ChildSpec, Reply, Server, Supervisor

    class Worker(Server):
        def init(self, n):
            return n

        def handle_call(self, message, caller, state):
            return Reply((1, state), state)

    def tree():
        return Supervisor([
            ChildSpec("a", Worker, 1),
            ChildSpec("b", Worker, 2),
            ChildSpec("c", Worker, 3),
        ])
"""


async def started(disk, node, source=TREE):
    module = disk.load("tree", source)
    pid = await node.start(ChildSpec("top", Supervisor.of(module.tree)))
    return pid, {name: node.whereis(name) for name in "abc"}


def kept(node, name, before):
    return node.whereis(name) == before[name]


async def test_added_removed_and_changed_children_are_reconciled_and_the_others_stay(disk, node):
    pid, before = await started(disk, node)
    disk.edit("tree", 'ChildSpec("b", Worker, 2)', 'ChildSpec("b", Worker, 20)')
    disk.edit("tree", 'ChildSpec("c", Worker, 3)', 'ChildSpec("d", Worker, 4)')
    disk.edit("tree", "Reply((1, state)", "Reply((2, state)")
    plan = await node.code.plan("tree")
    assert [text.split(": ", 1)[1] for text in plan.children if "child" in text] == [
        "child 'd' is started",
        "child 'b' is stopped, and started anew: it differs",
        "child 'c' is stopped and removed",
    ]
    assert node.whereis("d") is None, "a plan touches nothing"
    await node.code.apply(plan)
    assert kept(node, "a", before)
    assert not before["b"].alive
    assert node.whereis("c") is None
    assert [await node.named(name).call("?") for name in "abd"] == [(2, 1), (2, 20), (2, 4)]
    assert [child.id for child in await Supervisor.which_children(pid)] == ["a", "d", "b"]


async def test_a_rollback_brings_the_old_children_back(disk, node):
    _, before = await started(disk, node)
    disk.edit("tree", 'ChildSpec("c", Worker, 3)', 'ChildSpec("d", Worker, 4)')
    await node.code.apply("tree")
    await node.code.rollback("tree")
    assert kept(node, "a", before)
    assert node.whereis("d") is None
    assert await node.named("c").call("?") == (1, 3)


async def test_other_terms_alone_keep_the_process(disk, node):
    pid, before = await started(disk, node)
    disk.edit("tree", 'ChildSpec("b", Worker, 2)', 'ChildSpec("b", Worker, 2, restart="temporary")')
    disk.edit("tree", "\n    ])", "\n    ], max_restarts=9)")
    await node.code.apply("tree")
    assert kept(node, "b", before)
    assert pid._process.state.spec.max_restarts == 9
    before["b"]._process.handle.exit(before["b"], "kill")
    await eventually(lambda: not before["b"].alive)
    await eventually(lambda: "b" not in pid._process.state.children)


async def test_a_child_that_does_not_start_takes_everything_back(disk, node):
    _, before = await started(disk, node)
    disk.edit("tree", "return n", "return n if n < 9 else 1 / 0")
    disk.edit("tree", 'ChildSpec("c", Worker, 3)', 'ChildSpec("c", Worker, 3), ChildSpec("d", Worker, 9)')
    disk.edit("tree", "Reply((1, state)", "Reply((2, state)")
    with pytest.raises(UpgradeRefused, match="a child did not start"):
        await node.code.apply("tree", by="alice")
    assert [await node.named(name).call("?") for name in "abc"] == [(1, 1), (1, 2), (1, 3)]
    assert all(kept(node, name, before) for name in "abc")
    assert [(entry.kind, entry.done) for entry in node.code.history] == [
        ("upgrade", True),
        ("rollback", True),
    ]
    assert "did not start" in node.code.history[-1].reason


async def test_a_specification_that_is_a_value_of_the_module_is_found(disk, node):
    disk.load("tree", TREE + "\n    TREE = tree()\n")
    await node.start(ChildSpec("top", disk.load("tree").TREE))
    disk.edit("tree", 'ChildSpec("c", Worker, 3)', 'ChildSpec("d", Worker, 4)')
    await node.code.apply("tree")
    assert await node.named("d").call("?") == (1, 4)
    assert node.whereis("c") is None


async def test_supervisors_below_are_reconciled_as_well(disk, node):
    source = TREE.replace(
        "def tree():\n        return Supervisor([",
        "def tree():\n        return Supervisor([ChildSpec('inner', Supervisor([",
    )
    source = source.replace("\n        ])", "\n        ]))])")
    module = disk.load("tree", source)
    await node.start(ChildSpec("top", Supervisor.of(module.tree)))
    inner, a = node.whereis("inner"), node.whereis("a")
    disk.edit("tree", 'ChildSpec("c", Worker, 3)', 'ChildSpec("d", Worker, 4)')
    await node.code.apply("tree")
    assert (node.whereis("inner"), node.whereis("a")) == (inner, a)
    assert node.whereis("d") is not None
    assert node.whereis("c") is None
