"""Who caused what, told from times."""

from __future__ import annotations

from runtime.trace.inferred import told_apart, with_story
from tracing.flight import Flight
from tracing.story import orphans, spans

TRACE = 7


def step(pid, came, began, ended, sender=0, span=1, kind="handled", cause=0):
    context = (TRACE, span, cause, None)
    return (ended, kind, pid, None, "handle_cast", sender, context, (), began - came, ended - began, None)


def told(*events):
    found = told_apart(sorted(events, key=lambda event: event[0]))
    return spans(Flight.records(found))


def causes(found):
    by_id = {span.span: span.pid for span in found}
    return {span.pid: by_id.get(span.cause, 0) for span in found}


def test_what_came_while_its_sender_was_at_work_was_caused_by_that():
    found = told(step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=1), step(3, 3.5, 5, 6, sender=2))
    assert causes(found) == {1: 0, 2: 1, 3: 2}
    assert len({span.span for span in found}) == 3
    assert orphans(found) == []


def test_the_step_that_was_at_work_then_is_meant_and_no_other_of_the_same_process():
    found = told(
        step(1, 0, 1, 2),
        step(2, 1.5, 2, 3, sender=1),
        step(1, 2.5, 4, 5, sender=2),
        step(3, 4.5, 6, 7, sender=1),
    )
    third, fourth = sorted(found, key=lambda span: span.starts)[2:]
    assert fourth.cause == third.span


def test_the_first_keeps_its_span_and_the_same_events_get_the_same_spans():
    events = [step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=1)]
    once, again = told_apart(events), told_apart(events)
    assert once == again
    assert once[0][6][1] == 1


def test_what_was_minted_stays_as_it_is():
    events = [step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=1, span=9, cause=1)]
    assert told_apart(events) is events


def test_a_sender_that_is_not_known_causes_nothing():
    found = told(step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=99))
    assert causes(found)[2] == 0


def test_what_a_step_has_made_is_caused_by_it():
    spawned = (1.5, "spawn", 5, None, "", 1, (TRACE, 1, 0, None), (), None, None, None)
    ended = (1.6, "span_end", 1, None, "tool", 0, (TRACE, 1, 0, None), (), None, None, None)
    events = told_apart([spawned, ended, step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=1)])
    assert events[0][6][2] == events[2][6][1]
    assert events[0][6][1] != events[2][6][1]
    assert events[1][6] == events[2][6]


def test_processes_that_a_step_alone_has_made_are_none_of_it():
    spawned = [
        (at, "spawn", pid, f"child {pid}", "", 1, (TRACE, 1, 0, None), (), None, None, None)
        for at, pid in ((1.5, 5), (1.6, 6))
    ]
    found = told(step(1, 0, 1, 2), *spawned)
    assert [(span.pid, span.name) for span in found] == [(1, None), (5, "child 5"), (6, "child 6")]
    assert causes(found) == {1: 0, 5: 1, 6: 1}


def test_what_a_child_does_first_under_the_span_of_its_making_is_that_span():
    spawned = (1.5, "spawn", 5, None, "", 1, (TRACE, 9, 1, None), (), None, None, None)
    events = [spawned, step(1, 0, 1, 2), step(5, 1.5, 1.7, 1.8, span=9, cause=1)]
    assert told_apart(events) is events


def test_a_message_from_outside_that_led_to_nothing_is_a_story_of_its_own():
    alone = (*step(1, 0, 1, 2)[:6], None, *step(1, 0, 1, 2)[7:])
    other = (*step(1, 0, 3, 4)[:6], None, *step(1, 0, 3, 4)[7:])
    assert with_story(alone) == with_story(alone)
    assert with_story(alone)[6] != with_story(other)[6]
    assert with_story(alone)[6][0].bit_length() > 64
    assert with_story(step(1, 0, 1, 2)) == step(1, 0, 1, 2)
    link = (1.0, "link", 1, None, "", 2, None, (), None, None, None)
    assert with_story(link) is link
