"""What the port answers about the code of a node: modules, plans, upgrades and the way back."""

from __future__ import annotations

import sys

import pytest

from runtime import ChildSpec
from runtime.port.contract import (
    AuditQuery,
    Code,
    Failure,
    ModulesQuery,
    PlanUpgrade,
    Reload,
    Rollback,
    UpgradesQuery,
)

OLD = """
from runtime import Reply, Server

class Till(Server):
    def init(self):
        return 1

    def handle_call(self, message, caller, state):
        return Reply(("old", state), state)
"""
NEW = OLD.replace('"old"', '"new"')
BROKEN = NEW + "\n    def"


@pytest.fixture
def till(live, tmp_path, monkeypatch):
    """A node with one till, and the file of its module."""
    file = tmp_path / "till_of_the_port.py"
    file.write_text(OLD)
    monkeypatch.syspath_prepend(str(tmp_path))
    import till_of_the_port

    node = live(ChildSpec("till", till_of_the_port.Till))
    yield node, file
    del sys.modules["till_of_the_port"]


def asked(node):
    return node.run(node.node.named("till").call("?"))


def test_a_module_is_stale_once_its_file_is_another(till):
    node, file = till
    (module,) = [each for each in node.ask(ModulesQuery()).modules if each.module == "till_of_the_port"]
    assert (module.processes, module.stale, module.path) == (1, False, str(file))
    file.write_text(NEW)
    (module,) = [each for each in node.ask(ModulesQuery()).modules if each.module == "till_of_the_port"]
    assert module.stale


def test_a_plan_is_a_diff_and_who_is_affected_and_touches_nothing(till):
    node, file = till
    file.write_text(NEW)
    plan = node.ask(PlanUpgrade(modules=["till_of_the_port"]))
    assert plan.ok
    assert '+        return Reply(("new", state), state)' in plan.modules[0].diff
    assert [(each.name, each.how) for each in plan.modules[0].changes] == [("Till.handle_call", "changed")]
    assert [(each.behaviour, each.count) for each in plan.affected] == [("till_of_the_port:Till", 1)]
    assert asked(node) == ("old", 1)


def test_a_plan_is_applied_told_and_undone(till):
    node, file = till
    file.write_text(NEW)
    plan = node.ask(PlanUpgrade(modules=["till_of_the_port"]))
    upgrade = node.ask(Reload(plan=plan.id))
    assert (upgrade.done, upgrade.processes, upgrade.by) == (True, 1, "key ann")
    assert asked(node) == ("new", 1)
    back = node.ask(Rollback(modules=["till_of_the_port"]))
    assert (back.kind, back.done) == ("rollback", True)
    assert asked(node) == ("old", 1)
    assert [each.kind for each in node.ask(UpgradesQuery()).upgrades] == ["rollback", "upgrade"]
    entries = node.ask(AuditQuery()).entries
    assert [(each.action, each.target, each.detail, each.outcome) for each in entries] == [
        ("rollback", "till_of_the_port", "", "ok"),
        ("reload", "till_of_the_port", f"plan {plan.id}", "ok"),
        ("plan", "till_of_the_port", f"plan {plan.id}", "ok"),
    ]


def test_what_cannot_be_done_is_refused_with_the_reason(till):
    node, file = till
    file.write_text(BROKEN)
    with pytest.raises(Failure, match=r"invalid syntax|expected") as refused:
        node.ask(Reload(modules=["till_of_the_port"]))
    assert refused.value.code == Code.REFUSED
    with pytest.raises(Failure, match="no earlier version"):
        node.ask(Rollback(modules=["till_of_the_port"]))
    with pytest.raises(Failure, match="name the modules to upgrade, or a plan"):
        node.ask(Reload())
    assert asked(node) == ("old", 1)
