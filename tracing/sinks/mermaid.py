"""A Mermaid sequence diagram (https://mermaid.js.org/syntax/sequenceDiagram.html): who said what to whom.

    sequenceDiagram
        participant p1 as outside
        participant p2 as alice #60;0.42.0#62;
        p1->>p2: call Deposit            an open question
        p2-->>p1: reply 5                its answer
        p2-)p3: send Note                a message nobody waits for
        Note over p3: crash ValueError

Whatever is not a plain letter or digit is written as a character's number, so that no text can become syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ..records import Json, Record, pid_text

__all__ = ["diagram"]

_ARROWS: Final = {
    "call": "->>",
    "send": "-)",
    "reply": "-->>",
    "timer": "-)",
    "receive": "-)",
    "handled": "-)",
}
_NOTES: Final = frozenset({
    "ended", "crash", "restarted", "gave_up", "raised", "code_changed", "operator", "suspended", "resumed", "zombie", "overflow",
})  # fmt: skip
_SPECIAL: Final = re.compile(r"[^A-Za-z0-9_ .,=/()$+]")
_LONGEST: Final = 60


def diagram(records: Iterable[Record], most: int = 500) -> str:
    """The diagram of records, with a line break at its end.

    A message that was received, and whose sending is not among the records, is drawn from its receiving; and one of which only the
    handling is known, as the flight recorder has it, from that, in the place of its sending.

    Args:
        records: in any order.
        most: arrows and notes; how many are left out is said at the end. Optional. Defaults to 500.
    """
    ordered = sorted(records, key=lambda record: (record.mono, record.seq))
    sent = {
        record.span for record in ordered if record.kind in {"send", "call", "timer", "spawn"} and record.span
    }
    received = {record.span for record in ordered if record.kind == "receive" and record.span}
    drawn = sorted((record for record in ordered if _is_drawn(record, sent, received)), key=_moment)
    shown = drawn[:most]
    people = _people(shown, ordered)
    lines = ["sequenceDiagram"]
    lines += [f"    participant {alias} as {text}" for alias, text in people.values()]
    lines += [f"    {_line(record, people)}" for record in shown]
    if len(drawn) > most and people:
        first = next(iter(people.values()))[0]
        lines.append(f"    Note over {first}: {len(drawn) - most} more are left out")
    return "\n".join(lines) + "\n"


def _is_drawn(record: Record, sent: set[str], received: set[str]) -> bool:
    if record.kind == "receive":
        return not record.span or record.span not in sent
    if record.kind == "handled":
        return bool(record.span) and record.span not in sent and record.span not in received
    return record.kind in _ARROWS or record.kind in _NOTES or record.kind == "spawn"


def _moment(record: Record) -> float:
    """When its arrow begins: a handling is recorded when it is over."""
    began = record.mono - (record.took or 0.0) - (record.waited or 0.0)
    return began if record.kind == "handled" else record.mono


def _people(shown: list[Record], ordered: list[Record]) -> dict[int, tuple[str, str]]:
    """The processes of a diagram in the order in which they appear: their aliases and titles."""
    names = {record.pid: record.name for record in ordered if record.name is not None}
    people: dict[int, tuple[str, str]] = {}
    for record in shown:
        for number in _ends(record):
            if number not in people:
                title = f"{names.get(number, '')} {pid_text(number)}".strip() if number else "outside"
                people[number] = f"p{len(people) + 1}", _escaped(title)
    return people


def _ends(record: Record) -> tuple[int, ...]:
    """From whom to whom; one alone for a note."""
    if record.kind in _NOTES:
        return (record.pid,)
    if record.kind in {"receive", "handled", "spawn"}:
        return record.peer, record.pid
    return record.pid, record.peer


def _line(record: Record, people: dict[int, tuple[str, str]]) -> str:
    ends = [people[number][0] for number in _ends(record)]
    text = _escaped(_said(record))
    if len(ends) == 1:
        return f"Note over {ends[0]}: {text}"
    return f"{ends[0]}{_ARROWS.get(record.kind, '->>')}{ends[1]}: {text}"


def _said(record: Record) -> str:
    value = next(
        (record.values[label] for label in ("message", "reply", "reason") if label in record.values), None
    )
    said = _short(value)
    if record.kind in _NOTES and said == record.text:  # an end's text is the class of its reason, too
        said = ""
    return " ".join(part for part in (record.kind, record.text, said) if part)


def _short(value: Json) -> str:
    if isinstance(value, dict):
        return str(value.get("$type") or value.get("$text") or "")
    return "" if value is None or isinstance(value, list) else str(value)


def _escaped(text: str) -> str:
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return (
        _SPECIAL.sub(lambda char: f"#{ord(char[0])};" if char[0].isprintable() else " ", short).strip() or "…"
    )
