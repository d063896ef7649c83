"""What the system tells of an OS process."""

from __future__ import annotations

import os
import time

import pytest

from runtime.introspection import figures
from runtime.introspection.figures import Figures, figures_of, resident

pytestmark = pytest.mark.skipif(not figures._PROC.is_dir(), reason="there is no /proc here")


def test_the_figures_of_this_process_are_plausible():
    found = figures_of(os.getpid())
    assert 1_000_000 < found.memory < found.address_space
    assert abs(found.cpu_s - time.process_time()) < 1
    assert found.files >= 3


def test_files_are_counted_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(figures, "FILES", 2)
    assert figures_of(os.getpid()).files == 2


def test_of_one_that_is_gone_nothing_is_known():
    assert figures_of(0) == Figures()
    assert resident(0) is None
