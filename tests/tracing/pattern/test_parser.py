"""Patterns as they are written: what they say, and what is said about those that are wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracing.kinds import GROUPS
from tracing.pattern import Pattern, PatternError, parse
from tracing.pattern.tree import (
    And,
    Argument,
    Compare,
    Constant,
    Function,
    IsA,
    Length,
    Not,
    Or,
    Path,
    PidOf,
    Truth,
    Whom,
)


def condition(text):
    return parse(f"all handled when {text}").condition


def wrong(text):
    with pytest.raises(PatternError) as caught:
        parse(text)
    return caught.value


def test_a_pattern_says_whom_what_when_and_what_to_show():
    pattern = parse("alice receive when message.amount > 100 -> state, stack")
    assert pattern.whom == (Whom("name", "alice"),)
    assert pattern.kinds == {"receive"}
    assert pattern.condition == Compare(">", Path("message", ("amount",)), Constant(100))
    assert pattern.show == {"state", "stack"}


@pytest.mark.parametrize(
    ("text", "whom"),
    [
        ("all", Whom("all")),
        ("new", Whom("new")),
        ("<0.42.0>", Whom("pid", number=42)),
        ("<7.42.0>", Whom("pid", number=7 * 10**12 + 42)),
        ("alice", Whom("name", "alice")),
        ("bank.alice", Whom("name", "bank.alice")),
        ("all.of.them", Whom("name", "all.of.them")),
        ('"agent 7"', Whom("name", "agent 7")),
        (r"'it\'s'", Whom("name", "it's")),
        ("behaviour Account", Whom("behaviour", "Account")),
        ("behaviour bank.accounts:Account.Inner", Whom("behaviour", "bank.accounts:Account.Inner")),
        ("under bank", Whom("under", "bank")),
        ("under <0.7.0>", Whom("under", number=7)),
    ],
)
def test_processes_are_named_in_many_ways(text, whom):
    assert parse(f"{text} send").whom == (whom,)
    assert parse(f"{text}, other send").whom == (whom, Whom("name", "other"))


def test_events_are_named_one_by_one_or_by_their_group():
    assert parse("all send, receive").kinds == {"send", "receive"}
    assert parse("all messages, crash").kinds == GROUPS["messages"] | {"crash"}
    assert parse("send send").whom == (Whom("name", "send"),)


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("bank:pay", Function("bank", "pay")),
        ("bank.accounts:Account.pay", Function("bank.accounts", "Account.pay")),
        ("bank:*", Function("bank", "*")),
        ("bank:pay/2", Function("bank", "pay", None, 2)),
        ("bank:pay()", Function("bank", "pay", (), 0)),
        (
            'bank:pay(_, amount, "x", -3)',
            Function(
                "bank", "pay", (Argument(), Argument("amount"), Argument(value=Constant("x")), Argument(value=Constant(-3))), 4
            ),
        ),
    ],
)  # fmt: skip
def test_functions_are_named_with_their_arguments(text, function):
    pattern = parse(f"all {text}")
    assert pattern.functions == (function,)
    assert pattern.kinds == {"function_call"}


def test_ends_of_functions_are_traced_where_somebody_asks_for_them():
    ends = {"function_call", "function_return", "function_raise"}
    assert parse("all bank:pay -> return").kinds == ends
    assert parse("all bank:pay when took > 5ms").kinds == ends
    assert parse("all bank:pay when result == 5").kinds == ends
    assert parse("all bank:pay(amount) when amount > 5").kinds == {"function_call"}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("message", Truth(Path("message"))),
        ("not message", Not(Truth(Path("message")))),
        ('message.a.b[0]["k"] == 5', Compare("==", Path("message", ("a", "b", 0, "k")), Constant(5))),
        ("5 <= message", Compare("<=", Constant(5), Path("message"))),
        ("len(message.tags) >= 2", Compare(">=", Length(Path("message", ("tags",))), Constant(2))),
        ('"x" in message.tags', Compare("in", Constant("x"), Path("message", ("tags",)))),
        ("kind not in message", Not(Compare("in", Path("kind"), Path("message")))),
        ("message is Deposit", IsA(Path("message"), "Deposit")),
        ("message is not Deposit", Not(IsA(Path("message"), "Deposit"))),
        ("message is bank.messages:Deposit", IsA(Path("message"), "Deposit", "bank.messages")),
        ("message is not __main__:Bank.Deposit", Not(IsA(Path("message"), "Bank.Deposit", "__main__"))),
        ("reply is none", Compare("==", Path("reply"), Constant(None))),
        ("peer == <0.5.0>", Compare("==", Path("peer"), Constant(PidOf(5)))),
        ("message == -2.5", Compare("==", Path("message"), Constant(-2.5))),
        ("message == 1_000", Compare("==", Path("message"), Constant(1000))),
        ("message != true", Compare("!=", Path("message"), Constant(True))),
        ("took > 5ms", Compare(">", Path("took"), Constant(0.005))),
        ("took > 2min", Compare(">", Path("took"), Constant(120.0))),
        (r'message == "a\"\n"', Compare("==", Path("message"), Constant('a"\n'))),
    ],
)
def test_conditions_compare_values_of_events(text, tree):
    assert condition(text) == tree


def test_and_binds_more_tightly_than_or_and_brackets_most():
    a, b, c = (Truth(Path(name)) for name in ("message", "state", "reply"))
    assert condition("message or state and reply") == Or((a, And((b, c))))
    assert condition("(message or state) and reply") == And((Or((a, b)), c))
    assert condition("not message and state") == And((Not(a), b))


@pytest.mark.parametrize(
    ("text", "column", "legal"),
    [
        ("", 1, "all"),
        ("alice", 6, "send"),
        ("alice recieve", 7, "receive"),
        ("5 send", 1, "a name"),
        ("all send when", 14, "message"),
        ("all send when reply == 5", 15, "message"),
        ("all send when message.amount >", 31, "a number"),
        ("all send when message.amount > 100 )", 36, "the end"),
        ("all send when (message", 23, ")"),
        ("all send when message[", 23, "a whole number"),
        ("all send when message[1.5]", 23, "a whole number"),
        ("all send when message[true]", 23, "a whole number"),
        ("all send when 5", 16, "=="),
        ("all send when message message", 23, "the end"),
        ("all send -> colour", 13, "stack"),
        ("all send,", 10, "receive"),
        ("all bank:", 10, "a function"),
        ("all bank:pay/x", 14, "a whole number"),
        ("all bank:pay(message.x)", 21, ","),
        ("all bank:pay(result)", 14, "_"),
        ("all send when message is bank.Deposit", 26, "bank:Deposit"),
        ("all send when message ~ 5", 23, "a word"),
        ('all send when message == "x', 26, "a word"),
        (r'all send when message == "\q"', 27, r"\n"),
        ("all send when message == 1e999", 26, "a number up to 1e308"),
        ("all send when message == " + "9" * 50, 26, "a shorter number"),
        ("all send when " + "(" * 40 + "message", 46, "a flatter condition"),
        ("all send when " + "not " * 40 + "message", 139, "a flatter condition"),
        ("x" * 2001, 2001, "2000 characters"),
        (", ".join(["a"] * 101) + " send", 301, "100 processes or functions at most"),
    ],
)
def test_an_error_points_at_the_column_and_lists_what_may_stand_there(text, column, legal):
    error = wrong(text)
    assert error.column == column
    assert legal in error.legal
    shown, pointer = str(error).splitlines()[1:3]
    assert pointer.endswith("^")
    assert len(pointer) - len(shown) <= 1
    if column <= len(text):
        assert shown[len(pointer) - 1] == text[column - 1]


def test_the_mark_stands_under_its_column_behind_wide_characters_too():
    shown, pointer = str(wrong('"助手 e\u0301" recieve')).splitlines()[1:3]
    assert shown.endswith("recieve")
    assert pointer == " " * 4 + " " * len('"xxxx e" ') + "^"


def test_an_event_that_is_misspelt_is_guessed():
    assert "did you mean receive?" in wrong("all recieve").problem
    assert "did you mean ended?" in wrong("all exit").problem


def test_an_error_of_a_long_pattern_shows_the_place():
    error = wrong("all send when message == 1 and " + "message == 1 and " * 60 + "colour == 2")
    assert "colour" in str(error)
    assert all(len(line) < 120 for line in str(error).splitlines()[:3])


def error_of(text):
    try:
        assert isinstance(parse(text), Pattern)
    except PatternError as error:
        return error
    return None


WORDS = st.sampled_from(
    ["all", "new", "alice", "behaviour", "under", "<0.1.0>", ",", "send", "receive", "messages", "handled", "when", "message.amount", "message", "state", ">", "<", "==", "!=", "in", "not", "and", "or", "(", ")", "[", "]", ".", ":", "/", "*", "->", "5", "5ms", "-3", "1e9", '"x"', "'y'", "len", "true", "none", "is", "Deposit", "bank:pay", "_", "stack", "return", "nothing", "took", "\\", '"', "'", "~", "é", "0", "99999999999999999999"]
)  # fmt: skip


@settings(deadline=None, database=None, derandomize=True, max_examples=1500)
@given(st.lists(WORDS, max_size=25), st.sampled_from([" ", ""]))
def test_words_in_any_order_are_a_pattern_or_an_error_that_points_into_them(words, between):
    text = between.join(words)
    error = error_of(text)
    if error is not None:
        assert 1 <= error.column <= len(text) + 1
        assert error.legal
        assert str(error)


@settings(deadline=None, database=None, derandomize=True, max_examples=700)
@given(st.text(max_size=60))
def test_no_text_raises_anything_but_a_pattern_error(text):
    for whole in (text, f"all send when {text}", f"all {text}", f"all bank:pay({text})"):
        error = error_of(whole)
        if error is not None:
            assert 1 <= error.column <= len(whole) + 1
            assert str(error)
