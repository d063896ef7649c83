"""The head of the Trace page: what is traced, how the session stands, and why it has ended; in three lines."""

from __future__ import annotations

from runtime.port.contract import Dump, TraceEnd
from tui.format import Tone, clean, cut, duration, number, plural, time_of_day
from tui.spans import Span, Spans, clip, fitting, joined, width
from tui.tracing.limits import limits_words
from tui.tracing.log import Log
from tui.tracing.slow import Slow, split_text
from tui.tracing.tracer import Tracer

__all__ = ["head", "nothing"]

BAR = 10


def head(tracer: Tracer, dump: Dump | None, log: Log, cells: int, why_not: str) -> list[Spans]:
    """Three lines.

    Args:
        tracer: the console's session.
        dump: what is looked at instead; None where it is the session.
        log: whose records are shown.
        cells: room.
        why_not: why this console may not trace; empty where it may.
    """
    if dump is not None:
        return [*_dump(dump, cells), _sums(log, tracer.slow, cells)]
    if not tracer.pattern:
        return [
            [("  ", "text"), (why_not, "warn")]
            if why_not
            else [("  nothing is traced: ", "muted"), ("n", "accent"), (" a pattern", "muted")],
            [("  limits  ", "faint"), (cut(limits_words(tracer.limits), cells - 12), "muted")],
            [("  a session stops itself at a limit, and says why; it ends with this console", "muted")],
        ]
    mark: Spans = [(" ● ", "accent")] if tracer.runs else [(" ■ ", "muted")]
    silent: Spans = [("  without values ", "muted"), ("V", "accent")] if tracer.silent else []
    return [
        [*clip([*mark, (clean(tracer.pattern, 2_000), "strong")], cells - width(silent)), *silent],
        _standing(tracer, cells),
        _sums(log, tracer.slow, cells),
    ]


def nothing(tracer: Tracer, log: Log, *, of_session: bool) -> str:
    """Why there are no records, as far as that is known; a reason a line where there are several."""
    if log.filter and log.rows:
        return f"nothing matches {clean(log.filter, 40)!r}"
    said = "nothing has happened yet that fits" if tracer.runs else "no records"
    if tracer.session is None or not of_session:
        return said
    nobody = [f"nobody is called {name!r} now" for name in tracer.session.nobody]
    reasons = [clean(why, 300) for why in [*nobody, *tracer.session.notes]]
    return ": ".join([said, *reasons]) if len(reasons) < 2 else "\n".join([f"{said}:", *reasons])


def _standing(tracer: Tracer, cells: int) -> Spans:
    session = tracer.session
    margin: Span = ("   ", "text")
    if tracer.failure is not None:
        return clip(
            [
                margin,
                ("not traced: " if session is None else "lost: ", "bad"),
                (clean(tracer.failure.message.partition("\n")[0], 1_000), "bad"),
            ],
            cells,
        )
    if session is None:
        return [margin, ("asking the node …", "muted")]
    if session.end is not None and tracer.over:
        return clip(
            [
                margin,
                *_ended(session.end),
                (f" · {plural(session.taken, 'record')}" if session.end.cause != "count" else "", "muted"),
                (" · s", "accent"),
                (" again", "muted"),
            ],
            cells,
        )
    limits = session.limits
    share = min(1.0, session.taken / limits.count)
    full = round(share * BAR)
    groups: list[tuple[int, Spans]] = [
        (0, [(f"{number(session.taken)} of {number(limits.count)} records ", "text"), ("█" * full, "accent"), ("░" * (BAR - full), "faint")]),
        (0, [(f"{duration(tracer.left_s)}", "text"), (f" left of {limits.seconds:g} s", "muted")]),
        (1, [(f"queue {number(session.waiting)} of {number(limits.queue)}", "warn" if session.waiting * 2 > limits.queue else "muted")]),
        (2, [(f"looked at {plural(session.seen, 'event')}", "muted")]),
        (3, [(f"at most {number(limits.rate)}/s", "muted")]),
    ]  # fmt: skip
    return [margin, *joined(fitting(groups, cells - 4, 3), (" · ", "faint"))]


def _ended(end: TraceEnd) -> Spans:
    tone: Tone = (
        "bad"
        if end.cause == "defect"
        else "warn"
        if end.cause in {"rate", "work", "queue", "owner", "node"}
        else "text"
    )
    return [("ended: ", "muted"), (clean(end.text, 300) or clean(end.cause, 20), tone)]


def _dump(dump: Dump, cells: int) -> list[Spans]:
    who = f"{clean(dump.name or '', 60)} {dump.pid or ''}".strip() or "the node"
    return [
        clip([(" ◆ ", "accent"), (f"dump {dump.dump}  ", "muted"), (clean(dump.trigger, 300), "strong")], cells),
        clip([("   ", "text"), (f"{clean(dump.kind, 20)} of {who}", "warn"), (f" at {time_of_day(dump.at)} ", "muted"),
              (clean(dump.text, 300), "text"), (" · Esc", "accent"), (" back", "muted")], cells),
    ]  # fmt: skip


def _sums(log: Log, slow: Slow, cells: int) -> Spans:
    groups: list[tuple[int, Spans]] = [
        (0, split_text(log.waited, log.took)),
        (1, [(f"{number(log.failed)} failed", "bad")] if log.failed else []),
        (2, [(f"{plural(log.gone, 'record')} no longer kept", "warn")] if log.gone else []),
        (3, [("w", "accent"), (" slow from ", "faint"), (slow.text, "muted")]),
    ]
    line = joined(fitting(groups, cells - 4, 3), (" · ", "faint"))
    return [("   ", "text"), *line] if width(line) + 3 <= cells else clip([("   ", "text"), *line], cells)
