"""The help: nothing that a key does is cut."""

from __future__ import annotations

import pytest

from tui.spans import plain, width
from tui.widgets.help import help_lines

TIP = ", keep it in view, also when it is restarted under a new pid"


@pytest.mark.parametrize("cells", [40, 70, 118])
def test_what_a_key_does_goes_on_beneath_its_beginning(cells):
    line = [("F        ", "accent"), (" ", "text"), ("follow", "text"), (TIP, "faint")]
    shown = help_lines([("Process", [line])], cells)
    assert max(map(width, shown)) <= cells
    assert " ".join(" ".join(map(plain, shown)).split()) == f"Process F follow{TIP}"
    words = [text for spans in shown for text, tone in spans if tone == "text" and text.strip()]
    assert words == ["follow"]
