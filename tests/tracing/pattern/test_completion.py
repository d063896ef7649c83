"""What the word at the end of a pattern could become."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracing.pattern import PatternError, complete, parse


class Shop:
    """A node that knows a few names."""

    def names(self):
        return ["bob", "alice", "agent 7", "all", 'the "one"']

    def behaviours(self):
        return ["shop.agents:Account", "shop.agents:Clerk", "shop.prices:Prices"]

    def modules(self):
        return ["shop.agents", "shop.prices"]

    def functions(self, module):
        return ["pay", "Account.handle_call"] if module == "shop.agents" else []

    def classes(self):
        return ["shop.agents:Deposit"]

    def fields(self):
        return ["owner", "amount"]


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("al", 1, ("all", '"all"', "alice")),
        ("b", 1, ("behaviour", "bob")),
        ('"ag', 1, ('"agent 7"',)),
        ("alice rec", 7, ("receive",)),
        ("alice, bo", 8, ("bob",)),
        ("under b", 7, ("bob",)),
        ("behaviour ", 11, ("Account", "Clerk", "Prices")),
        ("behaviour shop.agents:", 23, ("Account", "Clerk")),
        ("all shop.a", 5, ("shop.agents:",)),
        ("all shop.agents:", 17, ("*", "Account.handle_call", "pay")),
        ("all shop.agents:Account.h", 17, ("Account.handle_call",)),
        ("alice receive ", 15, ("when", "->", ",")),
        ("alice receive when message.", 28, ("amount", "owner")),
        ("alice receive when message.am", 28, ("amount",)),
        ("alice receive when message.amount > 5 a", 39, ("and",)),
        ("alice receive when message is ", 31, ("none", "not", "Deposit")),
        ("alice receive when message is shop.agents:", 43, ("Deposit",)),
        ("alice receive -> st", 18, ("state", "stack")),
        ("alice receive -> state, re", 25, ("return",)),
    ],
)
def test_words_that_could_stand_there(text, start, words):
    found = complete(text, Shop())
    assert found.start == start
    assert found.words == words


def test_nothing_follows_what_is_wrong_already():
    found = complete("alice recieve when mess", Shop())
    assert found.words == found.legal == ()


def test_words_are_few():
    assert len(complete("", Shop(), most=3).words) == 3


@pytest.mark.parametrize("name", Shop().names())
def test_a_name_that_is_completed_means_that_process(name):
    word = next(
        word for word in complete("", Shop()).words if name in word.replace("\\", "") and word != "all"
    )
    assert parse(f"{word} send").whom[0].name == name


@settings(deadline=None, database=None, derandomize=True, max_examples=300)
@given(st.text(max_size=40))
def test_no_text_is_too_strange(text):
    found = complete(text, Shop())
    assert 1 <= found.start <= len(text) + 1


@settings(deadline=None, database=None, derandomize=True, max_examples=100)
@given(st.data())
def test_following_what_is_offered_never_goes_wrong(data):
    text = ""
    for _ in range(data.draw(st.integers(0, 8))):
        found = complete(text, Shop())
        if not found.words:
            break
        text = text[: found.start - 1] + data.draw(st.sampled_from(found.words))
        text += "" if text.endswith(":") else " "
    try:
        parse(text)
    except PatternError as error:
        assert error.column >= len(text.rstrip()) + 1, text  # noqa: PT017 - it ends too early, at most
