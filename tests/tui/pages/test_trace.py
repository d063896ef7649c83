"""The Trace page, as somebody meets it who has never seen it: by its keys, and by what stands on the screen."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from runtime.port.contract import (
    CheckPattern,
    Code,
    Failure,
    KeepTrigger,
    StopTrace,
    Trace,
    TraceSessionsQuery,
)
from tests.support.console import Console, settle
from tests.support.crew import crew
from tests.support.fake_node import viewer
from tests.support.trace_nodes import record, review, traced
from tui.widgets.confirm import Confirm
from tui.widgets.pattern_prompt import PatternPrompt

SMALL = (80, 24)


@pytest.fixture
def console():
    return Console(traced(crew()))


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def trace(console, pilot, pattern="all messages", records=None):
    """Start a session, and let it take records."""
    await press(pilot, "6", "n", *pattern, "enter")
    console.node.tracing.take(review() if records is None else records)
    await console.poll(pilot)


def prompt(console):
    return console.page.query_one(PatternPrompt)


def line(console, words):
    return next((text for text in console.screen_text().splitlines() if words in text), "")


# --- a pattern ----------------------------------------------------------------------------------------


async def test_6_opens_it_and_it_says_how_to_begin(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "6")
        text = console.screen_text()
        assert "nothing is traced: n a pattern" in text
        assert "1,000 records · 30 s" in text
        assert "slow handlers" in text


async def test_an_example_goes_into_the_prompt(console):
    async with console.open() as pilot:
        await press(pilot, "6", "down", "enter")
        assert prompt(console).field.value == "all messages"
        await press(pilot, "enter")
        assert [it.pattern for it in console.node.tracing.opened] == ["all messages"]


async def test_what_is_wrong_stands_under_its_column_with_what_is_legal(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "6", "n", *"reviewer-1 handlrs")
        typed, below, legal = (
            line(console, words) for words in ("trace reviewer-1", "did you mean", "legal")
        )
        assert below.index("▲") == typed.index("handlrs")
        assert "messages · handlers" in legal
        await press(pilot, "enter")
        assert prompt(console).opened
        assert not console.node.tracing.opened


async def test_what_is_wrong_stands_under_its_column_behind_wide_characters_too(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "6", "n", *'"助手 エージェント" recieve')
        typed, below = (line(console, words) for words in (" recieve", "did you mean"))
        assert cell_len(below.partition("▲")[0]) == cell_len(typed.partition("recieve")[0])


async def test_tab_takes_the_word_that_the_arrows_have_chosen(console):
    async with console.open() as pilot:
        await press(pilot, "6", "n", *"rev")
        assert "reviewer-1" in line(console, "words")
        await press(pilot, "down", "tab")
        assert prompt(console).field.value == "reviewer-3 "
        await press(pilot, *"mes", "tab")
        assert prompt(console).field.value == "reviewer-3 messages "
        await press(pilot, "enter")
        assert console.node.tracing.opened[0].pattern == "reviewer-3 messages"


async def test_a_dangerous_pattern_is_asked_about_and_no_is_the_default(console):
    async with console.open() as pilot:
        await press(pilot, "6", "n", *"all lifecycle")
        assert "it takes every event of every process" in console.screen_text()
        await press(pilot, "enter")
        assert isinstance(console.app.screen, Confirm)
        assert "observer trace --force 'all lifecycle'" in console.screen_text()
        await press(pilot, "enter")
        assert not console.node.tracing.opened
        await press(pilot, "n", *"all lifecycle", "enter", "y")
        assert [(it.pattern, it.force) for it in console.node.tracing.opened] == [("all lifecycle", True)]


async def test_why_nothing_may_come_is_told(console):
    console.node.tracing.in_vain = ["no process runs Nope now"]
    async with console.open() as pilot:
        await press(pilot, "6", "n", *"all messages", "enter")
        await console.poll(pilot)
        assert "nothing has happened yet that fits: no process runs Nope now" in console.screen_text()


async def test_all_reasons_why_nothing_may_come_are_told_in_full(console):
    console.node.tracing.in_vain = [
        "no process runs Nope now",
        "the condition never holds: events of these kinds have no took; these have: handled, raised",
    ]
    async with console.open(SMALL) as pilot:
        await press(pilot, "6", "n", *"all messages", "enter")
        await console.poll(pilot)
        told = " ".join(console.screen_text().split())
        assert "that fits: no process runs Nope now the condition never" in told
        assert "these have: handled, raised" in told


async def test_a_session_without_values_says_so(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "6", "V", "n", *"all messages", "enter")
        assert "● all messages  without values V" in console.screen_text()
        await press(pilot, "V")
        assert "without values" in console.screen_text()  # V is about the next
        await press(pilot, "n", "enter")
        assert "without values" not in console.screen_text()


async def test_a_record_that_is_read_stays_while_others_come(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        read = console.page.records.current
        await press(pilot, "enter")
        console.node.tracing.take(review())
        await console.poll(pilot)
        assert console.page.records.current == read
        await press(pilot, "end")  # and now the newest is followed, in full as well
        console.node.tracing.take(review()[:4])
        await console.poll(pilot)
        assert "send" in console.screen_text().splitlines()[6]


async def test_keys_for_a_record_are_there_as_soon_as_there_is_one(console):
    async with console.open() as pilot:
        await press(pilot, "6")
        assert "filter" not in console.screen_text().splitlines()[-1]
        await press(pilot, "n", *"all messages", "enter")
        assert "t timeline" not in console.screen_text().splitlines()[-1]
        console.node.tracing.take(review())
        await console.poll(pilot)
        assert "t timeline" in console.screen_text().splitlines()[-1]


async def test_where_a_record_takes_the_place_of_the_list_the_way_back_is_told(console):
    async with console.open(SMALL) as pilot:
        await trace(console, pilot)
        await press(pilot, "enter")
        assert "Esc list" in console.screen_text()
        await press(pilot, "escape")
        assert "Esc list" not in console.screen_text()


async def test_esc_gives_the_pattern_up_and_the_keys_back(console):
    async with console.open() as pilot:
        await press(pilot, "6", "n", *"qqq", "escape")
        assert not prompt(console).opened
        assert console.page.focused is console.page.examples
        assert console.node.count(Trace) == 0


async def test_patterns_of_before_are_offered_where_nothing_is_typed(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "n", *(["backspace"] * 12))
        assert "all messages" in line(console, "words")
        await press(pilot, "tab")
        assert prompt(console).field.value == "all messages "


async def test_a_refusal_of_the_node_is_told(console):
    def refuse(_):
        raise Failure(Code.BAD_REQUEST, "this is no pattern\n    all messages\n    ^")

    console.node.tracing._open = refuse
    async with console.open() as pilot:
        await press(pilot, "6", "n", *"all messages", "enter")
        assert "not traced: this is no pattern   " in console.screen_text()


# --- records ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SMALL, (120, 40), (200, 50)])
async def test_a_record_is_when_who_what_how_long_and_whom(console, size):
    async with console.open(size) as pilot:
        await trace(console, pilot)
        text = line(console, "handled   Check") or line(console, "Check(path")
        row = next(it for it in console.screen_text().splitlines() if "1.7 s 212 ms" in it)
        for words in ("02:12.912", "reviewer-1", "handled", "← dispatcher"):
            assert words in row
        assert text


async def test_the_head_says_how_it_stands_and_how_waiting_and_work_divide(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        text = console.screen_text()
        assert "● all messages" in text
        assert "15 of 1,000 records" in text
        assert "s left of 30 s" in text
        assert "waited 1.7 s ░░░█████ worked 2.4 s" in text
        assert "1 failed" in text


async def test_the_newest_is_followed_until_the_cursor_leaves_it(console):
    async with console.open(SMALL) as pilot:
        await trace(console, pilot)
        assert console.page.records.at_end
        await press(pilot, "up", "up")
        console.node.tracing.take(review())
        await console.poll(pilot)
        assert not console.page.records.at_end
        assert console.page.records.cursor == "12"
        await press(pilot, "end")
        console.node.tracing.take(review())
        await console.poll(pilot)
        assert console.page.records.cursor == "44"


async def test_a_pause_freezes_the_rows_and_the_session_goes_on(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "p")
        console.node.tracing.take(review())
        await console.poll(pilot)
        assert "30 of 1,000 records" in console.screen_text()
        assert console.page.records.cursor == "14"
        await press(pilot, "p")
        console.node.tracing.take(review()[:1])
        await console.poll(pilot)
        assert console.page.records.cursor == "30"


async def test_what_came_in_a_pause_is_there_when_it_is_over_although_nothing_more_comes(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "p")
        console.node.tracing.take(review())
        await console.poll(pilot)
        await press(pilot, "p")
        assert console.page.records.cursor == "29"


async def test_what_is_asked_for_in_a_pause_is_shown(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "p", "slash", *"librarian", "enter")
        assert len(console.page.records.order) == 2
        await press(pilot, "escape")
        assert len(console.page.records.order) == 15


async def test_a_filter_leaves_what_fits_and_esc_clears_it(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "slash", *"librarian", "enter")
        assert "2 of 15 match /librarian" in console.screen_text()
        assert len(console.page.records.order) == 2
        await press(pilot, "escape")
        assert len(console.page.records.order) == 15


async def test_enter_shows_a_record_in_full_beside_the_list_or_in_its_place(console):
    async with console.open((160, 40)) as pilot:
        await trace(console, pilot)
        await press(pilot, *["up"] * 5, "enter")
        text = console.screen_text()
        assert "10000 → 7310" in text
        assert "TIME" in text
        await press(pilot, "down")
        assert "Finding" in console.page.detail.rows["0"].branch.children[1].value["$type"]
    small = Console(traced(crew()))
    async with small.open(SMALL) as pilot:
        await trace(small, pilot)
        await press(pilot, *["up"] * 5, "enter")
        assert "10000 → 7310" in small.screen_text()
        assert "TIME" not in small.screen_text()
        await press(pilot, "full_stop")
        assert "bare except" in small.screen_text()
        await press(pilot, "escape")
        assert "TIME" in small.screen_text()


async def test_o_opens_the_process_and_t_its_story_at_this_span(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, *["up"] * 5, "o")
        assert (console.page.mode, console.page.subject.pid) == ("process", "<0.18.0>")
        await press(pilot, "left_square_bracket", "t")
        assert console.page.mode == "timeline"
        assert console.page.waterfall.current.who == "reviewer-1"


async def test_slow_is_what_the_operator_says_it_is(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "w", *["backspace"] * 30, *"took=10s", "enter")
        assert console.app.tracer.slow.took == 10.0
        await press(pilot, "w", *["backspace"] * 30, *"nonsense", "enter")
        assert "'nonsense' is no threshold" in console.screen_text()
        await press(pilot, *["backspace"] * 8, *"took=5s", "enter")  # it can be typed otherwise
        assert console.app.tracer.slow.took == 5.0


# --- the session --------------------------------------------------------------------------------------


async def test_why_it_has_ended_is_told_in_words(console):
    async with console.open(SMALL) as pilot:
        await trace(console, pilot)
        console.node.tracing.end("count", "1,000 records were taken")
        await console.poll(pilot)
        assert "■ all messages" in console.screen_text()
        assert "ended: 1,000 records were taken · s again" in console.screen_text()


async def test_s_stops_it_and_s_again_starts_it_anew(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "s")
        await console.poll(pilot)
        assert console.node.tracing.stopped == [1]
        assert "ended: it was stopped by key owner" in console.screen_text()
        assert console.app.tracer.log.taken == 15
        await press(pilot, "s")
        assert len(console.node.tracing.opened) == 2
        assert console.app.tracer.log.taken == 0


async def test_whoever_stops_it_just_after_its_end_does_not_lose_its_records(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        console.node.tracing.end("count", "1,000 records were taken")
        await console.poll(pilot)
        await press(pilot, "s")
        assert len(console.node.tracing.opened) == 1
        assert "it has just ended by itself" in console.screen_text()
        console.clock.pass_(1.5)
        await press(pilot, "s")
        assert len(console.node.tracing.opened) == 2


async def test_it_goes_on_while_another_page_is_visible(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        await press(pilot, "2")
        console.node.tracing.take(review())
        await console.poll(pilot)
        await press(pilot, "6")
        assert "30 of 1,000 records" in console.screen_text()


async def test_a_second_session_takes_the_place_of_the_first(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        first = console.app.tracer._feed
        await press(pilot, "n", *["backspace"] * 20, *"reviewer-1 handlers", "enter")
        assert first is not console.app.tracer._feed
        assert console.app.tracer.log.taken == 0
        assert "● reviewer-1 handlers" in console.screen_text()


async def test_limits_are_typed_and_hold_for_the_next_session(console):
    async with console.open() as pilot:
        await press(pilot, "6", "L", *["backspace"] * 90, *"count=50 seconds=5", "enter", "V")
        assert "50 records · 5 s" in console.screen_text()
        await press(pilot, "n", *"all messages", "enter")
        (opened,) = console.node.tracing.opened
        assert (opened.limits.count, opened.limits.seconds, opened.values) == (50, 5.0, False)
        await press(pilot, "L", *["backspace"] * 90, *"count=0", "enter")
        assert "greater than or equal to 1" in console.screen_text()
        assert "count=0" in line(console, "limits count")


async def test_a_connection_that_is_lost_is_told_and_the_records_stay(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        console.node.down()
        await console.poll(pilot)
        assert "lost: connection refused" in console.screen_text()
        assert len(console.page.records.order) == 15
        await press(pilot, "s")
        assert "the node cannot be reached" in console.screen_text()
        assert len(console.page.records.order) == 15
        console.node.up()
        await console.poll(pilot)
        await press(pilot, "s")
        assert len(console.node.tracing.opened) == 2


@pytest.mark.parametrize(
    "opening", [("2", "slash", *"reviewer-1", "enter", "T"), ("g", *"reviewer-1", "enter", "T")]
)
async def test_capital_t_traces_the_selected_process(console, opening):
    async with console.open() as pilot:
        await press(pilot, *opening)
        assert console.page.mode == "trace"
        assert console.node.tracing.opened[0].pattern == '"reviewer-1" messages, handled, raised, lifecycle'


async def test_capital_t_on_a_supervisor_of_the_tree_traces_all_that_is_below_it(console):
    async with console.open() as pilot:
        await press(pilot, "3")
        node = console.page.table.current.node
        assert node.kind == "supervisor"
        await press(pilot, "T")
        assert console.page.mode == "trace"
        assert (
            console.node.tracing.opened[0].pattern == f"under {node.pid} messages, handled, raised, lifecycle"
        )


async def test_capital_t_on_a_worker_of_the_tree_traces_it_alone(console):
    async with console.open() as pilot:
        await press(pilot, "3", "end")
        node = console.page.table.current.node
        assert node.kind == "worker"
        await press(pilot, "T")
        assert console.node.tracing.opened[0].pattern == f"{node.pid} messages, handled, raised, lifecycle"


async def test_a_process_without_a_name_is_traced_by_its_pid(console):
    console.node.change("<0.18.0>", name=None, label="not registered")
    async with console.open() as pilot:
        await press(pilot, "g", *"<0.18.0>", "enter", "T")
        assert console.node.tracing.opened[0].pattern.startswith("<0.18.0> messages")


# --- who traces, what is kept -------------------------------------------------------------------------


async def test_who_traces_is_polled_only_while_it_is_visible(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "6")
        assert console.node.count(TraceSessionsQuery) == 0
        await press(pilot, "u")
        assert "all raised, crash" in line(console, "ann 10.0")
        assert "41 s left" in line(console, "ann 10.0")


async def test_somebody_elses_session_can_be_stopped(console):
    async with console.open() as pilot:
        await press(pilot, "6", "u", "x")
        assert console.node.count(StopTrace) == 1
        assert console.node.tracing.stopped == [90]


async def test_a_dump_is_opened_as_records_and_as_a_story_and_esc_comes_back(console):
    async with console.open(SMALL) as pilot:
        await press(pilot, "6", "d", "down")
        assert "crash OverBudget(10000)" in console.screen_text()
        await press(pilot, "enter")
        assert "dump 1  keep 5s before crash" in console.screen_text()
        assert console.page.records.current.kind == "crash"
        await press(pilot, "t")
        assert console.page.mode == "timeline"
        assert console.page.waterfall.current.who == "reviewer-3"
        await press(pilot, "left_square_bracket", "escape")
        assert console.page.dump is None
        assert console.page.kept.has_focus


async def test_a_trigger_is_set_and_forgotten(console):
    async with console.open() as pilot:
        await press(pilot, "6", "d", "b", *" of reviewer-1", "enter")
        assert "keep 5s before crash of reviewer-1" in console.screen_text()
        await press(pilot, "down", "x")
        await console.poll(pilot)
        assert [it.text for it in console.node.tracing.triggers] == ["keep 5s before crash"]


async def test_keys_for_a_trigger_are_there_as_soon_as_there_is_one(console):
    triggers, console.node.tracing.triggers, console.node.tracing.dumps = (
        console.node.tracing.triggers,
        [],
        [],
    )
    async with console.open() as pilot:
        await press(pilot, "6", "d")
        assert "x stop/forget" not in console.screen_text().splitlines()[-1]
        console.node.tracing.triggers = triggers  # by somebody else
        await console.poll(pilot)
        assert "x stop/forget" in console.screen_text().splitlines()[-1]


async def test_why_a_trigger_may_keep_nothing_is_told(console):
    console.node.tracing.in_vain = ["nobody is called 'nope' now"]
    async with console.open() as pilot:
        await press(pilot, "6", "d", "b", *" of nope", "enter")
        assert "set: keep 5s before crash of nope" in console.screen_text()
        assert "nobody is called 'nope' now" in console.screen_text()


async def test_a_dangerous_trigger_is_asked_about_and_no_is_the_default(console):
    async with console.open() as pilot:
        typed = [*["backspace"] * 5, *"receive", "enter"]
        await press(pilot, "6", "d", "b", *typed)
        assert isinstance(console.app.screen, Confirm)
        assert "observer keep --force 'keep 5s before receive'" in console.screen_text()
        assert "it fires each second" in console.screen_text()
        await press(pilot, "enter")
        assert console.node.count(KeepTrigger) == 0
        await press(pilot, "b", *typed, "y")
        assert console.node.tracing.triggers[-1].text == "keep 5s before receive"
        assert console.node.tracing.forced


async def test_what_is_no_trigger_is_told(console):
    async with console.open() as pilot:
        await press(pilot, "6", "d", "b", *["backspace"] * 30, *"5s befor crash", "enter")
        text = console.screen_text()
        assert "`before EVENT` is missing" in text
        assert "⏎    keep" not in text
        assert text.splitlines()[-1].startswith(" keep 5s befor crash")  # it can be typed otherwise
        await press(pilot, *["backspace"] * 6, *"e crash", "enter")
        assert console.node.tracing.triggers[-1].text == "keep 5s before crash"


# --- the rest -----------------------------------------------------------------------------------------


async def test_a_viewer_is_told_why_there_is_nothing(console):
    viewer(console.node)
    async with console.open(SMALL) as pilot:
        await press(pilot, "6", "n")
        assert "trace needs the role operator; this console's key is a viewer's" in console.screen_text()
        assert not prompt(console).opened
        assert console.node.count(CheckPattern) == 0
        assert "n pattern" not in console.screen_text().splitlines()[-1]


async def test_text_that_tries_to_be_more_is_text(console):
    bad = [
        record(
            1, 0, "send", None, text="[red]x[/red]\x1b[31m", values={"message": "\u202e[b]"}, peer="<0.18.0>"
        )
    ]
    async with console.open() as pilot:
        await trace(console, pilot, records=bad)
        assert "[red]x[/red]·[31m" in console.screen_text()
        await press(pilot, "enter")
        assert "\x1b" not in console.screen_text()
        assert "\u202e" not in console.screen_text()


async def test_what_is_shown_is_exported(console):
    async with console.open() as pilot:
        await trace(console, pilot)
        document = console.page.document()
        assert document["pattern"] == "all messages"
        assert len(document["records"]) == 15
        assert document["records"][9]["values"]["state"]["seen"] == 13


@pytest.mark.parametrize("size", [(20, 6), (40, 10), (300, 90)])
async def test_odd_terminals_are_no_reason_to_fail(console, size):
    async with console.open(size) as pilot:
        await press(pilot, "6", "n", *"reviewer-1 handlrs", "escape")
        await trace(console, pilot)
        await press(
            pilot,
            "enter",
            "escape",
            "u",
            "d",
            "enter",
            "question_mark",
            "escape",
            "t",
            "v",
            "enter",
            "escape",
        )
