"""Hot code upgrade in words: the state of a module, what a plan says, what is at stake, what came of it.

Everything here turns an answer of the port into spans, for the console and the command line alike. Nothing here asks or decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.port.contract import CodeMark, CodePlan, Module, ProcessCode, Upgrade
from tui.format import MINUS, NOTHING, Tone, clean, duration, number, plural, time_of_day
from tui.plans import Piece, What, concerned, pieces
from tui.spans import Span, Spans

__all__ = [
    "MARKS",
    "PlanRow",
    "badge",
    "change_words",
    "diff_lines",
    "module_state",
    "not_current",
    "outcome",
    "plan_rows",
    "stakes",
    "verdict",
]

MARKS: dict[CodeMark, tuple[str, str]] = {"stale": ("▲", "stale"), "old": ("◐", "old")}
"""The glyph and the word for a process's code: its file is newer; a newer version is in place."""

CHANGES: dict[str, tuple[str, Tone]] = {
    "added": ("+", "accent"),
    "removed": (MINUS, "bad"),
    "changed": ("~", "warn"),
}
"""The glyph and the tone of each kind of change."""

PIECES: dict[What, tuple[str, Tone]] = {
    "problem": ("✗", "bad"),
    "failure": ("✗", "bad"),
    "module": ("■", "strong"),
    "affected": ("●", "text"),
    "child": ("↻", "text"),
    "dependant": ("→", "warn"),
    "caution": ("!", "warn"),
}
"""The glyph and the tone of whatever else a plan says."""

UNKNOWN = "unknown"
"""What the node calls a version that it could not tell."""


def badge(mark: CodeMark | None) -> Spans:
    """`▲ stale`, `◐ old`; nothing where the code is current."""
    return [(" ".join(MARKS[mark]), "warn")] if mark is not None else []


def not_current(code: ProcessCode) -> str:
    """What is newer than the code of a process, and why it has not got it; empty where nothing is."""
    if code.mark == "old":
        return f"{clean(code.current, 40)} is in place: {clean(code.why, 200)}"
    return "its file has changed since" if code.mark == "stale" else ""


def module_state(module: Module) -> Span:
    """Whether a module runs what stands on disk."""
    if not module.path:
        return "· no source", "faint"
    if module.on_disk is None:
        return "✗ file gone", "bad"
    if not module.stale:
        return "✓ current", "muted"
    return ("? unknown", "warn") if module.version == UNKNOWN else ("▲ stale", "warn")


# --- a plan -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlanRow:
    """One thing that a plan says."""

    kind: str
    """Glyph and word."""
    tone: Tone
    subject: str
    text: str
    pid: str = ""
    """The process that it is about, if it is about one."""


def verdict(plan: CodePlan) -> Spans:
    """Whether it can be applied, and how much it concerns; or why not."""
    if not plan.ok:
        return [("✗ cannot be applied: ", "bad"), (clean(plan.reason, 2_000), "text")]
    count = concerned(plan)
    what = "can be rolled back" if plan.kind == "rollback" else "can be applied"
    facts = f", {plural(plan.migrated, 'state')} migrated on copies in {_short(plan.migrated_s)}"
    return [
        (f"✓ {what}: ", "accent"),
        (f"{plural(len(plan.modules), 'module')}, {plural(count, 'process')}{facts}", "text"),
    ]


def plan_rows(plan: CodePlan) -> list[PlanRow]:
    """Everything that the plan says, what stands in its way first."""
    rows = [_row(piece) for piece in pieces(plan)]
    more = plan.failed - len(plan.failures)
    if more > 0:
        place = len(plan.problems) + len(plan.failures)
        rows.insert(place, PlanRow("✗ failure", "bad", "…", f"and {number(more)} more"))
    return rows


def _row(piece: Piece) -> PlanRow:
    glyph, tone = CHANGES[piece.kind] if piece.what == "change" else PIECES[piece.what]
    kind = f"{glyph} {piece.kind if piece.what == 'change' else piece.what}"
    subject, text = clean(piece.subject), clean(piece.text)
    if piece.what == "failure":
        subject = f"{clean(piece.subject, 60)} {piece.pid}".strip()
    if piece.what in {"failure", "caution"}:
        text = f"{clean(piece.kind, 40)}: {text}"
    elif piece.what == "module" and piece.kind:
        text = f"{text}, as a {piece.kind}"
    return PlanRow(kind, tone, subject, text, piece.pid)


def diff_lines(text: str) -> list[Spans]:
    """A unified diff, line by line."""
    return [[(clean(line, 2_000) or " ", _diff_tone(line))] for line in text.splitlines()]


def _diff_tone(line: str) -> Tone:
    if line.startswith(("+++", "---")):
        return "strong"
    if line.startswith("@@"):
        return "muted"
    return "accent" if line.startswith("+") else "bad" if line.startswith("-") else "text"


# --- before and after ---------------------------------------------------------------------------------


def stakes(plan: CodePlan) -> list[Spans]:
    """What is at stake: who is touched, what waits, what nobody can undo."""
    count, busy = concerned(plan), sum(each.busy for each in plan.affected)
    waiting = sum(each.waiting for each in plan.affected)
    out: list[Spans] = [
        [(f"{clean(step.module, 34)}  {clean(step.old, 12)} → {clean(step.new, 12)}", "text")]
        for step in plan.modules[:4]
    ]
    if len(plan.modules) > 4:
        out.append([(f"and {len(plan.modules) - 4} more modules", "text")])
    out.append(
        [
            (
                f"{plural(count, 'process')} {'gets' if count == 1 else 'get'} it, each between two messages",
                "text",
            )
        ]
    )
    if busy:
        out.append([(f"{number(busy)} in a step: 5 s to end it, else nothing changes", "warn")])
    if waiting:
        out.append([(f"{plural(waiting, 'message')} waiting: none is lost", "text")])
    if plan.children:
        out.append([(f"{plural(len(plan.children), 'change')} to children of supervisors", "warn")])
    if plan.cautions or plan.dependants:
        cautions = [plural(len(plan.cautions), "caution")] if plan.cautions else []
        dependants = [plural(len(plan.dependants), "dependant")] if plan.dependants else []
        out.append([(f"{' and '.join([*cautions, *dependants])}: the plan names them", "warn")])
    out.append([(f"planned {time_of_day(plan.at)}; all of it happens, or nothing", "muted")])
    return out


def outcome(upgrade: Upgrade) -> list[Spans]:
    """What came of an upgrade, in parts that may stand on one line or on several."""
    if not upgrade.done:
        return [[("✗ refused: ", "bad"), (clean(upgrade.reason, 2_000), "text")]]
    word = "rolled back" if upgrade.kind == "rollback" else "upgraded"
    pauses = upgrade.pauses
    out: list[Spans] = [
        [(f"✓ {word} ", "accent"), (f"{plural(upgrade.processes, 'process')} in {duration(upgrade.took_s)}", "text")],
        [("pauses p50 ", "faint"), (_short(pauses.p50), "text"), (" p99 ", "faint"), (_short(pauses.p99), "text"),
         (" longest ", "faint"), (_short(pauses.longest), "text")] if pauses.count else [],
        [(f"{plural(upgrade.messages, 'message')} migrated", "text")] if upgrade.messages else [],
        [(f"◐ {plural(upgrade.left, 'process')} {'keeps' if upgrade.left == 1 else 'keep'} old code", "warn")] if upgrade.left else [],
    ]  # fmt: skip
    if upgrade.reason:
        out.append([("because ", "faint"), (clean(upgrade.reason, 500), "warn")])
    notes: list[Spans] = [[(clean(note, 500), "muted")] for note in upgrade.notes]
    return out + notes


def _short(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} µs" if 0 < seconds < 0.0005 else duration(seconds)


def change_words(upgrade: Upgrade) -> Span:
    """Glyph and word of an entry of the history."""
    if not upgrade.done:
        return "✗ refused", "bad"
    return ("↶ rollback", "warn") if upgrade.kind == "rollback" else ("✓ upgrade", "accent")


def version_text(version: str | None) -> Span:
    """A version, or a dash."""
    return (clean(version, 40), "text") if version else (NOTHING, "faint")
