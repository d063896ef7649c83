"""Patterns while they are typed: what could come next on this node; and no text that anybody types hurts it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from runtime.port.contract import (
    CheckPattern,
    Code,
    Failure,
    ForgetTrigger,
    Info,
    KeepTrigger,
    PatternCheck,
    Trace,
    TraceLimits,
)
from tests.runtime.introspection.live import LiveNode
from tests.runtime.introspection.tracing.bank import Account, Bank, Clerk, Deposit

HERE = Account.__module__


def check(client, text, column=None):
    return client.ask(CheckPattern(pattern=text, column=column))


def test_a_pattern_that_can_be_used_has_no_problem(client):
    assert check(client, "alice receive").problem == ""


def test_a_problem_is_told_with_its_column_and_what_may_stand_there(client):
    found = check(client, "alice recieve")
    assert "did you mean receive?" in found.problem
    assert found.column == 7
    assert "receive" in found.legal


def test_dangers_are_told_before_it_is_opened(client):
    assert "every event" in check(client, "all events").dangers[0]
    assert check(client, "alice events").dangers == []


def test_triggers_are_looked_at_too(client):
    def look(text):
        return client.ask(CheckPattern(pattern=text, trigger=True))

    assert "it fires each second" in look("keep 5s before receive").dangers[0]
    assert look("keep 5s before crash") == PatternCheck()
    assert look("keep 5s before crsh").column == 16


def test_a_function_that_is_not_there_is_a_problem(client):
    found = check(client, f"all {HERE}:Account.handle_cost")
    assert found.problem
    assert found.column > 4


@pytest.mark.parametrize(
    ("text", "start", "word"),
    [
        ("al", 1, "alice"),
        ("alice rec", 7, "receive"),
        ("under cle", 7, "clerk"),
        ("behaviour Acc", 11, "Account"),
        (f"behaviour {HERE}:", 11 + len(HERE) + 1, "Clerk"),
        ("all receive when mess", 18, "message"),
        ("all receive when message.am", 26, "amount"),
        ("all receive when message is Dep", 29, "Deposit"),
        ("all receive wh", 13, "when"),
        ("all receive -> st", 16, "state"),
        (f"all {HERE[:-3]}", 5, f"{HERE}:"),
        (f"all {HERE}:Account.handle_", 5 + len(HERE) + 1, "Account.handle_cast"),
        (f"all {HERE}:read", 5 + len(HERE) + 1, "read_all"),
    ],
)
def test_what_could_come_next_are_words_of_this_node(client, text, start, word):
    found = check(client, text)
    assert word in found.words
    assert found.start == start


def test_the_word_at_the_cursor_is_completed(client):
    assert "alice" in check(client, "al receive", column=3).words


# --- no text hurts a node -------------------------------------------------------------------------------

NO_RANDOM = "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
"""The sampler of the node does, on its own thread."""
WORDS = st.sampled_from(
    ["all", "new", "alice", "behaviour", "under", "<0.1.0>", ",", "send", "receive", "messages", "handled", "events", "when",
     "message.amount", "message", "state", ">", "==", "in", "not", "and", "or", "(", ")", "[", "]", ".", ":", "/", "*", "->", "5", "5ms",
     '"x"', "'y", "len", "none", "is", "Deposit", f"{HERE}:read_all", f"{HERE}:*", "builtins:len", "_", "stack", "return", "took",
     "\\", '"', "~", "é", "\x00", "\ud800", "\u202e", "keep", "before"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(WORDS, max_size=14).map(" ".join),
    st.lists(WORDS, max_size=14).map("".join),
)


@pytest.fixture(scope="module")
def lively():
    """A node whose loop runs beside the texts."""

    async def setup(node):
        from runtime import ChildSpec, Supervisor

        await node.start(
            Supervisor([ChildSpec("alice", Account), ChildSpec("bob", Bank), ChildSpec("clerk", Clerk)])
        )

    node = LiveNode(setup)
    yield node
    node.close()


@pytest.mark.filterwarnings(NO_RANDOM)
@settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(TEXTS, st.one_of(st.none(), st.integers(1, 80)))
def test_no_text_that_is_typed_hurts_a_node(lively, text, column):
    try:
        request = CheckPattern(pattern=text, column=column)
        found = lively.ask(request)
    except ValidationError:  # half of a surrogate pair is no text
        return
    assert isinstance(found, PatternCheck)
    assert all(word.isprintable() for word in found.words)
    assert found.start >= 1


@pytest.mark.filterwarnings(NO_RANDOM)
@settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=300,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(TEXTS.filter(bool), st.booleans())
def test_no_pattern_that_is_traced_hurts_a_node(lively, text, force):
    node = lively.node
    try:
        opened = lively.ask(Trace(pattern=text, force=force, limits=TraceLimits(count=20, seconds=5)))
    except ValidationError:
        return
    except Failure as failure:
        assert failure.code in {Code.BAD_REQUEST, Code.REFUSED}  # noqa: PT017 - one of the two is the test
        return
    lively.do(lambda: node.named("clerk").cast(Deposit(5)))
    lively.do(lambda: node.named("alice").cast(Deposit(200)))
    tap = node.scheduler.listening.tap
    session = lively.introspection._sessions._opened[opened.session].session
    assert session.stopped is None or session.stopped.cause != "defect"
    tap.stop(session)
    session.drain()
    lively.introspection._sessions._opened.clear()


@pytest.mark.filterwarnings(NO_RANDOM)
@settings(
    deadline=None,
    database=None,
    derandomize=True,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.one_of(TEXTS.filter(bool), TEXTS.map("keep 5s before {}".format)))
def test_no_trigger_hurts_a_node(lively, text):
    node = lively.node
    try:
        lively.ask(KeepTrigger(text=text))
    except ValidationError:
        return
    except Failure as failure:
        assert failure.code in {Code.BAD_REQUEST, Code.REFUSED}  # noqa: PT017 - one of the two is the test
        return
    lively.do(lambda: node.named("clerk").cast(Deposit(5)))
    lively.do(lambda: None)
    lively.ask(ForgetTrigger(text=text))


def test_after_all_of_that_the_node_answers(lively):
    assert lively.run(lively.node.named("alice").call("balance")) >= 0
    assert lively.ask(Info(process="alice")).row.restarts == 0
