"""What the port answers about the code of a node: modules, plans, upgrades and the way back."""

from __future__ import annotations

import sys

import pytest

from runtime import ChildSpec, Supervisor
from runtime.code import listing
from runtime.introspection import code
from runtime.port.contract import (
    AuditQuery,
    Code,
    Failure,
    Info,
    ModulesQuery,
    PlanUpgrade,
    Reload,
    Rollback,
    TreeQuery,
    UpgradesQuery,
)
from tests.support.eventually import eventually_sync

OLD = """
from runtime import Reply, Server

async def clerk(process):
    await process.receive(str)

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


def test_rows_and_the_tree_say_whose_file_is_newer(till):
    node, file = till
    assert node.row("till").code is None
    file.write_text(NEW)
    eventually_sync(lambda: node.row("till").code == "stale", within=5.0)
    (top,) = node.ask(TreeQuery()).roots
    assert top.code == "stale"
    node.ask(Reload(modules=["till_of_the_port"]))
    assert node.row("till").code is None


def test_a_process_tells_the_version_of_its_code_and_why_it_is_not_the_current_one(till):
    node, file = till
    clerk = node.do(node.node.spawn, sys.modules["till_of_the_port"].clerk)
    file.write_text(NEW)
    node.ask(Reload(modules=["till_of_the_port"]))
    told = node.ask(Info(process=str(clerk)))
    assert told.row.code == told.code.mark == "old"
    assert told.code.version != told.code.current
    assert "continue_with" in told.code.why
    till_ = node.ask(Info(process="till")).code
    assert (till_.version, till_.mark, till_.why) == (told.code.current, None, "")
    modules = node.ask(ModulesQuery())
    (module,) = [each for each in modules.modules if each.module == "till_of_the_port"]
    assert (module.processes, module.on_old, modules.on_old_total) == (1, 1, 1)
    assert [each.pid for each in modules.on_old] == [str(clerk)]


def test_the_supervisors_of_the_runtime_have_no_code_to_speak_of(live):
    node = live(ChildSpec("desks", Supervisor([])))
    told = node.ask(Info(process="desks"))
    assert told.code is told.row.code is None


def test_a_behaviour_is_looked_at_once_however_many_processes_run_it(till, monkeypatch):
    node, _file = till
    for _ in range(600):
        node.do(node.node.spawn, sys.modules["till_of_the_port"].clerk)
    looked = []
    is_old = listing._is_old
    monkeypatch.setattr(listing, "_is_old", lambda behaviour: looked.append(behaviour) or is_old(behaviour))
    tally = code.Tallies(node.node).last()
    assert tally.current["till_of_the_port"] == 601
    assert len(looked) == len(set(looked))
