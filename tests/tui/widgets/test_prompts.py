"""Where something is typed: a prompt takes no more than the node does."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.widgets import Input

from tests.support.console import Console, settle
from tests.support.crew import crew
from tests.support.trace_nodes import traced


@pytest.mark.parametrize(("keys", "field", "most"), [
    (("6", "n"), "#pattern-input", 2000), (("2", "slash"), "#prompt-input", 200), (("6", "d", "b"), "#prompt-input", 1900),
])  # fmt: skip
async def test_a_text_that_is_too_long_for_the_node_is_not_taken(keys, field, most):
    console = Console(traced(crew()))
    async with console.open() as pilot:
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        typed = console.page.query_one(field, Input)
        assert typed.has_focus
        before = typed.value
        typed.post_message(Paste("a" * (most + 1)))
        await settle(pilot)
        assert typed.value == before
