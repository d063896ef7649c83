"""What tests of the console share."""

from __future__ import annotations

import pytest

from tests.support.console import turns_are_over


@pytest.fixture(autouse=True)
def no_pause_by_the_clock(monkeypatch):
    """Textual's pilot waits by the clock, until this OS process uses no processor: a twenty-fifth of a second for each key at least.

    A console in a test is idle as soon as nothing in its loop has anything left to do.
    """
    monkeypatch.setattr("textual.app.wait_for_idle", turns_are_over)
    monkeypatch.setattr("textual.pilot.wait_for_idle", turns_are_over)
    # It draws nothing for a twentieth of a second after a change of pages, to hide what is between them.
    monkeypatch.setattr("textual.app.App.delay_update", lambda app, delay=0.05: None)
