"""Spans: a line of the screen as plain (text, tone) pairs, before any colour.

Cells, headers and panels are functions from data to spans, and only `tui.theme` turns a tone into
colours. Text in a span is literal: there is no markup to escape, and tests read what they see.

    fit([("1,204", "bad")], 7, right=True)  ->  [("  ", "text"), ("1,204", "bad")]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from .format import Tone, cut

Span = tuple[str, Tone]
Spans = list[Span]


def width(spans: Iterable[Span]) -> int:
    """Cells that the spans take."""
    return sum(cell_len(text) for text, _ in spans)


def plain(spans: Iterable[Span]) -> str:
    """The text alone."""
    return "".join(text for text, _ in spans)


def clip(spans: Iterable[Span], cells: int) -> Spans:
    """The spans in at most `cells` cells; what is cut ends in an ellipsis."""
    out: Spans = []
    left = cells
    items = list(spans)
    for place, (text, tone) in enumerate(items):
        size = cell_len(text)
        more = any(rest for rest, _ in items[place + 1 :])
        if size < left or (size == left and not more):
            out.append((text, tone))
            left -= size
        elif left > 0:
            shown = cut(text if size > left else text + "…", left)
            out.append((shown, tone))
            return out
        else:
            return out
    return out


def fit(spans: Iterable[Span], cells: int, *, right: bool = False) -> Spans:
    """The spans in exactly `cells` cells."""
    out = clip(spans, cells)
    space: Span = (" " * (cells - width(out)), "text")
    return [space, *out] if right else [*out, space]


def spread(left: Sequence[Span], right: Sequence[Span], cells: int) -> Spans:
    """One group at each end of a line. Where both do not fit, the left one is cut."""
    tail = clip(right, cells)
    room = cells - width(tail)
    gap = 1 if tail and room > 0 else 0
    return [*fit(left, room - gap), (" " * gap, "text"), *tail]


def joined(groups: Iterable[Sequence[Span]], gap: Span = ("  ", "text")) -> Spans:
    """Groups one after the other, a gap between them; empty groups are left out."""
    out: Spans = []
    for group in groups:
        if not group:
            continue
        if out:
            out.append(gap)
        out.extend(group)
    return out


def fitting(groups: Iterable[tuple[int, Sequence[Span]]], cells: int, gap: int = 2) -> list[Sequence[Span]]:
    """The groups that fit into `cells`, in their order; the ones with the highest rank go first."""
    kept = [(rank, group) for rank, group in groups if group]
    while kept and sum(width(group) for _, group in kept) + gap * (len(kept) - 1) > cells:
        worst = max(range(len(kept)), key=lambda place: (kept[place][0], place))
        if kept[worst][0] == 0:
            break
        del kept[worst]
    return [group for _, group in kept]


def flowing(groups: Iterable[Sequence[Span]], cells: int, margin: int = 2) -> list[Spans]:
    """Groups in as many lines as they need, two cells apart, behind a margin."""
    lines: list[list[Sequence[Span]]] = []
    for group in groups:
        if not group:
            continue
        if lines and margin + width(joined([*lines[-1], group])) <= cells:
            lines[-1].append(group)
        else:
            lines.append([group])
    return [[(" " * margin, "text"), *joined(line)] for line in lines]
