"""The crew after somebody has edited its reviewer: a stale module, a process on old code, plans that can be applied and that cannot."""

from __future__ import annotations

from datetime import timedelta

from runtime.port.contract import (
    AffectedProcesses,
    Caution,
    CodeChange,
    CodePlan,
    Module,
    ModulePlan,
    Modules,
    NotMigrated,
    OldCode,
    Pauses,
    Problem,
    ProcessCode,
    Tree,
    Upgrade,
    UpgradeStep,
)
from tests.support.crew import crew
from tests.support.fake_node import NOON, FakeNode

REVIEWER, SCANNER = "demo.reviewer", "demo.scanner"
OLD, NEW = "4f2a9c01d3e5", "b81d77e0aa42"
WHY = "it has not called continue_with, and keeps the old code until it ends"
DIFF = """\
--- demo/reviewer.py (running)
+++ demo/reviewer.py (disk)
@@ -71,5 +71,6 @@
     def handle_info(self, review, state):
-        findings = check(review.path)
+        tree = parse(review.path)
+        findings = check(review.path, tree)
         return state
"""


def modules(*, stale: bool = True, busy: str | None = None) -> Modules:
    """Three modules: one with an older version to go back to, and a process that keeps that."""
    return Modules(
        at=NOON,
        total=3,
        busy=busy,
        modules=[
            Module(
                module="demo.librarian", version="1.4.0", declared=True, path="demo/librarian.py",
                on_disk="aa", processes=1,
            ),
            Module(
                module=REVIEWER, version=OLD if stale else NEW, path="demo/reviewer.py", on_disk=NEW,
                stale=stale, processes=4, previous=None if stale else OLD,
                loaded_at=None if stale else NOON,
            ),
            Module(
                module=SCANNER, version="77aa01c2b3d4", path="demo/scanner.py", on_disk="77aa01c2b3d4", processes=0,
                on_old=1, previous="0c1d2e3f4a5b", loaded_at=NOON - timedelta(seconds=200),
            ),
        ],
        on_old=[
            OldCode(
                pid="<0.22.0>", name="scanner", behaviour="demo.scanner:scan", module=SCANNER,
                version="0c1d2e3f4a5b", why=WHY,
            )
        ],
        on_old_total=1,
    )  # fmt: skip


def plan(**fields: object) -> CodePlan:
    """One that can be applied."""
    base: dict[str, object] = {
        "id": "1f2e3d4c",
        "at": NOON,
        "kind": "upgrade",
        "ok": True,
        "modules": [
            ModulePlan(
                module=REVIEWER, old=OLD, new=NEW, path="demo/reviewer.py", diff=DIFF,
                changes=[
                    CodeChange(name="Reviewer.handle_info", kind="function", how="changed"),
                    CodeChange(name="parse", kind="function", how="added"),
                    CodeChange(name="LIMIT", kind="value", how="removed"),
                ],
            )
        ],
        "dependants": ["demo.reporter"],
        "affected": [
            AffectedProcesses(
                behaviour="demo.reviewer:Reviewer", kind="server", count=4, busy=1, waiting=311,
                pids=["<0.18.0>", "<0.19.0>", "<0.26.0>", "<0.21.0>"],
                how="swapped between two messages", migration="code_change",
            )
        ],
        "cautions": [
            Caution(
                kind="module state", subject="demo.reviewer.SEEN",
                text="starts anew: what the running module has collected there is not carried over",
            )
        ],
        "migrated": 4,
        "executed_s": 0.004,
        "migrated_s": 0.0012,
    }  # fmt: skip
    return CodePlan.model_validate({**base, **fields})


def impossible() -> CodePlan:
    """One that breaks a promise, and that a state does not survive."""
    return plan(
        ok=False,
        reason="Reviewer.handle_call: the running class has it, the new one has not (and 1 more)",
        problems=[
            Problem(subject="Reviewer.handle_call", text="the running class has it, the new one has not")
        ],
        failures=[
            NotMigrated(
                pid="<0.19.0>", name="reviewer-2", what="state", text="KeyError: 'budget' in code_change"
            )
        ],
        failed=1,
        migrated=3,
    )


def upgrade(**fields: object) -> Upgrade:
    """One that went well."""
    base: dict[str, object] = {
        "id": "1f2e3d4c",
        "at": NOON,
        "by": "key owner",
        "kind": "upgrade",
        "done": True,
        "steps": [UpgradeStep(module=REVIEWER, old=OLD, new=NEW)],
        "processes": 4,
        "left": 1,
        "messages": 311,
        "took_s": 0.012,
        "pauses": Pauses(count=4, p50=0.000012, p99=0.00004, longest=0.00004),
    }
    return Upgrade.model_validate({**base, **fields})


def edited() -> FakeNode:
    """The crew; its reviewer's file is newer than what runs, and the scanner keeps old code."""
    node = crew()
    node.modules = modules()
    node.plans = {"upgrade": plan(), "rollback": plan(kind="rollback")}
    node.outcomes = {"upgrade": upgrade(), "rollback": upgrade(kind="rollback", left=0)}
    node.upgrades = [
        upgrade(
            id="0a", at=NOON - timedelta(seconds=200), by="key owner",
            steps=[UpgradeStep(module=SCANNER, old="0c1d2e3f4a5b", new="77aa01c2b3d4")],
        ),
        upgrade(
            id="09", at=NOON - timedelta(seconds=320), by="key ann", done=False, processes=0, left=0, messages=0,
            reason="state of reviewer-2: KeyError: 'budget' in code_change; the old version stays everywhere",
            pauses=Pauses(),
        ),
    ]  # fmt: skip
    for pid in ("<0.18.0>", "<0.19.0>", "<0.26.0>", "<0.21.0>"):
        node.change(pid, code="stale")
        code = ProcessCode(module=REVIEWER, version=OLD, current=OLD, mark="stale")
        node.details[pid] = {**node.details[pid], "code": code}
    node.change("<0.22.0>", code="old")
    node.details["<0.22.0>"]["code"] = ProcessCode(
        module=SCANNER, version="0c1d2e3f4a5b", current="77aa01c2b3d4", mark="old", why=WHY
    )
    codes = {row.name: row.code for row in node.rows}
    node.tree = Tree.model_validate(_coded(node.tree.model_dump(), codes))
    return node


def _coded(item: dict[str, object], codes: dict[str | None, object]) -> dict[str, object]:
    key = "roots" if "roots" in item else "children"
    below = [_coded(each, codes) for each in item[key]]  # type: ignore[attr-defined]
    return {**item, key: below, **({"code": codes.get(item["id"])} if item.get("pid") else {})}  # type: ignore[arg-type]
