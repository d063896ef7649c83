"""Mermaid diagrams: arrows for messages, and no text of an agent's that could become syntax."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import conversation, event
from tracing.records import Record, record_of
from tracing.sinks.mermaid import diagram

TEXT = r"(?:[A-Za-z0-9_ .,=/()$+]|#\d{1,7};)+"
LINE = re.compile(
    rf"sequenceDiagram|    participant p\d+ as {TEXT}|    p\d+(?:->>|-->>|-\))p\d+: {TEXT}|    Note over p\d+: {TEXT}"
)
"""The part of Mermaid's grammar that is used."""


def told(events):
    return [
        record_of(seq, one, 0.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(events, 1)
    ]


def test_a_story_is_drawn_as_who_said_what_to_whom():
    assert diagram(told(conversation())) == (
        "sequenceDiagram\n"
        "    participant p1 as outside\n"
        "    participant p2 as alice #60;0.5.0#62;\n"
        "    participant p3 as book #60;0.6.0#62;\n"
        "    p1->>p2: call Deposit ask\n"
        "    p2-)p3: send Note note\n"
        "    Note over p3: raised handle_info note\n"
        "    Note over p3: crash ValueError no\n"
        "    p2-->>p1: reply 7\n"
    )


def test_a_message_whose_sending_nobody_saw_is_drawn_from_its_receiving():
    assert "p1-)p2: receive note" in diagram(told(conversation()[3:4]))
    assert "p1-)p2: receive m" in diagram(told([event("receive", "m", peer=4)]))


def test_a_message_of_which_only_the_handling_is_known_is_drawn_from_that():
    handled = event("handled", "m", peer=4, text="handle_cast", context=(1, 2, 0, None))
    assert "p1-)p2: handled handle_cast m" in diagram(told([handled]))
    assert diagram(told(conversation())).count("handled") == 0


def test_what_was_handled_meanwhile_is_drawn_behind_what_has_led_to_it():
    inner = event(
        "handled", mono=20.0, pid=6, name="book", peer=5, context=(1, 3, 2, None), waited=0.5, took=1
    )
    outer = event("handled", mono=21.0, pid=5, peer=0, context=(1, 2, 0, None), waited=0.5, took=4)
    arrows = [line.strip() for line in diagram(told([inner, outer])).splitlines() if "-)" in line]
    assert arrows == ["p1-)p2: handled", "p2-)p3: handled"]


def test_a_process_that_is_made_is_drawn_from_who_makes_it():
    assert "p1->>p2: spawn Account" in diagram(
        told([event("spawn", (), pid=7, name=None, peer=5, text="Account")])
    )


def test_the_class_of_a_reason_is_not_said_twice():
    ended = event("ended", ValueError("no"), text="ValueError")
    record = record_of(1, ended, 0.0, lambda _label, value, _redact: {"$type": type(value).__name__})
    assert "Note over p1: ended ValueError\n" in diagram([record])


def test_what_is_left_out_is_said():
    text = diagram(told([event("send", n, peer=6) for n in range(9)]), most=4)
    assert text.count("-)") == 4
    assert text.endswith("Note over p1: 5 more are left out\n")


def test_of_nothing_there_is_an_empty_diagram():
    assert diagram([]) == "sequenceDiagram\n"
    assert diagram(told([event("started")])) == "sequenceDiagram\n"


KINDS = st.sampled_from(["send", "call", "reply", "receive", "spawn", "crash", "timer", "handled", "unknown"])
RECORDS = st.builds(
    Record, seq=st.integers(0, 9), at=st.just(0.0), kind=KINDS, pid=st.integers(0, 3), name=st.none() | st.text(max_size=90), text=st.text(max_size=90),
    peer=st.integers(0, 3), span=st.sampled_from(["", "a"]), values=st.dictionaries(st.just("message"), st.text() | st.integers(), max_size=1),
)  # fmt: skip


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(st.lists(RECORDS, max_size=6))
def test_every_line_follows_the_grammar_whatever_agents_are_called_and_say(records):
    lines = diagram(records).split("\n")
    assert lines.pop() == ""
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    known = {line.split()[1] for line in lines if "participant" in line}
    assert {
        name for line in lines[1:] for name in re.findall(r"\bp\d+\b", line.split(":")[0].split(" as ")[0])
    } <= known
