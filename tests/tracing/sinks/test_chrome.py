"""Chrome's trace format: what "Trace Event Format" demands of each phase, and slices that nest."""

import json
from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import conversation, event
from tracing.kinds import KINDS
from tracing.records import Record, record_of
from tracing.sinks.chrome import document

PHASES = {
    "X": {"name", "cat", "ts", "dur", "pid", "tid"},
    "M": {"name", "pid", "tid", "args"},
    "i": {"name", "ts", "pid", "tid", "s"},
    "s": {"name", "cat", "ts", "pid", "tid", "id"},
    "f": {"name", "cat", "ts", "pid", "tid", "id", "bp"},
    "b": {"name", "cat", "ts", "pid", "tid", "id"},
    "e": {"name", "cat", "ts", "pid", "tid", "id"},
    "C": {"name", "ts", "pid", "tid", "args"},
}
"""What an event of each phase must have."""


def check(whole):
    """The document is what its format demands."""
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole
    assert whole["displayTimeUnit"] in {"ms", "ns"}
    named = {one["tid"] for one in whole["traceEvents"] if one["ph"] == "M" and one["name"] == "thread_name"}
    arrows = defaultdict(list)
    slices = defaultdict(list)
    for one in whole["traceEvents"]:
        if one["ph"] == "X":
            slices[one["tid"]].append((one["ts"], one["ts"] + one["dur"]))
    for one in whole["traceEvents"]:
        assert PHASES[one["ph"]] <= set(one), one
        assert type(one["pid"]) is int
        assert 0 <= one["tid"] < 2**31
        assert one["ph"] == "M" or one["tid"] in named
        assert one.get("dur", 0) >= 0
        if one["ph"] in {"s", "f"}:
            arrows[one["id"]].append(one["ph"])
            assert any(begins <= one["ts"] <= ends for begins, ends in slices[one["tid"]]), one
    assert all("s" in ends and "f" in ends for ends in arrows.values())


def told(events):
    return [
        record_of(seq, one, 0.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(events, 1)
    ]


def test_a_story_is_slices_on_tracks_with_arrows_from_sending_to_handling():
    whole = document(told(conversation()), "bank")
    check(whole)
    events = whole["traceEvents"]
    assert [one["args"]["name"] for one in events if one["ph"] == "M"] == [
        "bank",
        "outside",
        "alice <0.5.0>",
        "book <0.6.0>",
    ]
    slices = [(one["name"], one["tid"], one["ts"], one["dur"]) for one in events if one["ph"] == "X"]
    assert slices == [
        ("call Deposit", 1, 1.0e6, 0.001), ("handle_info", 3, 1.5e6, 0.25e6), ("handle_call", 2, 1.25e6, 0.75e6),
    ]  # fmt: skip
    assert [(one["ph"], one["tid"], one["ts"]) for one in events if one["ph"] in {"s", "f"}] == [
        ("s", 1, 1.0e6), ("s", 2, 1.375e6), ("f", 3, 1.5e6), ("f", 2, 1.25e6),
    ]  # fmt: skip


def test_an_arrow_has_both_ends_or_is_not_drawn():
    for part in (conversation()[:3], conversation()[3:]):
        check(document(told(part)))


def test_spans_counters_and_calls_of_functions_have_their_phases():
    context = (1, 2, 0, None)
    whole = document(
        told(
            [
                event("span_start", {}, mono=1.0, text="tool", context=context),
                event("span_end", {}, mono=2.0, text="tool", context=context),
                event("count", 5, mono=2.5, text="tokens"),
                event("function_call", {}, mono=2.6, text="bank:pay"),
                event("function_return", {}, 5, mono=3.0, text="bank:pay", took=0.25),
                event("started", mono=4.0),
            ]
        )
    )
    check(whole)
    assert [(one["ph"], one["name"]) for one in whole["traceEvents"] if one["ph"] != "M"] == [
        ("b", "tool"), ("e", "tool"), ("C", "tokens"), ("X", "bank:pay"), ("i", "started"),
    ]  # fmt: skip


def test_slices_of_a_process_do_not_overlap():
    handled = [
        event("handled", mono=float(end), took=0.75, text="h", context=(1, end, 0, None))
        for end in range(1, 9)
    ]
    slices = [one for one in document(told(handled))["traceEvents"] if one["ph"] == "X"]
    assert all(one["ts"] + one["dur"] <= other["ts"] for one, other in pairwise(slices))


RECORDS = st.builds(
    Record, seq=st.integers(0, 9), at=st.just(0.0), kind=st.sampled_from([*KINDS, "unknown"]), pid=st.integers(0, 10**14), name=st.none() | st.text(max_size=5),
    text=st.text(max_size=5), mono=st.floats(0, 1e6), peer=st.integers(0, 3), trace=st.just("t"), span=st.sampled_from(["", "a", "b"]),
    took=st.none() | st.floats(0, 10),
)  # fmt: skip


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(st.lists(RECORDS, max_size=8))
def test_whatever_is_recorded_the_document_follows_its_format(records):
    check(document(records))
