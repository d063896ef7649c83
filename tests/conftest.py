"""What the whole suite needs of the OS process that it runs in; and which of its tests may run beside one another."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

BESIDE = (
    "benchmarks/", "claims/", "differential/", "runtime/groups/", "runtime/isolation/", "runtime/presence/", "runtime/registry/",
    "runtime/replay/", "runtime/state_machine/", "runtime/supervision/", "runtime/trace/", "tracing/", "tui/",
)  # fmt: skip
"""Nothing that these tests claim depends on how long anything takes, or on what else the machine does."""

ALONE = {
    "runtime/isolation/test_limits.py",
    "runtime/trace/test_fuses.py",
    "tui/test_cli_end_to_end.py",
    "tui/test_thirty_thousand.py",
}
"""Among them, but for these."""

# A shell without job control starts what it puts into the background with Ctrl-C ignored, and programs that tests start would
# inherit that: those that test what Ctrl-C does would wait for an end that never comes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, for `make test`."""
    for item in items:
        path = item.path.relative_to(TESTS).as_posix()
        if path.startswith(BESIDE) and path not in ALONE:
            item.add_marker("beside")
