"""Records: values that nobody changes, small, and of the standard library alone."""

import dataclasses
import subprocess
import sys

import pytest

from tracing.records import Record


def test_a_record_cannot_be_changed():
    record = Record(1, 0.0, "kind", 0, None, "")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.text = "another"
    assert not hasattr(record, "__dict__")


def test_tracing_stands_on_the_standard_library_alone():
    code = "import sys, tracing.records, tracing.recorder; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    strangers = set(done.stdout.split()) & {"runtime", "tui", "demo", "rpyc", "pydantic", "textual", "rich"}
    assert strangers == set()
