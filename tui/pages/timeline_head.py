"""The head of the Timeline page: whose story, how long, waiting and work, what is missing; and what the cursor is on, uncut."""

from __future__ import annotations

from tui.format import number, plural
from tui.spans import Spans, clip, fitting, joined
from tui.tracing.slow import brief, split_text
from tui.tracing.story import Bar, Story

__all__ = ["head"]


def head(
    story: Story, bar: Bar | None, cells: int, *, note: str, whole: int, read: int | None
) -> list[Spans]:
    """Three lines, and one more where there is a note.

    Args:
        story: what is known so far.
        bar: the span under the cursor.
        cells: room.
        note: what is missing, or why there is nothing.
        whole: spans of all of the story, of which this may be an episode.
        read: how many records were read so far; None where all are.
    """
    if not story.rows:
        return _nothing(cells, note, reading=read is not None)
    trace = story.trace if cells > 100 else story.trace[:16] + "…" * (len(story.trace) > 16)
    facts: list[tuple[int, Spans]] = [
        (0, [(trace or "no id", "strong")]),
        (1, [("for ", "faint"), (story.principal, "accent")] if story.principal else []),
        (0, [(plural(len(story.bars), "span"), "text")]),
        (2, [(plural(sum(map(bool, story.lanes)), "process"), "text")]),
        (0, [(brief(story.ends - story.starts), "strong")]),
        (0, [(f"{number(story.failed)} failed", "bad")] if story.failed else []),
    ]
    sums: list[tuple[int, Spans]] = [
        (0, split_text(story.waited, story.took)),
        (1, [(f"reading on, {number(read)} records so far", "accent")] if read is not None else []),
        (
            0,
            [(f"an episode of {number(whole)} spans, ", "muted"), ("f", "accent"), (" all", "muted")]
            if whole > len(story.bars)
            else [],
        ),
    ]
    lines = [*(joined(fitting(groups, cells - 4, 3), (" · ", "faint")) for groups in (facts, sums))]
    here = _here(story, bar) if bar is not None else []
    last: list[Spans] = [[(note, "warn")]] if note else []
    return [clip([("   ", "text"), *line], cells) for line in (*lines, *last, here)]


def _nothing(cells: int, note: str, *, reading: bool) -> list[Spans]:
    if note:
        return [clip([("  ", "text"), (note, "warn")], cells)]
    if reading:
        return [[("  reading the story …", "muted")]]
    return [
        [("  no story was opened yet: ", "muted"), ("t", "accent"), (" on a record or a process opens its story,", "muted")],
        [("  ", "text"), ("t", "accent"), (" on a crash what happened before it; ", "muted"), ("i", "accent"), (" asks for a trace id", "muted")],
    ]  # fmt: skip


def _here(story: Story, bar: Bar) -> Spans:
    """From whom to whom, what, and what is odd about it."""
    odd = ""
    if bar.began is not None and bar.ended is None:
        odd = " · still at work, as far as records tell"
    elif bar.began is None and bar.title.startswith(("send", "call")):
        odd = " · never handled, as far as records tell"
    sender = "a timer" if bar.tick else story.called(bar.sender)
    ends: Spans = [(sender, "muted"), (" → ", "faint"), (bar.who or "nobody yet", "text")]
    if not bar.sender and bar.sent is None:  # a span of somebody's own: nobody has sent it
        ends = [(bar.who or sender, "text")]
    orphan = " · what has caused it is not here" if bar.orphan else ""
    return [
        *ends,
        (f"  {bar.title}  ", "muted"), (bar.message, "strong"), (odd + orphan, "muted"),
    ]  # fmt: skip
