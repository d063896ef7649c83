"""Patterns that would hurt a live node are known, and the reasons said."""

import pytest

from tracing.pattern import dangers, parse


@pytest.mark.parametrize(
    "text",
    ["all events", "alice, all events", "alice asyncio.events:*", "<0.1.0> runtime.sending:deliver", "all bank:*", "new json:loads",
     "alice bank:Account.__eq__", "alice bank:Key.__hash__", "new bank:Account.__del__"],
)  # fmt: skip
def test_a_dangerous_pattern_says_why(text):
    (why,) = dangers(parse(text))
    assert "; " in why or " and " in why


@pytest.mark.parametrize(
    "text", ["all messages", "alice events", "all events when took > 1s", "all bank:pay", "alice bank:*", "all runtimes:go",
     "all bank:Account.__init__", "all bank:Account.__call__"]
)  # fmt: skip
def test_an_ordinary_pattern_is_not_dangerous(text):
    assert dangers(parse(text)) == []
