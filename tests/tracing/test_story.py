"""Stories: messages and their handling as spans, with who caused whom."""

from tests.support.events import conversation, event
from tracing.records import record_of
from tracing.story import orphans, spans


def told(events):
    return [
        record_of(seq, one, 1000.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(events, 1)
    ]


def test_a_message_and_its_handling_are_one_span():
    first, second = spans(told(conversation()))
    assert (first.sent, first.began, first.ended) == (1.0, 1.25, 2.0)
    assert (first.waited, first.took) == (0.25, 0.75)
    assert (first.pid, first.name, first.sender, first.title) == (5, "alice", 0, "handle_call")
    assert (first.principal, first.failed) == ("owner", False)
    assert (second.pid, second.sender, second.cause, second.failed) == (6, 5, first.span, True)
    assert (first.starts, first.ends) == (1.0, 2.0)


def test_records_in_any_order_tell_the_same_story():
    records = told(conversation())
    assert spans(reversed(records)) == spans(records)


def test_what_was_sent_and_never_handled_has_no_beginning():
    (one,) = spans(told(conversation()[:1]))
    assert (one.sent, one.began, one.waited, one.took) == (1.0, None, None, None)
    assert (one.starts, one.ends, one.pid) == (1.0, 1.0, 5)


def test_what_is_known_of_the_end_alone_says_when_it_was_sent_and_began():
    first, _ = spans(told(conversation()[-1:] + conversation()[2:6]))
    assert (first.sent, first.began, first.ended) == (1.0, 1.25, 2.0)


def test_what_is_in_no_story_is_in_no_span():
    assert spans(told([event("started"), event("receive")])) == []


def test_a_spawned_process_is_in_the_story_of_who_made_it():
    (one,) = spans(
        told([event("spawn", (), mono=1.0, pid=7, peer=5, context=(1, 2, 3, None), text="Account")])
    )
    assert (one.pid, one.sender, one.title) == (7, 5, "spawn Account")


def test_spans_whose_cause_is_not_there_are_orphans():
    all_of_them = spans(told(conversation()))
    assert orphans(all_of_them) == []
    assert orphans(all_of_them[1:]) == all_of_them[1:]


def test_what_happens_to_another_process_in_a_span_does_not_change_whose_it_is():
    """Without a session, the crash of a receiver stands in the span of its sender."""
    context = (1, 2, 0, None)
    (one,) = spans(
        told([
            event("handled", "tick", 0, 1, mono=1.0, pid=5, name="clerk", context=context, took=0.1),
            event("crash", ValueError(), mono=1.1, pid=6, name="ledger", context=context),
        ])
    )  # fmt: skip
    assert (one.pid, one.name, one.failed) == (5, "clerk", False)
