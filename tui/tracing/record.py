"""One record in full, as a tree: what happened, the fields that have changed, its values, its stack, its ids.

▾ handled  handle_cast(Review)
  ├ message   Review(path='a.py')
  ├ ▾ changes 2 fields
  │   ├ seen      12 → 13
  │   └ log[12]   added 'a.py'
  ├ ▸ before  …
  ├ ▸ state   …
  └ ▸ ids     trace …, span …, cause …
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import JsonValue

from tracing.changes import Change, changes
from tui.format import NOTHING, clean, plural
from tui.output.values import one_line
from tui.spans import Spans
from tui.widgets.values import Branch, parts_of

from .row import INCOMING, LOUD, Row, moment
from .slow import Slow, brief, split_bar
from .told import comparable

__all__ = ["record_tree", "records_tree"]

MOST_CHANGES = 100
_UNKNOWN = Branch("changes", text=[("not known: a state was left out", "faint")])


def record_tree(row: Row, slow: Slow, called: Callable[[str], str]) -> list[Branch]:
    """The tree of a record; its first level is unfolded."""
    return [_record(row, slow, called, is_open=True)]


def records_tree(rows: Sequence[Row], slow: Slow, called: Callable[[str], str]) -> list[Branch]:
    """Several records, as those of one span; the last, which says most, is unfolded."""
    return [_record(row, slow, called, is_open=row is rows[-1]) for row in rows]


def _record(row: Row, slow: Slow, called: Callable[[str], str], *, is_open: bool) -> Branch:
    values = row.value()
    head: Spans = [
        (moment(row), "muted"), ("  ", "text"), (row.kind, LOUD.get(row.kind, "accent")), ("  ", "text"), (row.text, "strong"),
    ]  # fmt: skip
    parts = [_who(row, called), *_times(row, slow)]
    before, after = values.get("before"), values.get("state")
    for label, value in values.items():
        if label not in {"before", "state"}:
            parts.append(_reason(value) if label == "reason" else Branch(label, value))
    if "before" in values and "state" in values:
        told = _changes(changes(before, after, MOST_CHANGES)) if comparable(values) else _UNKNOWN
        parts.append(told)
    parts.extend(Branch(label, values[label], open=False) for label in ("before", "state") if label in values)
    if row.stack:
        parts.append(_stack(row.stack.splitlines()))
    if row.cut:
        parts.append(Branch("cut", text=[("a limit has cut a value: L size=…", "warn")]))
    parts.append(_ids(row))
    return Branch("", text=head, children=tuple(parts), open=is_open)


def _who(row: Row, called: Callable[[str], str]) -> Branch:
    text: Spans = [(f"{row.name} {row.pid}".strip() or row.who, "text")]
    if row.peer:
        name = called(row.peer)
        other = row.peer if name == row.peer else f"{name} {row.peer}"
        text.extend([(" ← " if row.kind in INCOMING else " → ", "faint"), (other, "text")])
    elif row.beyond:
        text.extend([(" ← " if row.kind in INCOMING else " → ", "faint"), (row.beyond, "muted")])
    return Branch("process", text=text)


def _times(row: Row, slow: Slow) -> list[Branch]:
    if row.waited is None and row.took is None:
        return []
    text: Spans = [
        ("waited ", "faint"), (brief(row.waited), slow.wait_tone(row.waited)), (" worked ", "faint"),
        (brief(row.took), slow.work_tone(row.took)), (" ", "text"), *split_bar(row.waited, row.took, 12),
    ]  # fmt: skip
    return [Branch("time", text=text)]


def _reason(value: JsonValue) -> Branch:
    """Of an exception that says one text, that text as its message, in full."""
    if not isinstance(value, dict) or not isinstance(args := value.get("args"), list) or len(args) != 1:
        return Branch("reason", value)
    (said,) = args
    if not isinstance(said, str) or "$type" not in value:
        return Branch("reason", value)
    rest: JsonValue = {key: part for key, part in value.items() if key not in {"$type", "args"}}
    parts = (Branch("message", said, open=True), *parts_of(rest))
    return Branch("reason", text=[(clean(str(value["$type"]), 100), "bad")], children=parts, open=True)


def _changes(found: list[Change]) -> Branch:
    if not found:
        return Branch("changes", text=[("none that is shown", "faint")])
    widest = f"at least {MOST_CHANGES} fields" if len(found) >= MOST_CHANGES else plural(len(found), "field")
    return Branch("changes", text=[(widest, "accent")], children=tuple(map(_change, found)), open=True)


def _change(change: Change) -> Branch:
    return Branch(clean(change.path, 200) or "all of it", text=_differs(change))


def _differs(change: Change) -> Spans:
    old, new = _short(change.before), _short(change.after)
    if change.form == "added":
        return [("added ", "accent"), (new, "text")]
    if change.form == "removed":
        return [("removed ", "warn"), (old, "muted")]
    return [(old, "muted"), (" → ", "accent"), (new, "text")]


def _short(value: object) -> str:
    return clean(one_line(_json(value)), 160)


def _json(value: object) -> JsonValue:
    return value  # type: ignore[return-value]  # the floor's own name for the same


def _stack(frames: list[str]) -> Branch:
    return Branch(
        "stack",
        text=[(f"{plural(len(frames), 'frame')}, innermost first", "muted")],
        children=tuple(map(_frame, reversed(frames))),
        open=True,
    )


def _frame(frame: str) -> Branch:
    """Line and function before the folder, which may be long and is the first to be cut."""
    path, _, code = clean(frame, 300).rpartition("/")
    return Branch("", text=[(code, "text"), (f"  {path}" if path else "", "faint")], children=())


def _ids(row: Row) -> Branch:
    named = (
        ("trace", row.trace), ("span", row.span), ("cause", row.cause or (row.span and "none: from outside")),
        ("principal", row.principal), ("number", f"{row.number:,}"),
    )  # fmt: skip
    parts = tuple(Branch(name, text=[(clean(text, 60), "text")]) for name, text in named if text)
    text: Spans = [
        (f"trace {row.trace[:8]}… span {row.span[:8]}…" if row.trace else f"no story {NOTHING}", "muted")
    ]
    return Branch("ids", text=text, children=parts, open=False)
