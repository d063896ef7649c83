"""Tracing on the command line: lines for people, forms for programs, and how each ends."""

from __future__ import annotations

import json
import signal
import sqlite3
from datetime import timedelta

import pytest

from runtime.port.contract import (
    Code,
    Crash,
    Crashes,
    CrashQuery,
    Done,
    Dump,
    DumpQuery,
    Dumps,
    DumpsQuery,
    Failure,
    ForgetTrigger,
    KeepTrigger,
    StopTrace,
    Timeline,
    TimelineQuery,
    Trace,
    TraceRead,
    TraceRecords,
    TraceSessions,
    TraceSessionsQuery,
    Trigger,
)
from tests.support.command_line import AT, CommandLine
from tests.support.traces import CALL, TRACE, pages, record, session, story
from tracing.sinks import otel
from tracing.store import Store


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


@pytest.fixture
def traced(bank):
    """A session that brings one story, and ends at its count."""
    bank.answer(Trace, session())
    bank.answer(TraceRead, pages(story()[:3], story()[3:]))
    return bank


# --- trace ----------------------------------------------------------------------------------------------


def test_a_trace_is_lines_and_ends_with_0_where_a_limit_ended_it(traced):
    result = traced.run("trace", "all messages")
    assert result.code == 0
    titles, *lines = result.out.splitlines()
    assert titles.split() == ["WHEN", "PID", "NAME", "KIND", "WAITED", "TOOK", "PEER", "STORY", "WHAT"]
    assert len(lines) == 7
    starts = [line.index("6693806") for line in lines]
    assert len(set(starts)) == 1, "columns stand under each other"
    assert lines[2].split()[:6] == [
        "14:02:11.200",
        "<0.3.0>",
        "dispatcher",
        "send",
        "→<0.4.0>",
        "66938060",
    ]
    assert "Review(path='a.py')" in lines[2]
    assert "cast" in lines[2]
    assert lines[3].endswith("n 1 → 2")
    assert "←outside" in lines[1]
    assert "\x1b" not in result.out
    assert "7 records; because of count" in result.err
    assert f"observer timeline {TRACE[:8]}" in result.err


def test_what_is_asked_for_reaches_the_node(traced):
    traced.run(
        "trace",
        "alice send",
        "--for",
        "5",
        "--count",
        "7",
        "--rate",
        "100",
        "--size",
        "500",
        "--no-values",
        "--force",
        "--json",
    )
    asked = traced.node.asked[0]
    assert (asked.pattern, asked.values, asked.force) == ("alice send", False, True)
    assert (asked.limits.seconds, asked.limits.count, asked.limits.rate, asked.limits.size) == (
        5,
        7,
        100,
        500,
    )


def test_why_it_may_take_nothing_is_said_on_stderr(bank):
    begun = session().model_copy(update={"notes": ["no process runs Nope now"]})
    bank.answer(Trace, begun).answer(TraceRead, pages([], end="time"))
    result = bank.run("trace", "behaviour Nope send")
    assert "no process runs Nope now" in result.err
    assert "Nope" not in result.out


@pytest.mark.parametrize("cause", ["count", "time", "rate", "work", "queue", "asked"])
def test_every_limit_and_every_stop_ends_with_0(bank, cause):
    bank.answer(Trace, session()).answer(TraceRead, pages([], end=cause))
    result = bank.run("trace", "alice send")
    assert (result.code, f"because of {cause}" in result.err) == (0, True)


@pytest.mark.parametrize("cause", ["defect", "node"])
def test_an_end_that_nobody_wanted_ends_with_1(bank, cause):
    bank.answer(Trace, session()).answer(TraceRead, pages([], end=cause))
    assert bank.run("trace", "alice send").code == 1


@pytest.mark.parametrize(
    ("code", "ends"), [(Code.BAD_REQUEST, 2), (Code.REFUSED, 1), (Code.DENIED, 4), (Code.CANNOT_CONNECT, 3)]
)
def test_a_trace_that_is_not_opened_says_why(bank, code, ends):
    bank.answer(Trace, Failure(code, "column 7: no\n    alice recieve\n          ^"))
    result = bank.run("trace", "alice recieve")
    assert (result.code, result.out) == (ends, "")
    assert "\n    alice recieve\n          ^\n" in result.err


def test_ctrl_c_stops_the_session_and_says_why(bank):
    first, rest = pages(story()[:3], []), pages(story()[3:], end="asked")
    bank.answer(Trace, session()).answer(StopTrace, Done(at=AT, text="stopped"))

    calls = []

    def read(request):
        calls.append(request)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)
            return first(request)
        return rest(request)

    bank.answer(TraceRead, read)
    result = bank.run("trace", "alice send", "--json")
    assert result.code == 130
    assert len(result.out.splitlines()) == 7
    assert "7 records; stopped by Ctrl-C" in result.err
    assert [type(request) for request in bank.node.asked] == [Trace, TraceRead, StopTrace, TraceRead]


def test_json_is_a_record_a_line(traced):
    result = traced.run("trace", "all messages", "--json")
    records = [json.loads(line) for line in result.out.splitlines()]
    assert [record["kind"] for record in records][:3] == ["call", "receive", "send"]
    assert records[0]["trace"] == TRACE
    assert records[0]["values"]["message"]["path"] == "a.py"


def test_mermaid_is_one_diagram(traced):
    result = traced.run("trace", "all messages", "--mermaid")
    assert result.out.startswith("sequenceDiagram\n")
    assert "call Review" in result.out
    assert result.code == 0


def test_perfetto_is_one_document(traced):
    document = json.loads(traced.run("trace", "all messages", "--perfetto").out)
    assert {event["name"] for event in document["traceEvents"]} >= {"process_name", "handle_call"}


def test_otlp_goes_to_the_collector(traced, monkeypatch):
    sent = []

    def send(records, endpoint, node, *, timeout):
        sent.append((len(list(records)), endpoint, node, timeout))
        return 2

    monkeypatch.setattr(otel, "installed", lambda: None)
    monkeypatch.setattr(otel, "send", send)
    result = traced.run("trace", "all messages", "--otlp", "--endpoint", "http://127.0.0.1:9")
    assert (result.code, result.out) == (0, "")
    assert sent == [(7, "http://127.0.0.1:9", "bank", 5.0)]
    assert "2 spans sent to http://127.0.0.1:9" in result.err


@pytest.mark.parametrize("line", [["trace", "all messages"], ["timeline", TRACE], ["dumps", "2"]])
def test_otlp_says_what_is_missing_before_the_node_is_asked(bank, monkeypatch, line):
    def installed():
        raise otel.Missing('OpenTelemetry\'s SDK is not installed: pip install "otp-observer[otel]"')

    monkeypatch.setattr(otel, "installed", installed)
    result = bank.run(*line, "--otlp")
    assert result.code == 1
    assert "pip install" in result.err
    assert bank.node.asked == []


def test_a_collector_that_does_not_take_it_ends_with_3(traced, monkeypatch):
    def send(*_args, **_options):
        raise RuntimeError("the exporter has not taken 2 spans")

    monkeypatch.setattr(otel, "installed", lambda: None)
    monkeypatch.setattr(otel, "send", send)
    result = traced.run("trace", "all messages", "--otlp")
    assert result.code == 3
    assert (
        "observer: http://127.0.0.1:4318: the exporter has not taken 2 spans. Is a collector there?"
        in result.err
    )
    assert "--save FILE keeps what it does not take" in result.err


@pytest.mark.parametrize("line", [["trace", "all messages"], ["timeline", TRACE], ["dumps", "2"]])
def test_what_a_collector_does_not_take_is_in_the_file(traced, monkeypatch, tmp_path, line):
    def send(*_args, **_options):
        raise RuntimeError("the exporter has not taken 2 spans")

    monkeypatch.setattr(otel, "installed", lambda: None)
    monkeypatch.setattr(otel, "send", send)
    traced.answer(TimelineQuery, Timeline(at=AT, trace=TRACE, records=story(), spans=[]))
    traced.answer(
        DumpQuery,
        Dump(dump=2, at=AT, trigger="keep 5s before crash", kind="crash", events=7, records=story()),
    )
    result = traced.run(*line, "--otlp", "--save", str(tmp_path / "kept.sqlite"))
    assert result.code == 3
    assert "7 records kept in" in result.err
    assert "--save" not in result.err


def test_records_are_kept_in_a_file_beside_what_is_shown(traced, tmp_path):
    file = tmp_path / "traces.sqlite"
    result = traced.run("trace", "all messages", "--save", str(file))
    assert len(result.out.splitlines()) == 8
    assert f"7 records kept in {file}" in result.err
    store = Store(file)
    (kept,) = store.collections()
    assert (kept.sort, kept.title, kept.why, kept.size) == ("session", "all messages", "because of count", 7)
    found = store.find(trace=TRACE)
    assert (found[2].pid, found[2].peer, found[2].span) == (3, 4, "b" * 16)
    store.close()


@pytest.mark.parametrize("form", ["--mermaid", "--perfetto"])
def test_what_a_node_has_told_before_it_died_is_written_and_kept(bank, tmp_path, form):
    told = [story()]

    def answer(_request):
        if told:
            return TraceRecords(at=AT, records=told.pop(), session=session(), over=False)
        raise Failure(Code.CANNOT_CONNECT, "lost the connection to bank")

    bank.answer(Trace, session()).answer(TraceRead, answer)
    file = tmp_path / "kept.sqlite"
    result = bank.run("trace", "all messages", form, "--save", str(file))
    assert result.code == 3
    assert result.out == bank.answer(TraceRead, pages(story())).run("trace", "all messages", form).out != ""
    assert "7 records kept" in result.err
    assert "lost the connection to bank" in result.err
    store = Store(file)
    assert [(kept.size, kept.why) for kept in store.collections()] == [(7, "lost the connection to bank")]
    store.close()


@pytest.mark.parametrize("line", [["trace", "all messages"], ["timeline", TRACE], ["dumps", "2"]])
@pytest.mark.parametrize("place", ["other.sqlite", ".", "nowhere/x.sqlite"])
def test_a_file_that_is_none_is_refused_before_the_node_is_asked(bank, tmp_path, line, place):
    with sqlite3.connect(tmp_path / "other.sqlite") as base:
        base.execute("CREATE TABLE mine (x)")
    base.close()
    result = bank.run(*line, "--save", str(tmp_path / place))
    assert result.code == 1
    assert "nothing would be saved" in result.err
    assert bank.node.asked == []


def test_a_trace_that_is_not_opened_leaves_no_file(bank, tmp_path):
    bank.answer(Trace, Failure(Code.BAD_REQUEST, "column 7: no"))
    assert bank.run("trace", "alice recieve", "--save", str(tmp_path / "x.sqlite")).code == 2
    assert not (tmp_path / "x.sqlite").exists()


@pytest.mark.parametrize(
    "line",
    [
        ["--json", "--mermaid"],
        ["--perfetto", "--otlp"],
        ["--endpoint", "http://x"],
        ["--for", "0"],
        ["--count", "0"],
        ["--rate", "x"],
        ["--size", "5"],
    ],
)
def test_what_does_not_fit_together_ends_with_2(traced, line):
    result = traced.run("trace", "alice send", *line)
    assert (result.code, result.out) == (2, "")


def test_text_of_agents_cannot_act_on_the_terminal(bank):
    hostile = story()[0].model_copy(
        update={
            "name": "\x1b[2J\u202e",
            "text": "\x07",
            "kind": "\x1b[2J",
            "values": {"message": "\x1b]0;x\x07"},
        }
    )
    bank.answer(Trace, session()).answer(TraceRead, pages([hostile]))
    out = bank.run("trace", "all send").out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


# --- timeline -------------------------------------------------------------------------------------------


@pytest.fixture
def told(bank):
    """The story, as the node tells it."""
    return bank.answer(
        TimelineQuery,
        Timeline(at=AT, trace=TRACE, principal="ann", records=story(), spans=[], note="the end is missing"),
    )


def test_a_story_is_a_waterfall_with_waiting_and_work(told):
    result = told.run("timeline", TRACE[:8])
    assert result.code == 0
    head, split, _, titles, first, second = result.out.splitlines()
    assert TRACE in head
    assert "2 spans in 4.3 s, 1 failure" in head
    assert "waited 3.2 s" in split
    assert titles.startswith("WHO")
    assert first.startswith("dispatcher")
    assert second.startswith("  reviewer-1")
    assert second.count("░") > second.count("█") > 3
    assert second.endswith("✗")
    assert "3.1 s" in second
    assert result.err == "the end is missing\n"
    assert told.node.asked[0].trace == TRACE[:8]


def test_a_story_is_found_by_a_process(told):
    told.run("timeline", "dispatcher")
    told.run("timeline", "4242")
    assert [(request.trace, request.process) for request in told.node.asked] == [
        (None, "dispatcher"),
        (None, "4242"),
    ]


def test_of_a_long_story_the_first_spans_are_drawn_and_how_many_are_not(told):
    result = told.run("timeline", TRACE, "--lines", "1")
    assert len(result.out.splitlines()) == 5
    assert "1 span more; --lines N draws more of them" in result.err
    assert "lines more" in told.run("timeline", TRACE, "--sequence", "--lines", "1").err


def test_of_a_process_the_last_episode_is_drawn(bank):
    tick = record(
        8, "timer", 9.0, peer="<0.3.0>", span="d" * 16, cause=CALL, pid="<0.3.0>", name="dispatcher"
    )
    later = record(
        9,
        "handled",
        9.5,
        span="d" * 16,
        cause=CALL,
        pid="<0.3.0>",
        name="dispatcher",
        text="handle_info",
        took=0.1,
        waited=0.4,
    )
    bank.answer(TimelineQuery, Timeline(at=AT, trace=TRACE, records=[*story(), tick, later], spans=[]))
    last = bank.run("timeline", "dispatcher")
    assert "1 span in" in last.out
    assert "an episode of 3 spans" in last.err
    assert "3 spans in" in bank.run("timeline", "dispatcher", "--all").out
    assert "3 spans in" in bank.run("timeline", TRACE).out
    assert "1 span in" in bank.run("timeline", "3").out


def test_a_story_is_a_sequence_diagram(told):
    out = told.run("timeline", TRACE, "--sequence").out
    lanes = out.splitlines()[3]
    assert lanes.split() == ["outside", "dispatcher", "reviewer-1"]
    assert "cast" in out
    assert "✗" in out


def test_a_story_as_json_is_what_the_node_says(told):
    document = json.loads(told.run("timeline", TRACE, "--json").out)
    assert (document["trace"], document["principal"], len(document["records"])) == (TRACE, "ann", 7)


def test_a_story_in_other_forms(told, tmp_path):
    assert told.run("timeline", TRACE, "--mermaid").out.startswith("sequenceDiagram")
    assert "traceEvents" in json.loads(told.run("timeline", TRACE, "--perfetto").out)
    told.run("timeline", TRACE, "--save", str(tmp_path / "x.sqlite"))
    assert (tmp_path / "x.sqlite").exists()


def test_a_diagram_is_a_form_of_its_own(told):
    assert told.run("timeline", TRACE, "--sequence", "--mermaid").code == 2


def test_a_story_that_is_not_known_ends_with_1(bank):
    def nothing(request):
        if request.trace is None:
            raise Failure(Code.NO_PROCESS, "no process is called 00000000")
        raise Failure(Code.REFUSED, f"no story {request.trace} is known")

    bank.answer(TimelineQuery, nothing)
    result = bank.run("timeline", "00000000")
    assert (result.code, result.err) == (
        1, "observer: no story 00000000 is known; nor is a process called so\n",
    )  # fmt: skip
    assert bank.run("timeline", "0" * 32).err == f"observer: no story {'0' * 32} is known\n"


def test_a_name_of_hex_digits_is_a_process_where_no_story_begins_so(bank):
    def by_name(request):
        if request.trace is None:
            return Timeline(at=AT, trace=TRACE, records=story(), spans=[])
        raise Failure(Code.REFUSED, f"no story {request.trace} is known")

    bank.answer(TimelineQuery, by_name)
    assert bank.run("timeline", "Deadbeef").code == 0
    assert [(request.trace, request.process) for request in bank.node.asked] == [
        ("deadbeef", None),
        (None, "Deadbeef"),
    ]


def test_a_trace_id_may_be_written_in_capitals(told):
    assert told.run("timeline", TRACE[:8].upper()).code == 0
    assert told.node.asked[0].trace == TRACE[:8]


# --- traces, keep, dumps, crashes -----------------------------------------------------------------------


def test_who_traces_what(bank):
    bank.answer(
        TraceSessionsQuery,
        TraceSessions(
            at=AT + timedelta(seconds=10), sessions=[session(), session(4, "rate", key="ann")],
            triggers=[Trigger(text="keep 5s before crash", dumps=2)], dumps=2,
        ),
    )  # fmt: skip
    result = bank.run("traces")
    _, one, other = result.out.splitlines()
    assert one.split()[:2] == ["3", "owner"]
    assert "20 s" in one
    assert "because of rate" in other
    assert "1 trigger, 2 dumps" in result.err


def test_nobody_traces(bank):
    bank.answer(TraceSessionsQuery, TraceSessions(at=AT, sessions=[]))
    assert bank.run("traces").err == "nobody traces anything\n"
    assert json.loads(bank.run("traces", "--json").out)["sessions"] == []


def test_a_session_is_stopped(bank):
    bank.answer(StopTrace, Done(at=AT, text="session 3 is stopped"))
    assert bank.run("traces", "--stop", "3").out == "session 3 is stopped\n"
    assert bank.node.asked[0].session == 3


@pytest.mark.parametrize(
    "words", [["5s", "before", "crash"], ["keep 5s before crash"], ["keep", "5s", "before", "crash"]]
)
def test_a_trigger_is_set_in_quotes_or_not(bank, words):
    bank.answer(KeepTrigger, Done(at=AT, text="set: keep 5s before crash"))
    assert bank.run("keep", *words).code == 0
    assert bank.node.asked[0].text == "keep 5s before crash"


def test_why_a_trigger_may_keep_nothing_is_told_on_stderr(bank):
    why = "nobody is called 'alcie' now"
    bank.answer(KeepTrigger, Done(at=AT, text="set: keep 5s before crash of alcie", notes=[why]))
    result = bank.run("keep", "5s", "before", "crash", "of", "alcie")
    assert (result.code, result.out, result.err) == (0, "set: keep 5s before crash of alcie\n", f"{why}\n")
    assert json.loads(bank.run("keep", "5s before crash of alcie", "--json").out)["notes"] == [why]


def test_a_dangerous_trigger_is_forced(bank):
    bank.answer(KeepTrigger, Done(at=AT, text="set: keep 5s before receive"))
    assert bank.run("keep", "--force", "5s", "before", "receive").code == 0
    assert bank.run("keep", "5s", "before", "receive").code == 0
    assert [asked.force for asked in bank.node.asked] == [True, False]


def test_a_trigger_is_taken_away(bank):
    bank.answer(ForgetTrigger, Done(at=AT, text="taken away"))
    assert bank.run("keep", "--forget", "5s", "before", "crash").code == 0
    assert bank.node.asked[0].text == "keep 5s before crash"
    assert bank.run("keep", "--forget").code == 2


def test_triggers_are_listed(bank):
    sessions = TraceSessions(
        at=AT, sessions=[], triggers=[Trigger(text="keep 5s before crash", dumps=2)], dumps=2
    )
    bank.answer(TraceSessionsQuery, sessions)
    assert "keep 5s before crash      2" in bank.run("keep").out
    assert json.loads(bank.run("keep", "--json").out) == [{"text": "keep 5s before crash", "dumps": 2}]
    bank.answer(TraceSessionsQuery, TraceSessions(at=AT, sessions=[]))
    assert "no triggers are set" in bank.run("keep").err


def dump(**fields):
    ground = {
        "dump": 2, "at": AT, "trigger": "keep 5s before crash", "pid": "<0.4.0>", "name": "reviewer-1", "kind": "crash",
        "text": "ValueError", "trace": TRACE, "events": 7,
    }  # fmt: skip
    return Dump(**ground | fields)


def test_dumps_are_listed(bank):
    bank.answer(DumpsQuery, Dumps(at=AT, dumps=[dump()]))
    _, line = bank.run("dumps").out.splitlines()
    assert line.split()[:5] == ["2", "14:02:11Z", "<0.4.0>", "reviewer-1", "crash"]
    assert json.loads(bank.run("dumps", "--json").out)[0]["events"] == 7
    bank.answer(DumpsQuery, Dumps(at=AT, dumps=[]))
    assert "nothing has been kept" in bank.run("dumps").err


def test_one_dump_is_its_records(bank, tmp_path):
    bank.answer(DumpQuery, dump(records=story()))
    assert len(bank.run("dumps", "2").out.splitlines()) == 8
    assert bank.run("dumps", "2", "--mermaid").out.startswith("sequenceDiagram")
    assert len(json.loads(bank.run("dumps", "2", "--json").out)["records"]) == 7
    bank.run("dumps", "2", "--save", str(tmp_path / "x.sqlite"))
    store = Store(tmp_path / "x.sqlite")
    assert [(kept.sort, kept.why) for kept in store.collections()] == [("dump", "crash ValueError")]
    store.close()
    assert bank.run("dumps", "--mermaid").code == 2


def test_a_crash_report_shows_what_was_before(bank):
    report = Crash(
        at=AT,
        pid="<0.4.0>",
        name="reviewer-1",
        behaviour="m:Reviewer",
        reason="ValueError('no')",
        before=story(),
    )
    bank.answer(CrashQuery, Crashes(at=AT, reports=[report]))
    out = bank.run("crashes").out
    assert "\n  before\n" in out
    assert "n 1 → 2" in out
