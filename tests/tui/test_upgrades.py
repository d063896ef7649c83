"""Upgrades in words: for the console and the command line alike."""

from __future__ import annotations

import pytest

from runtime.port.contract import AffectedProcesses, Module, NotMigrated, Pauses
from tests.support.code_nodes import impossible, plan, upgrade
from tui.spans import plain, width
from tui.upgrades import badge, change_words, diff_lines, module_state, outcome, plan_rows, stakes, verdict
from tui.widgets.confirm import CELLS


def module(**fields):
    return Module.model_validate(
        {"module": "shop", "version": "1", "path": "shop.py", "on_disk": "aa", **fields}
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "✓ current"),
        ({"stale": True}, "▲ stale"),
        ({"stale": True, "version": "unknown"}, "? unknown"),
        ({"stale": True, "on_disk": None}, "✗ file gone"),
        ({"path": "", "on_disk": None}, "· no source"),
    ],
)
def test_the_state_of_a_module_is_glyph_and_word(fields, words):
    assert module_state(module(**fields))[0] == words


def test_a_badge_is_glyph_and_word_and_nothing_for_current_code():
    assert [plain(badge(mark)) for mark in ("stale", "old", None)] == ["▲ stale", "◐ old", ""]


def test_what_stands_in_the_way_of_a_plan_comes_before_what_it_changes():
    kinds = [row.kind for row in plan_rows(impossible())]
    assert kinds[:3] == ["✗ problem", "✗ failure", "■ module"]
    assert kinds[-1] == "! caution"


def test_failures_that_are_not_listed_are_counted():
    failure = NotMigrated(pid="<0.1.0>", what="state", text="KeyError: 'x'")
    rows = plan_rows(plan(ok=False, failures=[failure], failed=1_204))
    assert [row.text for row in rows if row.kind == "✗ failure"] == ["state: KeyError: 'x'", "and 1,203 more"]


def test_a_single_process_can_be_opened_from_the_plan():
    affected = AffectedProcesses(
        behaviour="shop:Till", kind="server", count=1, pids=["<0.7.0>"], how="swapped", migration="none"
    )
    (row,) = [row for row in plan_rows(plan(affected=[affected])) if row.kind == "● affected"]
    assert (row.pid, row.text) == ("<0.7.0>", "1 server; swapped")


def test_the_verdict_says_why_not():
    assert plain(verdict(impossible())).startswith("✗ cannot be applied: Reviewer.handle_call: the running")


def test_lines_of_a_diff_have_the_tone_of_what_they_do():
    tones = [spans[0][1] for spans in diff_lines("--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z")]
    assert tones == ["strong", "strong", "muted", "bad", "accent", "text"]


def test_a_diff_is_text_and_nothing_more():
    assert plain(diff_lines("+\x1b[31m[red]\tx")[0]) == "+·[31m[red] x"


def test_what_is_at_stake_fits_into_the_dialog():
    affected = AffectedProcesses(
        behaviour="x",
        kind="server",
        count=1_000_000,
        busy=100_000,
        waiting=9_999_999,
        how="",
        migration="none",
    )
    lines = stakes(plan(affected=[affected], children=["a"] * 100, dependants=["b"] * 50))
    assert max(width(line) for line in lines) <= CELLS


def test_an_outcome_is_how_many_how_long_and_who_was_left():
    parts = [plain(part) for part in outcome(upgrade(notes=["till-3 was killed"])) if part]
    assert parts == [
        "✓ upgraded 4 processes in 12 ms",
        "pauses p50 12 µs p99 40 µs longest 40 µs",
        "311 messages migrated",
        "◐ 1 process keeps old code",
        "till-3 was killed",
    ]


def test_a_rollback_that_nobody_asked_for_says_why():
    parts = [
        plain(part)
        for part in outcome(upgrade(kind="rollback", left=0, reason="3 crashes in 60 s", pauses=Pauses()))
    ]
    assert parts[0].startswith("✓ rolled back")
    assert "because 3 crashes in 60 s" in parts


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "✓ upgrade"),
        ({"kind": "rollback"}, "↶ rollback"),
        ({"done": False, "kind": "rollback"}, "✗ refused"),
    ],
)
def test_an_entry_of_the_history_is_glyph_and_word(fields, words):
    assert change_words(upgrade(**fields))[0] == words
