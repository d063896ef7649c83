"""What the commands answer: JSON shapes for programs, aligned text for people."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from runtime.port.contract import (
    Audit,
    AuditEntry,
    AuditQuery,
    Bottom,
    Crash,
    Crashes,
    CrashQuery,
    Events,
    Feed,
    Frame,
    History,
    Info,
    Inside,
    Letter,
    LetterGroup,
    Link,
    Mailbox,
    MailboxContents,
    NodeQuery,
    OSLimits,
    OSProcess,
    OwnThread,
    ProcessEvents,
    Ps,
    Restarts,
    Role,
    Running,
    Stack,
    StackQuery,
    State,
    Tree,
    TreeQuery,
    Trouble,
)
from tests.support.command_line import (
    AT,
    CommandLine,
    event,
    node_info,
    page,
    process_info,
    restart,
    row,
    tree_node,
    value_of,
)
from tui.format import NOTHING, change

HOSTILE = "\x1b[2J\x07[bold]name[/bold]\r\n\u202e"
"""Clears a terminal, rings, pretends to be markup, breaks the line, and reverses what follows."""


@pytest.fixture
def bank(monkeypatch, capsys):
    return CommandLine(monkeypatch, capsys)


# --- JSON -------------------------------------------------------------------------------------------


def test_ps_is_an_array_of_processes(bank):
    bank.answer(Ps, page(row(oldest_s=1.5, parent="<0.40.0>"), row("<0.43.0>", name=None, label="late")))
    first, second = json.loads(bank.run("ps", "--json").out)
    promised = "pid name label behaviour status doing mailbox oldest_s reductions busy restarts parent"
    assert set(promised.split()) <= set(first)
    assert (first["oldest_s"], first["parent"], second["label"]) == (1.5, "<0.40.0>", "late")


def test_ps_is_sorted_and_filtered_on_the_node(bank):
    bank.answer(Ps, page())
    bank.run("ps", "--sort", "mailbox", "--desc", "--delta", "--filter", "!bob", "--limit", "7")
    bank.run("ps", "--sort", "counter:tokens")
    first, *_, last = bank.node.asked
    assert first == Ps(sort="mailbox", desc=True, delta=True, filter="!bob", limit=7)
    assert last == Ps(sort="counter:tokens", limit=100)


@pytest.mark.parametrize(
    ("line", "seconds"), [(["--delta"], [1.0]), (["--sort", "busy"], [1.0]), (["--sort", "mailbox"], [])]
)
def test_what_is_measured_only_while_somebody_looks_is_looked_at_first(bank, line, seconds):
    bank.answer(Ps, page()).run("ps", *line)
    assert bank.node.naps == seconds
    assert len(bank.node.asked) == 1 + len(seconds)


def test_node_is_one_object(bank):
    running = Running(pid="<0.42.0>", for_s=12.0, stack=[Frame(file="a.py", line=3, function="spin")])
    bank.answer(NodeQuery, node_info(running=running))
    node = json.loads(bank.run("node", "--json").out)
    promised = (
        "name incarnation version python host port uptime_s processes mailbox_total lag_ms rss_bytes preemption"
        " running observer_ms_per_s"
    )
    assert set(promised.split()) <= set(node)
    assert {"pid", "for_s", "stack"} <= set(node["running"])
    bank.answer(NodeQuery, node_info())
    assert json.loads(bank.run("node", "--json").out)["running"] is None


def test_history_is_an_array_of_ends(bank):
    bank.answer(History, Restarts(at=AT, entries=[restart(by="key owner")]))
    (entry,) = json.loads(bank.run("history", "alice", "--json").out)
    assert {"at", "child", "old_pid", "new_pid", "reason", "lived_s", "lost", "by"} <= set(entry)
    assert datetime.fromisoformat(entry["at"]) == AT
    assert bank.node.asked[0].process == "alice"


def test_tree_is_one_object_whatever_the_number_of_roots(bank):
    crew = tree_node("crew", tree_node("worker-1"), tree_node("worker-2", pid=None, status="restarting"))
    for roots in ([], [crew], [crew, tree_node("other")]):
        bank.answer(TreeQuery, Tree(at=AT, processes=3, roots=roots))
        tree = json.loads(bank.run("tree", "--json").out)
        assert (tree["id"], tree["kind"], tree["pid"]) == ("bank", "node", None)
        assert [child["id"] for child in tree["children"]] == [root.id for root in roots]


def test_a_tree_says_what_it_left_out(bank):
    bank.answer(TreeQuery, Tree(at=AT, processes=9000, roots=[tree_node("crew", more=40)], more=1200))
    shown = bank.run("tree", "--limit", "2").out
    assert "… 40 more" in shown
    assert "… 1,200 more" in shown
    assert json.loads(bank.run("tree", "--json").out)["more"] == 1200
    assert [asked.limit for asked in bank.node.asked if isinstance(asked, TreeQuery)] == [2, 1000]


def test_every_level_of_the_tree_has_the_same_fields(bank):
    crew = tree_node("crew", tree_node("reviewers", tree_node("reviewer-1")))
    bank.answer(NodeQuery, node_info()).answer(TreeQuery, Tree(at=AT, processes=3, roots=[crew]))
    level, depth = [json.loads(bank.run("tree", "--json").out)], 0
    while level:
        for node in level:
            assert {"pid", "id", "strategy", "max_restarts", "max_seconds", "used", "children"} <= set(node)
        level, depth = level[0]["children"], depth + 1
    assert depth == 4


def test_tree_of_a_supervisor_is_that_supervisor(bank):
    bank.answer(TreeQuery, Tree(at=AT, processes=3, roots=[tree_node("crew", tree_node("worker"))]))
    tree = json.loads(bank.run("tree", "crew", "--json").out)
    assert (tree["id"], tree["strategy"], tree["used"]) == ("crew", "one_for_one", 1)
    assert bank.node.asked[0].process == "crew"


def test_state_is_one_object(bank):
    bank.answer(State, value_of({"$type": "Account", "balance": 5}, redacted=1, torn=True))
    state = json.loads(bank.run("state", "alice", "--json", "--depth", "3", "--width", "5").out)
    assert {"pid", "at", "value", "truncated", "redacted", "torn"} <= set(state)
    assert state["value"] == {"$type": "Account", "balance": 5}
    assert (bank.node.asked[0].depth, bank.node.asked[0].width) == (3, 5)


def test_a_number_that_json_has_not_becomes_null(bank):
    bank.answer(Ps, page(row(oldest_s=float("inf"))))
    assert json.loads(bank.run("ps", "--json").out)[0]["oldest_s"] is None


def test_json_holds_no_character_that_a_terminal_obeys(bank):
    bank.answer(Ps, page(row(name="\x1b[2J\x9b2J\x7f\u202e界")))
    out = bank.run("ps", "--json").out
    assert out.replace("\n", "").isascii()
    assert out.replace("\n", "").replace("\x7f", "").isprintable()
    assert json.loads(out)[0]["name"] == "\x1b[2J\x9b2J\x7f\u202e界"


def test_other_lists_are_arrays_too(bank):
    entry = AuditEntry(
        at=AT, key="owner", role=Role.ADMIN, peer="unix", action="kill", target="alice", outcome="ok"
    )
    crash = Crash(at=AT, pid="<0.42.0>", behaviour="Account", reason="ValueError: no")
    bank.answer(AuditQuery, Audit(at=AT, entries=[entry]))
    bank.answer(CrashQuery, Crashes(at=AT, reports=[crash]))
    bank.answer(ProcessEvents, Events(at=AT, events=[event(1)]))
    bank.answer(Feed, Events(at=AT, events=[event(1), event(2)], cursor=2))
    assert json.loads(bank.run("audit", "--json").out)[0]["key"] == "owner"
    assert json.loads(bank.run("crashes", "--json").out)[0]["reason"] == "ValueError: no"
    assert [item["seq"] for item in json.loads(bank.run("events", "alice", "--json").out)] == [1]
    assert [item["seq"] for item in json.loads(bank.run("events", "--json").out)] == [1, 2]


def test_following_prints_one_document_a_line_and_says_how_many_were_missed(bank):
    pages = iter([
        Events(at=AT, events=[event(7), event(8)], cursor=8),
        Events(at=AT, events=[event(111, "crash")], cursor=111, missed=102),
    ])  # fmt: skip

    def feed(request):
        answer = next(pages, None)
        if answer is None:
            raise KeyboardInterrupt
        return answer

    result = bank.answer(Feed, feed).run("events", "--follow", "--json")
    assert [json.loads(line)["seq"] for line in result.out.splitlines()] == [7, 8, 111]
    assert "missed 102 events" in result.err
    assert [request.cursor for request in bank.node.asked] == [0, 8, 111]
    assert all(
        0 < request.wait_s < timeout
        for request, timeout in zip(bank.node.asked, bank.node.timeouts, strict=True)
        if request.cursor
    )


def test_events_shows_the_newest_of_a_long_feed(bank):
    def feed(request):
        events = [event(seq) for seq in range(request.cursor + 1, min(request.cursor + 5000, 5003) + 1)]
        return Events(at=AT, events=events, cursor=events[-1].seq)

    shown = json.loads(bank.answer(Feed, feed).run("events", "--json", "--limit", "4").out)
    assert [item["seq"] for item in shown] == [5000, 5001, 5002, 5003]


# --- for people -------------------------------------------------------------------------------------


def test_ps_is_an_aligned_table(bank):
    bank.answer(
        Ps, page(row(mailbox=1204, oldest_s=1.8, busy=0.31), row("<0.7.0>", name="bob", doing="page 3"))
    )
    title, first, second = bank.run("ps").out.splitlines()
    assert title.split()[:5] == ["PID", "NAME", "BEHAVIOUR", "STATUS", "MAIL"]
    assert "1,204" in first
    assert "1.8 s" in first
    assert "31%" in first
    assert "· waiting" in first
    assert title.index("MAIL") + 4 == first.index("1,204") + 5 == second.index("0  ") + 1
    assert second.endswith("page 3")


def test_ps_shows_changes_per_second_only_where_they_are_known(bank):
    assert "Δ/s" not in bank.answer(Ps, page(row())).run("ps").out
    out = bank.answer(Ps, page(row(mailbox_delta=-310), row())).run("ps").out
    assert "Δ/s" in out
    assert change(-310) in out


def test_ps_shows_the_label_of_a_process_without_a_name_and_the_counter_it_sorts_by(bank):
    bank.answer(Ps, page(row(name=None, label="job 7", counters={"dollars": 0.37})))
    out = bank.run("ps", "--sort", "counter:dollars").out
    assert "job 7" in out
    assert "DOLLARS" in out
    assert "0.37" in out


def test_ps_says_how_many_match(bank):
    bank.answer(Ps, page(row(), total=100_003, matched=50))
    assert bank.run("ps", "--filter", "x").err == "1 of 100,003; 50 match the filter\n"
    bank.answer(Ps, page(row()))
    assert bank.run("ps").err == ""


def test_node_names_who_is_in_trouble_or_says_that_nobody_is(bank):
    deepest = Trouble(pid="<0.14.0>", name="dispatcher", value=1204)
    running = Running(
        pid="<0.21.0>", for_s=12.0, handler="check", stack=[Frame(file="a.py", line=3, function="spin")]
    )
    out = bank.answer(NodeQuery, node_info(deepest=deepest, running=running)).run("node").out
    assert "deepest  dispatcher <0.14.0>  1,204 messages" in out
    assert "running <0.21.0> in check for 12 s" in out
    assert "a.py:3  spin" in out
    assert "none: no mailbox" in bank.answer(NodeQuery, node_info()).run("node").out


def test_tree_draws_who_hangs_below_whom(bank):
    workers = [
        tree_node("reviewer-1"),
        tree_node("reviewer-2", pid=None, status="restarting", last_reason="OverBudget"),
    ]
    crew = tree_node("crew", tree_node("reviewers", *workers, more=98), tree_node("reporter"))
    result = bank.answer(TreeQuery, Tree(at=AT, processes=104, roots=[crew])).run("tree")
    names = [line.split("  <")[0].split(f"  {NOTHING}")[0].rstrip() for line in result.out.splitlines()[1:]]
    assert names == ["crew", "├ reviewers", "│ ├ reviewer-1", "│ ├ reviewer-2", "│ └ … 98 more", "└ reporter"]
    assert "1/3 in 5 s" in result.out
    assert "↻ restarting" in result.out
    assert "OverBudget" in result.out
    assert result.err == "104 processes\n"


def test_tree_says_how_long_a_child_still_waits_for_its_restart(bank):
    waiting = tree_node("reviewer-2", pid=None, status="restarting", wait_s=2.3)
    result = bank.answer(TreeQuery, Tree(at=AT, processes=1, roots=[waiting])).run("tree")
    assert "↻ restarting in 2.3 s" in result.out
    result = bank.run("tree", "--json")
    assert '"wait_s": 2.3' in result.out or '"wait_s":2.3' in result.out


def test_info_shows_identity_work_supervision_and_ties(bank):
    info = process_info(
        parent=Link(pid="<0.40.0>", name="crew"), handler="handle_call(Deposit)", handler_for_s=0.212,
        links=[Link(pid="<0.40.0>", name="crew"), Link(pid="<0.50.0>", alive=False)], restart="permanent",
        child_id="alice", remaining=2, window_s=5.0, shutdown_s=5.0, accepts=["Deposit"],
    )  # fmt: skip
    out = bank.answer(Info, info).run("info", "alice").out
    for part in (
        "crew <0.40.0>",
        "handle_call(Deposit), 212 ms",
        "<0.50.0> (ended)",
        "2 left in 5 s",
        "Deposit",
    ):
        assert part in out
    assert "supervised    no" in bank.answer(Info, process_info()).run("info", "alice").out


def test_info_shows_what_an_os_process_takes_and_who_lives_there(bank):
    process = OSProcess(
        pid=4711, memory=84_200_000, address_space=520_000_000, cpu_s=12.0, busy=0.3, files=12, processes=1,
        limits=OSLimits(memory=512 << 20, cpu=60, processes=2), note="it does not answer",
        inside=[Inside(pid="<42.2.0>", label="lexer", behaviour="app:lexer", status="waiting", mailbox=3)], more_inside=7,
    )  # fmt: skip
    out = (
        bank.answer(Info, process_info(row=row(place="isolated", memory=84_200_000), os_process=process))
        .run("info", "a")
        .out
    )
    for part in (
        "▣ OS process 4711",
        "84 MB, of its OS process",
        "520 MB of 537 MB",
        "12 s of 1:00, 30% now",
        "files          12",
        "1 of 2",
        "it does not answer",
        "lexer <42.2.0>  waiting, mail 3  app:lexer",
        "and 7 more",
    ):
        assert part in out


def test_info_names_a_thread_and_the_process_in_which_one_lives(bank):
    thread = OwnThread(name="observer <0.42.0> db", ident=7, native_id=4712)
    assert (
        "∿ thread observer <0.42.0> db, native id 4712"
        in bank.answer(Info, process_info(thread=thread)).run("info", "a").out
    )
    home = Link(pid="<0.42.0>", name="parser")
    assert (
        "the OS process of parser <0.42.0>"
        in bank.answer(Info, process_info(lives_in=home)).run("info", "a").out
    )


def test_ps_says_who_runs_elsewhere_only_where_somebody_does(bank):
    assert "WHERE" not in bank.answer(Ps, page(row())).run("ps").out
    out = bank.answer(Ps, page(row(), row(place="isolated"), row(place="thread"))).run("ps").out
    assert "WHERE" in out
    assert "▣ isolated" in out
    assert "∿ thread" in out


def test_mailbox_says_what_may_be_missing(bank):
    contents = MailboxContents(
        pid="<0.42.0>", at=AT, total=0, letters=[], note="its OS process does not answer"
    )
    assert "its OS process does not answer" in bank.answer(Mailbox, contents).run("mailbox", "a").err


def test_mailbox_shows_the_oldest_messages_and_how_many_there_are(bank):
    letter = Letter(
        id="3fa9c07b",
        kind="call",
        sender="<0.7.0>",
        age_s=4.0,
        type="Deposit",
        value={"$type": "Deposit", "amount": 5},
    )
    bank.answer(Mailbox, MailboxContents(pid="<0.42.0>", at=AT, total=38, letters=[letter]))
    result = bank.run("mailbox", "alice", "--limit", "1")
    assert result.out.splitlines()[1].split() == [
        "3fa9c07b",
        "4.0",
        "s",
        "call",
        "<0.7.0>",
        "Deposit",
        "Deposit(amount=5)",
    ]
    assert result.err == "1 of 38 messages of <0.42.0>\n"


def test_mailbox_counts_by_kind_sender_and_type(bank):
    groups = [
        LetterGroup(kind="cast", sender="<0.7.0>", type="Deposit", count=1200, oldest_s=4.0, newest_s=0.5),
        LetterGroup(kind="call", type="str", count=3, oldest_s=0.2, newest_s=0.1),
    ]
    bank.answer(Mailbox, MailboxContents(pid="<0.42.0>", at=AT, total=1203, letters=[], groups=groups))
    result = bank.run("mailbox", "alice", "--groups")
    assert bank.node.asked[0].groups
    assert [line.split() for line in result.out.splitlines()] == [
        ["COUNT", "OLDEST", "NEWEST", "KIND", "FROM", "TYPE"],
        ["1,200", "4.0", "s", "500", "ms", "cast", "<0.7.0>", "Deposit"],
        ["3", "200", "ms", "100", "ms", "call", "–", "str"],
    ]
    assert result.err == "1,203 messages of <0.42.0>, 2 groups\n"


def test_stack_shows_frames_or_why_there_are_none(bank):
    frames = [Frame(file="demo/crew.py", line=31, function="check", source="    return visit(tree)")]
    bank.answer(StackQuery, Stack(pid="<0.42.0>", at=AT, status="running", frames=frames))
    assert bank.run("stack", "alice").out.splitlines() == [
        "<0.42.0>  ▶ running", "  demo/crew.py:31  check", "      return visit(tree)",
    ]  # fmt: skip
    bank.answer(StackQuery, Stack(pid="<0.42.0>", at=AT, status="waiting", frames=[], note="it waits"))
    assert bank.run("stack", "alice").err == "it waits\n"


def test_history_marks_a_child_that_was_not_started_again(bank):
    bank.answer(History, Restarts(at=AT, entries=[restart(), restart(new_pid=None)]))
    first, second = bank.run("history").out.splitlines()[1:]
    assert first.split()[:4] == ["14:02:11Z", "alice", "<0.42.0>", "<0.43.0>"]
    assert "not again" in second


def test_history_says_because_of_whom_a_supervisor_gave_up(bank):
    bottom = Bottom(child="printer", pid="<0.63.0>", reason="KeyError('cyan')")
    bank.answer(History, Restarts(at=AT, entries=[restart(reason="shutdown", gave_up=bottom)]))
    assert "gave up: printer <0.63.0> KeyError('cyan')" in bank.run("history").out


def test_ps_shows_memory_where_it_is_sorted_by_it_and_growth_where_that_is_known(bank):
    held = row(memory=84_200_000, memory_cut=True)
    bank.answer(Ps, page(held))
    assert " MEM " not in bank.run("ps").out
    title, line = bank.run("ps", "--sort", "memory").out.splitlines()
    assert "MEM/s" not in title
    assert "≥84 MB" in line
    bank.answer(Ps, page(held.model_copy(update={"memory_delta": 4_100_000.0})))
    title, line = bank.run("ps", "--sort", "memory", "--delta").out.splitlines()
    assert "MEM/s" in title
    assert "+4.1 MB" in line


def test_crashes_show_the_reason_the_last_good_state_and_the_traceback(bank):
    crash = Crash(
        at=AT, pid="<0.42.0>", name="alice", behaviour="Account", reason="ValueError: no", last_message=["x"],
        last_state={"$type": "Ledger", "n": 1}, traceback="Traceback:\n\tline", state_note="may be half-changed",
        mailbox_sample=["next"], lost=3,
    )  # fmt: skip
    out = bank.answer(CrashQuery, Crashes(at=AT, reports=[crash])).run("crashes").out
    for part in (
        "alice <0.42.0>",
        "ValueError: no",
        "['x']",
        "Ledger(n=1)",
        "may be half-changed",
        "3 messages",
        "'next'",
    ):
        assert part in out
    assert "\t" not in out


@pytest.mark.parametrize(
    ("command", "request_type", "answer", "said"),
    [
        ("history", History, Restarts(at=AT, entries=[]), "nothing has ended"),
        ("crashes", CrashQuery, Crashes(at=AT, reports=[]), "no crash reports"),
        ("audit", AuditQuery, Audit(at=AT, entries=[]), "nobody has changed anything"),
        ("events", Feed, Events(at=AT, events=[]), "no events"),
    ],
)
def test_an_empty_answer_is_said_and_no_failure(bank, command, request_type, answer, said):
    result = bank.answer(request_type, answer).run(command)
    assert (result.code, result.out, result.err) == (0, "", said + "\n")
    assert json.loads(bank.run(command, "--json").out) == []


def test_nothing_of_an_agent_is_obeyed_by_the_terminal(bank):
    link = Link(pid="<0.1.0>", name=HOSTILE)
    bank.answer(Ps, page(row(name=HOSTILE, doing=HOSTILE, behaviour=HOSTILE)))
    bank.answer(
        Info,
        process_info(row=row(name=HOSTILE, label=HOSTILE), links=[link], handler=HOSTILE, accepts=[HOSTILE]),
    )
    bank.answer(State, value_of({"$type": HOSTILE, HOSTILE: {"$text": HOSTILE}, "x": HOSTILE}, note=HOSTILE))
    bank.answer(NodeQuery, node_info(last_crash=Trouble(pid="<0.1.0>", name=HOSTILE, value=1, text=HOSTILE)))
    bank.answer(TreeQuery, Tree(at=AT, processes=1, roots=[tree_node(HOSTILE, last_reason=HOSTILE)]))
    bank.answer(History, Restarts(at=AT, entries=[restart(child=HOSTILE, reason=HOSTILE)]))
    bank.answer(ProcessEvents, Events(at=AT, events=[event(1, HOSTILE, text=HOSTILE, value=HOSTILE)]))
    crash = Crash(
        at=AT, pid="1", name=HOSTILE, behaviour=HOSTILE, reason=HOSTILE, traceback=HOSTILE, last_state=HOSTILE
    )
    bank.answer(CrashQuery, Crashes(at=AT, reports=[crash]))
    for line in (
        ["ps"],
        ["info", "1"],
        ["state", "1"],
        ["node"],
        ["tree"],
        ["history"],
        ["events", "1"],
        ["crashes"],
    ):
        result = bank.run(*line)
        assert result.code == 0
        assert (result.out + result.err).replace("\n", "").isprintable(), line
        assert "[bold]name[/bold]" in result.out, line
