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
    assert told_apart(events) == events


def test_a_sender_that_is_not_known_causes_nothing():
    found = told(step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=99))
    assert causes(found)[2] == 0


def test_what_a_step_has_made_is_caused_by_it():
    spawned = (1.5, "spawn", 5, None, "", 1, (TRACE, 1, 0, None), (), None, None, None)
    gave_up = (1.6, "gave_up", 1, None, "", 0, (TRACE, 1, 0, None), (), None, None, None)
    events = told_apart([spawned, gave_up, step(1, 0, 1, 2), step(2, 1.5, 3, 4, sender=1)])
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
    began = (1.8, "handled", 5, None, "init", 0, (TRACE, 9, 1, None), (), 0.2, 0.1, None)
    events = [spawned, step(1, 0, 1, 2), began]
    assert told_apart(events) == events


def test_a_message_from_outside_that_led_to_nothing_is_a_story_of_its_own():
    alone = (*step(1, 0, 1, 2)[:6], None, *step(1, 0, 1, 2)[7:])
    other = (*step(1, 0, 3, 4)[:6], None, *step(1, 0, 3, 4)[7:])
    assert with_story(alone) == with_story(alone)
    assert with_story(alone)[6] != with_story(other)[6]
    assert with_story(alone)[6][0].bit_length() > 64
    assert with_story(step(1, 0, 1, 2)) == step(1, 0, 1, 2)
    link = (1.0, "link", 1, None, "", 2, None, (), None, None, None)
    assert with_story(link) is link


def event(mono, kind, pid, text="", peer=0, span=1, cause=0, values=(), took=None):
    return (mono, kind, pid, None, text, peer, (TRACE, span, cause, None), values, None, took, None)


def ids(*events):
    """The span and the cause of each, in this order."""
    return [each[6][1:3] for each in told_apart(list(events))]


def test_a_coroutine_goes_on_until_it_receives_again():
    receives = [
        (*step(2, at, at, at, sender=1)[:4], "receive", *step(2, at, at, at, sender=1)[5:]) for at in (1, 5)
    ]
    _, (first, _), (second, _), (_, cause) = ids(step(1, 0, 1, 1), *receives, step(3, 4, 6, 7, sender=2))
    assert cause == first != second


def test_a_timer_was_set_by_what_alone_its_process_has_done():
    (_, _), (only, _), (_, cause) = ids(
        step(2, 0, 0, 0), step(1, 0, 1, 2), event(9, "timer", 1, span=5, cause=1)
    )
    assert cause == only


def test_a_timer_of_a_process_that_has_done_several_things_has_no_cause():
    assert ids(step(1, 0, 1, 2), step(1, 2, 3, 4), event(9, "timer", 1, span=5, cause=1))[-1] == (5, 0)


def test_a_timer_and_the_handling_of_its_message_are_one():
    timer, handled = event(3, "timer", 1, peer=2, span=5, cause=1), step(2, 3, 3, 4, span=5, cause=1)
    assert ids(step(1, 0, 1, 2), timer, handled) == [(1, 0), (5, 1), (5, 1)]


def test_what_comes_while_its_sender_is_not_at_work_has_no_cause():
    assert causes(told(step(1, 0, 1, 2), step(2, 1, 3, 4, sender=1), step(3, 6, 7, 8, sender=2)))[3] == 0


def test_a_span_of_the_users_and_what_is_sent_in_it_are_two():
    start, end = (
        event(at, kind, 1, span=9, cause=1) for at, kind in ((1.2, "span_start"), (1.8, "span_end"))
    )
    sent = step(2, 1, 3, 4, sender=1, span=9, cause=1)
    _, tool, _, (span, cause) = ids(step(1, 0, 1, 2), start, end, sent)
    assert tool == (9, 1)
    assert cause == 9 != span


def test_an_end_belongs_to_the_work_of_whoever_was_at_it():
    *_, killer, end = ids(
        step(9, 0, 0, 0), step(1, 0, 1, 2, sender=9), event(1.5, "ended", 5, values=("killed",))
    )
    assert end == killer


def test_an_end_while_nobody_was_at_work_has_no_cause():
    *_, (span, cause) = ids(step(1, 0, 1, 2), event(3, "ended", 5, values=("killed",)))
    assert span != 1
    assert cause == 0


def test_a_crash_is_its_own_even_while_another_is_at_work():
    crash = event(2, "ended", 2, values=(ValueError(),))
    others = step(1, 0, 0, 1), step(3, 0.5, 1.5, 3, sender=1)
    _, own, end, _ = ids(others[0], step(2, 0.2, 1, 1.2, sender=1, kind="raised"), crash, others[1])
    assert end == own


def test_one_that_was_linked_ends_in_the_work_of_who_has_crashed():
    reason = ValueError()
    receive = (*step(2, 0, 1, 1, sender=1)[:4], "receive", *step(2, 0, 1, 1, sender=1)[5:])
    raised = step(3, 0.5, 2, 3, sender=1, kind="raised")
    *_, crashed, first, linked = ids(
        step(1, 0, 0, 1),
        receive,
        raised,
        event(3, "ended", 3, values=(reason,)),
        event(4, "ended", 2, values=(reason,)),
    )
    assert linked == first == crashed


def test_what_an_operator_has_done_causes_what_comes_of_it():
    operator = event(2, "operator", 5, took=1)
    (span, _), (own, cause) = ids(operator, step(5, 1.5, 1.6, 1.7))
    assert cause == span != own
