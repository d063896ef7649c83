"""JSON lines: what is written is read back, and no line can break another."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.events import conversation
from tracing.records import Record, record_of
from tracing.sinks.json_lines import lines, read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
RECORDS = st.builds(
    Record, seq=st.integers(0), at=st.floats(0, 1e10), kind=st.text(max_size=8), pid=st.integers(0), name=st.none() | st.text(),
    text=st.text(), waited=st.none() | st.floats(0, 1e6), values=st.dictionaries(st.text(max_size=5), JSON, max_size=3),
    stack=st.lists(st.text(max_size=5), max_size=2).map(tuple), cut=st.booleans(),
)  # fmt: skip


def test_a_record_is_one_line_of_plain_characters():
    one = Record(1, 2.0, "send", 3, "\x1b[31mred\n\u2028", "", values={"message": "é"})
    (line,) = lines([one])
    assert line.isascii()
    assert line.isprintable()
    assert list(read([line])) == [one]


@settings(deadline=None, database=None, derandomize=True)
@given(st.lists(RECORDS, max_size=4))
def test_what_is_written_is_read_back(records):
    assert list(read("\n".join([*lines(records), ""]).splitlines())) == records


def test_a_whole_story_goes_through():
    records = [record_of(seq, one, 0.0) for seq, one in enumerate(conversation())]
    assert list(read(lines(records))) == records
    assert all(json.loads(line)["trace"] == records[0].trace for line in lines(records))


@pytest.mark.parametrize("line", ["{", "5", "[]", "{}", '{"seq": 1}', '{"colour": 1}'])
def test_a_line_that_is_no_record_is_told_with_its_number(line):
    with pytest.raises(ValueError, match=r"^line 2: "):
        list(read(["", line]))
