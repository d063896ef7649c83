"""Cause and effect: ids that follow from each other, and the W3C's text form of them."""

import contextlib
import pickle
import re
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracing.context import born, caused, from_traceparent, newborn, to_traceparent

EXAMPLE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_story_begins_with_ids_of_its_own_and_no_cause():
    trace, span, cause, principal = born("owner")
    assert 0 < trace < 2**128
    assert 0 < span < 2**64
    assert (cause, principal) == (0, "owner")
    assert born()[:2] != born()[:2]


def test_what_is_caused_belongs_to_the_same_story_and_names_its_cause():
    first = born("owner")
    second = caused(first)
    assert second[0] == first[0]
    assert second[1] != first[1]
    assert second[2] == first[1]
    assert second[3] == "owner"


def test_a_forked_child_draws_ids_of_its_own():
    code = "import os; from tracing.context import born; child = os.fork(); child and os.waitpid(child, 0); print(born()[0])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert len(set(done.stdout.split())) == 2


def test_who_comes_with_a_traceparent_is_caused_by_it():
    trace, span, cause, principal = from_traceparent(EXAMPLE, "partner")
    assert trace == 0x0AF7651916CD43DD8448EB211C80319C
    assert cause == 0xB7AD6B7169203331
    assert span != cause
    assert principal == "partner"


@settings(deadline=None, database=None, derandomize=True)
@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1))
def test_what_goes_out_comes_in_again(trace, span):
    header = to_traceparent((trace, span, 0, None))
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", header)
    back = from_traceparent(header)
    assert (back[0], back[2]) == (trace, span)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        EXAMPLE.upper(),
        EXAMPLE + "\n",
        " " + EXAMPLE,
        EXAMPLE + "-",
        EXAMPLE + "-more",
        "ff" + EXAMPLE[2:],
        "0g" + EXAMPLE[2:],
        "00-" + "0" * 32 + EXAMPLE[35:],
        EXAMPLE[:36] + "0" * 16 + "-01",
        EXAMPLE[:-1],
        EXAMPLE.replace("-", "_"),
        EXAMPLE.replace("0af7", "٠af7"),
        "cc" + EXAMPLE[2:] + "x",
        EXAMPLE * 100,
    ],
)
def test_what_does_not_follow_the_grammar_is_refused_and_told_why(header):
    with pytest.raises(ValueError, match=r"traceparent .*[0-9a-f]"):
        from_traceparent(header)


def test_of_a_later_version_what_is_known_is_read():
    assert from_traceparent("cc" + EXAMPLE[2:])[0] == from_traceparent(EXAMPLE)[0]
    assert from_traceparent("cc" + EXAMPLE[2:] + "-what-comes-later")[0] == from_traceparent(EXAMPLE)[0]


@settings(deadline=None, database=None, derandomize=True)
@given(st.text(alphabet="0123456789abcdefABCDEFg- \n", max_size=70))
def test_no_text_does_worse_than_being_refused(header):
    with contextlib.suppress(ValueError):
        assert len(from_traceparent(header)) == 4


def test_a_newborn_passes_for_the_tuple_that_it_stands_for():
    one = newborn()
    trace, span, cause, principal = one
    assert 0 < trace < 2**128
    assert (span, cause, principal) == (trace & (2**64 - 1), 0, None)
    assert (one[0], one[1], len(one), hash(one), repr(one)) == (
        trace,
        span,
        4,
        hash(tuple(one)),
        repr(tuple(one)),
    )
    assert one == (trace, span, 0, None)
    assert (trace, span, 0, None) == one
    assert one == one[:]
    assert caused(one)[::2] == (trace, span)
    assert newborn() != one


def test_a_newborn_is_pickled_as_the_tuple():
    one = newborn()
    assert type(pickle.loads(pickle.dumps(one))) is tuple
    assert pickle.loads(pickle.dumps(one)) == one


def test_all_threads_that_read_a_newborn_see_the_same():
    seen = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(200):
            one, here = newborn(), []
            readers = [
                threading.Thread(target=lambda one=one, here=here: here.append(one[0])) for _ in range(4)
            ]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join(10)
            seen.append(len(set(here)))
    finally:
        sys.setswitchinterval(before)
    assert set(seen) == {1}
