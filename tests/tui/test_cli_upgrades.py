"""`observer modules`, `plan`, `reload`, `rollback` and `upgrades`: what they ask, and how they tell the answers."""

from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len

from runtime.port.contract import (
    AffectedProcesses,
    Caution,
    Code,
    CodeChange,
    CodePlan,
    Failure,
    Module,
    ModulePlan,
    Modules,
    ModulesQuery,
    NotMigrated,
    OldCode,
    Pauses,
    PlanUpgrade,
    Problem,
    Reload,
    Rollback,
    Upgrade,
    Upgrades,
    UpgradesQuery,
    UpgradeStep,
)
from tests.support.command_line import AT, CommandLine
from tui.output.plans import show
from tui.output.writer import Writer

HOSTILE = "\x1b[2J\x07[bold]name[/bold]\r\n\u202e"
DIFF = "--- a.py (running)\n+++ a.py (disk)\n@@ -1,3 +1,3 @@\n class Till:\n-    rate = 1\n+    rate = 2\n-- note\n"


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


def module(name="shop.agents", **fields):
    return Module(**{"module": name, "version": "aaa", "path": f"/{name}.py", "on_disk": "aaa"} | fields)


def modules(*found, **fields):
    return Modules(**{"at": AT, "modules": list(found), "total": len(found)} | fields)


def plan(**fields):
    ground = {
        "id": "3f2a9c1e", "at": AT, "kind": "upgrade", "ok": True, "migrated": 12,
        "modules": [
            ModulePlan(
                module="shop.agents", old="aaa", new="bbb", path="/shop/agents.py", diff=DIFF,
                changes=[
                    CodeChange(name="Till.rate", kind="value", how="changed"),
                    CodeChange(name="Refund", kind="class", how="added"),
                    CodeChange(name="old_price", kind="function", how="removed"),
                ],
            )
        ],
        "affected": [
            AffectedProcesses(
                behaviour="shop.agents:Till", kind="server", count=12, busy=2, waiting=38,
                how="swapped between two messages", migration="code_change",
            )
        ],
    }  # fmt: skip
    return CodePlan(**ground | fields)


FAILS = {
    "ok": False,
    "reason": "shop.agents:Till: init takes no argument 'owner' (and 3 more)",
    "problems": [Problem(subject="shop.agents:Till", text="init takes no argument 'owner'")],
    "failures": [
        NotMigrated(pid="<0.9.0>", name="till-3", what="state", text="code_change raised KeyError('euros')"),
        NotMigrated(pid="<0.7.0>", what="message", text="Deposit has no counterpart"),
    ],
    "failed": 2,
}


def upgrade(**fields):
    ground = {
        "id": "3f2a9c1e", "at": AT, "by": "key owner", "kind": "upgrade", "done": True, "processes": 12, "messages": 3,
        "steps": [UpgradeStep(module="shop.agents", old="aaa", new="bbb")], "took_s": 0.0083,
        "pauses": Pauses(count=12, p50=0.0001, p99=0.0004, longest=0.0021),
    }  # fmt: skip
    return Upgrade(**ground | fields)


# --- modules ----------------------------------------------------------------------------------------


def test_modules_says_what_is_stale_what_is_gone_and_who_runs_older_code(bank):
    old = OldCode(
        pid="<0.6.0>", name="clerk", behaviour="shop.agents:clerk", module="shop.agents", version="zzz",
        why="it has not called continue_with",
    )  # fmt: skip
    answer = modules(
        module(
            "shop.agents", stale=True, on_disk="bbb", processes=12, on_old=1, previous="zzz", loaded_at=AT
        ),
        module("shop.prices", on_disk=None, stale=True),
        module("shop.tax", processes=3),
        on_old=[old],
        on_old_total=1,
    )
    result = bank.answer(ModulesQuery, answer).run("modules")
    first, *rest = result.out.splitlines()
    assert first.split() == ["MODULE", "VERSION", "DISK", "PROCS", "OLD", "BEFORE", "SINCE", "FILE"]
    assert rest[0].split() == [
        "shop.agents",
        "aaa",
        "▲",
        "stale",
        "12",
        "1",
        "zzz",
        "14:02:11Z",
        "/shop.agents.py",
    ]
    assert "✗ gone" in rest[1]
    assert "same" in rest[2]
    assert rest[-1].split()[:4] == ["<0.6.0>", "clerk", "shop.agents:clerk", "zzz"]
    assert rest[-1].endswith("it has not called continue_with")
    assert result.err == ""


def test_modules_in_json_are_one_object(bank):
    bank.answer(ModulesQuery, modules(module(stale=True), total=7, busy="upgrade"))
    result = bank.run("modules", "--json", "--limit", "1")
    answer = json.loads(result.out)
    assert (answer["total"], answer["busy"], answer["on_old"]) == (7, "upgrade", [])
    assert {"module", "version", "path", "stale", "processes", "on_old", "previous"} <= set(
        answer["modules"][0]
    )
    assert result.err == "1 of 7\nan upgrade is under way\n"
    assert bank.node.asked == [ModulesQuery(limit=1)]


# --- plan -------------------------------------------------------------------------------------------


def test_a_plan_tells_what_changes_who_is_affected_and_how_and_the_diff_at_last(bank):
    result = bank.answer(PlanUpgrade, plan()).run("plan", "shop.agents", "shop.prices", "--timeout", "9")
    for part in (
        "plan 3f2a9c1e  upgrade, can be applied",
        "12 come through",
        "shop.agents aaa → bbb",
        "added    class Refund",
        "removed  function old_price",
        "changed  value Till.rate",
        "12 processes",
        "swapped between two messages",
    ):
        assert part in result.out
    (row,) = [line for line in result.out.splitlines() if line.startswith("shop.agents:Till")]
    assert row.split()[:6] == ["shop.agents:Till", "server", "12", "2", "38", "code_change"]
    assert result.out.endswith(DIFF)
    assert (result.code, result.err) == (0, "it can be applied: observer reload --plan 3f2a9c1e\n")
    assert bank.node.asked == [PlanUpgrade(modules=["shop.agents", "shop.prices"], deadline_s=9)]
    assert "@@" not in bank.run("plan", "shop.agents", "--no-diff").out


def test_a_plan_that_fails_ends_with_1_and_every_reason(bank):
    result = bank.answer(PlanUpgrade, plan(**FAILS)).run("plan", "shop.agents")
    assert result.code == 1
    for part in (
        "cannot be applied",
        "problems",
        "init takes no argument 'owner'",
        "12 come through, 2 do not",
    ):
        assert part in result.out
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert "<0.9.0> till-3 state code_change raised KeyError('euros')" in lines
    assert "<0.7.0> – message Deposit has no counterpart" in lines
    assert result.err == f"observer: it cannot be applied: {FAILS['reason']}\n"
    result = bank.run("plan", "shop.agents", "--json")
    assert (result.code, json.loads(result.out)["ok"]) == (1, False)
    assert "diff" in json.loads(result.out)["modules"][0]


def test_of_many_failures_the_first_are_told_and_the_rest_is_counted(bank):
    failures = [NotMigrated(pid=f"<0.{n}.0>", what="state", text=f"reason {n}.") for n in range(100)]
    many = plan(ok=False, reason="reason 0. (and 999 more)", failures=failures, failed=1000)
    bank.answer(PlanUpgrade, many).answer(Reload, Failure(Code.REFUSED, many.reason))
    out = bank.run("plan", "shop.agents").out
    assert "reason 9." in out
    assert "reason 10." not in out
    assert "… 990 more; --json has the first 100" in out
    err = bank.run("reload", "shop.agents").err
    assert (err.count("reason"), "… 990 more" in err) == (11, True)


def test_a_plan_names_cautions_children_and_dependants(bank):
    answer = plan(
        cautions=[Caution(kind="module state", subject="shop.agents", text="CACHE starts anew")],
        children=["shop: child 'clerk' is started"],
        dependants=["shop.web"],
    )
    out = bank.answer(PlanUpgrade, answer).run("plan", "shop.agents").out
    for part in ("module state  shop.agents: CACHE starts anew", "child 'clerk' is started", "  shop.web"):
        assert part in out
    assert "--dependants takes them in" in out
    bank.run("plan", "shop.agents", "--dependants")
    assert bank.node.asked[-1].dependants


def test_a_plan_of_the_way_back_leads_to_rollback(bank):
    bank.answer(PlanUpgrade, plan(kind="rollback"))
    result = bank.run("plan", "shop.agents", "--rollback", "--node", "my bank")
    assert result.err == "it can be applied: observer rollback shop.agents --node 'my bank'\n"
    assert bank.node.asked[-1].rollback


def test_a_module_that_comes_along_and_one_that_is_the_same_say_so(bank):
    same = ModulePlan(module="shop.tax", old="ttt", new="ttt", path="/tax.py", asked=False)
    out = bank.answer(PlanUpgrade, plan(modules=[same], affected=[])).run("plan", "shop.tax").out
    assert "comes along as a dependant" in out
    comment = same.model_copy(update={"new": "uuu"})
    assert "see the diff" in bank.answer(PlanUpgrade, plan(modules=[comment])).run("plan", "shop.tax").out
    assert "the file is what runs" in out
    assert "none runs code of these modules" in out


def on_terminal(answer, monkeypatch, *, colour=True):
    """A plan as a terminal of 80 columns gets it."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "screen-256color")
    monkeypatch.setenv("NO_COLOR", "" if colour else "1")
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    show(Writer(terminal), answer, diff=True)
    return terminal.getvalue()


def test_in_a_terminal_reasons_are_wrapped_and_never_cut(monkeypatch):
    text = "words of a reason that is long " * 8
    answer = plan(
        cautions=[Caution(kind="import", subject="shop.web", text=text)],
        problems=[Problem(subject="shop.agents:Till", text=text)],
    )
    shown = on_terminal(answer, monkeypatch, colour=False)
    assert max(cell_len(line) for line in shown.splitlines()) <= 80
    assert " ".join(shown.split()).count(text.strip()) == 2


def test_a_diff_is_coloured_by_line_and_not_where_no_color_is_set(monkeypatch):
    shown = on_terminal(plan(), monkeypatch)
    assert "\x1b[1m+    rate = 2\x1b[0m" in shown
    assert "\x1b[33m-    rate = 1\x1b[0m" in shown
    assert "\x1b[33m-- note\x1b[0m" in shown, "a removed line, not the name of a file"
    assert "\x1b" not in on_terminal(plan(), monkeypatch, colour=False)


# --- reload and rollback ----------------------------------------------------------------------------


def test_reload_plans_first_and_applies_that_plan(bank):
    caution = Caution(kind="module state", subject="shop.agents", text="CACHE starts anew")
    bank.answer(PlanUpgrade, plan(cautions=[caution])).answer(
        Reload, upgrade(left=1, notes=["killed <0.9.0>"])
    )
    result = bank.run("reload", "shop.agents", "--deadline", "30", "--overdue", "kill", "--guard", "3/90")
    assert result.code == 0
    assert [" ".join(line.split()) for line in result.out.splitlines()] == [
        "upgraded shop.agents aaa → bbb",
        "processes 12, 1 on older code",
        "messages 3 migrated in mailboxes",
        "took 8.3 ms",
        "pauses p50 0.1 ms, p99 0.4 ms, longest 2.1 ms",
        "note killed <0.9.0>",
    ]
    for part in (
        "planning shop.agents",
        "CACHE starts anew",
        "12 processes",
        "30 s",
        "observer modules",
        "within 90 s",
    ):
        assert part in result.err
    _, request = bank.node.asked
    assert request == Reload(plan="3f2a9c1e", deadline_s=30, overdue="kill", guard_crashes=3, guard_s=90)
    assert bank.node.timeouts[1] > 30 + 60, "so long the node may take; it says itself if that is not enough"


def test_reload_of_a_plan_takes_no_other_and_answers_in_json(bank):
    result = bank.answer(Reload, upgrade()).run("reload", "--plan", "77aa", "--guard", "2", "--json")
    assert json.loads(result.out)["steps"] == [{"module": "shop.agents", "old": "aaa", "new": "bbb"}]
    assert bank.node.asked == [Reload(plan="77aa", guard_crashes=2, guard_s=60)]


def test_a_refused_upgrade_ends_with_1_the_reason_and_nothing_on_stdout(bank):
    bank.answer(PlanUpgrade, plan(**FAILS)).answer(Reload, Failure(Code.REFUSED, FAILS["reason"]))
    result = bank.run("reload", "shop.agents", "--json")
    assert (result.code, result.out) == (1, "")
    for part in ("init takes no argument", "state of till-3", "message of <0.7.0>"):
        assert part in result.err
    assert result.err.endswith(f"observer: {FAILS['reason']}\n")
    assert isinstance(bank.node.asked[-1], Reload), "the node keeps who tried"


def test_a_module_that_cannot_be_executed_is_refused_before_anything_is_applied(bank):
    result = bank.answer(PlanUpgrade, Failure(Code.REFUSED, "syntax error in a.py, line 3")).run(
        "reload", "a"
    )
    assert (result.code, result.out) == (1, "")
    assert result.err.endswith("observer: syntax error in a.py, line 3\n")
    assert len(bank.node.asked) == 1


def test_who_stops_waiting_is_told_that_the_node_goes_on(bank):
    result = bank.answer(Reload, KeyboardInterrupt()).run("reload", "--plan", "77aa")
    assert (result.code, result.out) == (130, "")
    assert "the node goes on" in result.err
    assert "observer upgrades" in result.err


def test_rollback_names_its_modules_and_says_what_was_done(bank):
    bank.answer(Rollback, upgrade(kind="rollback"))
    result = bank.run("rollback", "shop.agents", "shop.prices", "--overdue", "kill")
    assert result.out.startswith("rolled back  shop.agents aaa → bbb\n")
    assert bank.node.asked == [Rollback(modules=["shop.agents", "shop.prices"], overdue="kill")]
    assert json.loads(bank.run("rollback", "shop.agents", "--json").out)["kind"] == "rollback"
    bank.answer(Rollback, Failure(Code.REFUSED, "shop.agents has no earlier version here"))
    assert bank.run("rollback", "shop.agents").code == 1


# --- the history ------------------------------------------------------------------------------------


def test_upgrades_tell_when_who_what_and_why_not(bank):
    refused = upgrade(by="key ann", done=False, reason="till-3: code_change raised", processes=0)
    back = upgrade(by="guard", kind="rollback", reason="3 crashes within 4.0 s of the upgrade")
    bank.answer(UpgradesQuery, Upgrades(at=AT, total=9, upgrades=[back, refused]))
    result = bank.run("upgrades", "--limit", "2")
    title, first, second = [" ".join(line.split()) for line in result.out.splitlines()]
    assert title == "WHEN BY WHAT MODULES PROCS TOOK P99 REASON"
    assert first.startswith(
        "14:02:11Z guard rollback shop.agents → bbb 12 8.3 ms 0.4 ms 3 crashes within 4.0 s"
    )
    assert second == "14:02:11Z key ann refused shop.agents → bbb – – – till-3: code_change raised"
    assert result.err == "2 of 9\n"
    assert [each["done"] for each in json.loads(bank.run("upgrades", "--json").out)] == [True, False]
    bank.answer(UpgradesQuery, Upgrades(at=AT, total=0, upgrades=[]))
    assert bank.run("upgrades").err == "nothing was upgraded\n"


def test_nothing_of_an_agents_code_is_obeyed_by_the_terminal(bank):
    step = UpgradeStep(module=HOSTILE, old=HOSTILE, new=HOSTILE)
    bank.answer(ModulesQuery, modules(module(HOSTILE, version=HOSTILE, path=HOSTILE)))
    bank.answer(UpgradesQuery, Upgrades(at=AT, total=1, upgrades=[upgrade(reason=HOSTILE, steps=[step])]))
    changed = ModulePlan(module=HOSTILE, old=HOSTILE, new="b", path=HOSTILE, diff=f"+{HOSTILE}")
    caution = Caution(kind=HOSTILE, subject=HOSTILE, text=HOSTILE)
    bank.answer(
        PlanUpgrade,
        plan(
            ok=False, reason=HOSTILE, modules=[changed], cautions=[caution], children=[HOSTILE], dependants=[HOSTILE],
            failures=[NotMigrated(pid="1", name=HOSTILE, what="state", text=HOSTILE)],
        ),
    )  # fmt: skip
    bank.answer(Reload, upgrade(steps=[step], notes=[HOSTILE]))
    for line in (["modules"], ["plan", "a"], ["reload", "a"], ["upgrades"]):
        result = bank.run(*line)
        assert (result.out + result.err).replace("\n", "").isprintable(), line
        assert "[bold]name[/bold]" in result.out, line
