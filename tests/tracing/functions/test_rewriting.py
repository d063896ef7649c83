"""Code of 3.11 that tells of itself: apart and together again it is the same, and with its site it does the same."""

import argparse
import asyncio
import contextlib
import dis
import inspect
import json
import sys
import textwrap
import traceback
import types
import unittest.mock

import pytest

from tracing.functions.assembly import code_of, parts_of
from tracing.functions.rewriting import Rewriter, rewritten, untold
from tracing.functions.sites import Call, Site, Unfit

pytestmark = pytest.mark.skipif(sys.version_info >= (3, 12), reason="later interpreters have sys.monitoring")

MODULES = (argparse, asyncio.base_events, asyncio.tasks, contextlib, dis, inspect, json.decoder, textwrap, traceback, unittest.mock)  # fmt: skip


class Ear:
    """Counts."""

    ends = True
    broken = None

    def __init__(self):
        self.calls = []
        self.open = 0

    def begun(self, arguments):
        self.open += 1
        return Call(self, 0.0, arguments)

    def ended(self, kind, call, value):
        self.open -= 1
        self.calls.append((kind, call.arguments, value))


def sited(function, ear):
    site = Site(function, id(function))
    site.listeners = (ear,)
    return site


def codes(code):
    yield code
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            yield from codes(item)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_code_taken_apart_and_put_together_is_the_same_to_the_byte(module):
    for code in codes(compile(inspect.getsource(module), module.__file__, "exec")):
        again = code_of(code, *parts_of(code))
        assert again.co_code == code.co_code
        assert again.co_exceptiontable == code.co_exceptiontable
        assert list(again.co_positions()) == list(code.co_positions())
        assert again.co_stacksize == code.co_stacksize


def long(count):
    """A function whose jumps need prefixes, and get more of them."""
    body = "\n".join(f"        total += {number} if total % 2 else {number + 1}" for number in range(count))
    source = f"def long(total):\n    for _ in range(2):\n        if total > 10**9:\n            return None\n{body}\n    return total"
    space = {}
    exec(source, space)
    return space["long"]


@pytest.mark.parametrize("count", [1, 10, 11, 12, 13, 14, 15, 16, 20, 100, 3000])
def test_jumps_grow_with_what_they_jump_over(count):
    function = long(count)
    expected, ear = function(5), Ear()
    function.__code__ = rewritten(function.__code__, sited(function, ear))
    assert function(5) == expected
    assert function(10**10) is None
    assert ear.open == 0
    assert [result for _, _, result in ear.calls] == [expected, None]


def test_a_whole_module_under_trace_works_as_ever(monkeypatch):
    text = json.dumps({"a": [1, 2.5, None, True, {"b": "ü\n" * 50}], "c": []}, indent=1)
    expected, ear = json.decoder.JSONDecoder().decode(text), Ear()
    for space in (vars(json.decoder), vars(json.decoder.JSONDecoder)):
        for function in list(space.values()):
            if isinstance(function, types.FunctionType):
                code = rewritten(function.__code__, sited(function, ear))
                monkeypatch.setattr(function, "__code__", code)
    monkeypatch.setattr(json.scanner, "c_make_scanner", None)
    decoder = json.decoder.JSONDecoder()
    decoder.parse_string = json.decoder.py_scanstring
    decoder.scan_once = json.scanner.py_make_scanner(decoder)
    assert decoder.decode(text) == expected
    with pytest.raises(json.JSONDecodeError, match="Expecting value"):
        decoder.decode("[1,")
    assert ear.open == 0
    assert len(ear.calls) > 20


def outer(value):
    try:
        return inner(value)
    except KeyError as error:
        raise ValueError("outer") from error


def inner(value):
    with contextlib.suppress(IndexError):
        return {"a": [1]}[value][0]


def trace_of(value):
    with pytest.raises(ValueError, match="outer") as raised:
        outer(value)
    return "".join(traceback.format_exception(raised.value))


def test_a_traceback_has_no_line_more():
    before, ear, rewriter = trace_of("b"), Ear(), Rewriter()
    sites = [sited(function, ear) for function in (outer, inner)]
    for site in sites:
        rewriter.put(site)
    assert trace_of("b") == before
    assert [(kind, type(value)) for kind, _, value in ear.calls] == [
        ("function_raise", KeyError),
        ("function_raise", ValueError),
    ]
    for site in sites:
        rewriter.take(site)
    assert trace_of("b") == before


def test_there_is_no_frame_between_a_function_and_its_caller():
    def who():
        return sys._getframe(1).f_code.co_name

    rewriter = Rewriter()
    site = sited(who, Ear())
    rewriter.put(site)
    assert who() == "test_there_is_no_frame_between_a_function_and_its_caller"
    rewriter.take(site)


def test_what_it_was_can_be_asked_for_while_it_is_traced():
    code, rewriter = inner.__code__, Rewriter()
    site = sited(inner, Ear())
    rewriter.put(site)
    assert inner.__code__ is not code
    assert untold(inner.__code__) is code
    assert untold(code) is code
    rewriter.take(site)
    assert inner.__code__ is code


def test_code_that_no_compiler_has_made_is_left_alone():
    def strange(value):
        return value

    code = strange.__code__
    prefix = bytes((dis.opmap["EXTENDED_ARG"], 0))
    strange.__code__ = code.replace(co_code=code.co_code[:2] + prefix + code.co_code[2:])
    with pytest.raises(Unfit, match="none that the compiler"):
        Rewriter().put(sited(strange, Ear()))
    assert strange(3) == 3
