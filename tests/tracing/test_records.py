"""Records: values that nobody changes, small, and of the standard library alone."""

import dataclasses
import json
import subprocess
import sys

import pytest

from tracing.kinds import GROUPS, KINDS
from tracing.records import Record, from_json, pid_text, record_of, reticent, to_json


def test_a_record_cannot_be_changed():
    record = Record(1, 0.0, "kind", 0, None, "")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.text = "another"
    assert not hasattr(record, "__dict__")


def test_tracing_stands_on_the_standard_library_alone():
    code = (
        "import sys, tracing.tap, tracing.store, tracing.story, tracing.sinks.chrome, tracing.sinks.json_lines, tracing.sinks.mermaid, "
        "tracing.sinks.otel, tracing.incoming; print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    strangers = set(done.stdout.split()) & {
        "runtime",
        "tui",
        "demo",
        "rpyc",
        "pydantic",
        "textual",
        "rich",
        "opentelemetry",
    }
    assert strangers == set()


def test_a_pid_is_written_as_the_runtime_writes_it():
    from runtime.pid import pid_text as of_the_runtime

    for number in (0, 1, 42, 10**12 - 1, 42 * 10**12 + 7):
        assert pid_text(number) == of_the_runtime(number)


def test_every_value_of_an_event_has_its_label():
    for kind, about in KINDS.items():
        values = tuple(range(len(about.values)))
        record = record_of(1, (1.0, kind, 2, None, "", 0, None, values, None, None, None), 0.0)
        assert record.values == dict(zip(about.values, values, strict=True))


def test_groups_hold_every_kind_but_those_of_functions():
    assert GROUPS["events"] == {kind for kind in KINDS if not kind.startswith("function_")}
    assert GROUPS["messages"] == {"send", "receive", "call", "reply", "timer"}


def test_an_event_of_a_kind_that_is_not_known_has_no_values():
    assert record_of(1, (1.0, "new_kind", 2, None, "", 0, None, (1, 2), None, None, None), 0.0).values == {}


class Secretive:
    def __repr__(self):
        raise AssertionError("its code has run")

    __str__ = __getattribute__ = __repr__


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5, 5), (True, True), (None, None), (2.5, 2.5), ("secret", {"$type": "str"}), (10**100, {"$type": "int"}),
     (float("nan"), {"$type": "float"}), ({"key": 1}, {"$type": "dict"}), (Secretive(), {"$type": "Secretive"})],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_without_a_way_to_show_values_only_numbers_and_classes_are_told(value, shown):
    assert reticent("message", value) == shown


def test_a_record_is_the_same_after_json():
    empty = Record(1, 2.0, "send", 3, None, "")
    full = Record(
        1, 2.0, "handled", 3, "alice", "handle_call", 1.5, 4, "a" * 32, "b" * 16, "c" * 16, "owner", 0.0, 0.25,
        {"message": {"$type": "Deposit", "amount": 5}}, ("bank.py:1 f",), True,
    )  # fmt: skip
    for record in (empty, full):
        assert from_json(json.loads(json.dumps(to_json(record)))) == record
    assert set(to_json(empty)) == {"seq", "at", "kind", "pid", "name", "text", "mono"}


def test_what_is_no_record_is_refused_with_what_is_wrong():
    with pytest.raises(ValueError, match=r"unknown fields \['colour'\], missing fields \['at', 'kind'"):
        from_json({"seq": 1, "colour": "red"})
