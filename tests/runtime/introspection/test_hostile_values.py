"""Reading a value runs none of its code, whatever its class overrides."""

from __future__ import annotations

import array
import asyncio
import collections
import datetime as dt
import decimal
import fractions
import functools
import json
import pathlib
import re
import sys
import threading
import time
import types
import uuid
import weakref
import zoneinfo

import pytest

from runtime import Pid
from runtime.introspection.values import Limits, walk
from tests.runtime.introspection.traps import HASH, TRAPS, Evil, evil_class, ran, show, trap
from tests.support.eventually import eventually_sync


@pytest.fixture(autouse=True)
def _no_user_code_runs():
    ran.clear()
    yield
    assert ran == []


@pytest.fixture
def armed():
    Evil.armed = True
    yield
    Evil.armed = False


# --- hostile values ---------------------------------------------------------------------------------


class Lying:
    """Says that it is a dict."""

    @property
    def __class__(self):
        ran.append("__class__")
        return dict

    def __init__(self):
        object.__setattr__(self, "x", 1)


class HiddenDict:
    def __init__(self):
        self.__class__.armed = True

    @property
    def __dict__(self):
        ran.append("__dict__")
        return {}


class Properties:
    def __init__(self):
        self.real = 1

    @property
    def computed(self):
        ran.append("property")
        return 1

    @functools.cached_property
    def cached(self):
        ran.append("cached property")
        return 1


class EvilSlots:
    __slots__ = ("a", "empty", *())
    __getattribute__ = TRAPS["__getattribute__"]
    __repr__ = TRAPS["__repr__"]


class Borrowed:
    """Has a slot of another class among its attributes."""

    other = EvilSlots.a


class EvilZone(dt.tzinfo):
    utcoffset = trap("utcoffset")
    tzname = trap("tzname")
    dst = trap("dst")


def test_an_object_that_raises_whatever_is_asked_of_it():
    value = object.__new__(evil_class("Raises", **HASH))
    vars(object)["__setattr__"](value, "x", 1)
    assert show(value) == {"$type": "Raises", "x": 1}


def test_an_object_that_would_hang():
    class Hangs:
        def __repr__(self):
            ran.append("hangs")
            time.sleep(60)

    began = time.monotonic()
    assert show([Hangs()]) == [{"$type": "Hangs"}]
    assert time.monotonic() - began < 1


def test_an_object_that_lies_about_its_class():
    assert show(Lying()) == {"$type": "Lying", "x": 1}


def test_an_object_that_hides_its_dict():
    value = HiddenDict()
    assert show(value) == {"$type": "HiddenDict", "$text": "nothing to show"}


def test_properties_do_not_run():
    assert show(Properties()) == {"$type": "Properties", "real": 1}


def test_slots_are_read_past_getattribute_and_empty_ones_left_out():
    value = EvilSlots()
    vars(EvilSlots)["a"].__set__(value, 1)
    assert show(value) == {"$type": "EvilSlots", "a": 1}
    assert show(Borrowed()) == {"$type": "Borrowed"}


def test_a_metaclass_is_never_asked(armed):
    Evil.armed = False
    kinds = [
        Evil("Plain", (), {}), Evil("Lists", (list,), {}), Evil("Dicts", (dict,), {}), Evil("Tuples", (tuple,), {}),
        Evil("Words", (str,), {}), Evil("Errors", (Exception,), {}), Evil("Ints", (int,), {}),
    ]  # fmt: skip
    values = [kind() for kind in kinds]
    Evil.armed = True
    shown = show([*values, kinds[0], {"password": values[0]}, [("token", values[1])]])
    assert [item["$type"] if type(item) is dict else item for item in shown[:2]] == ["Plain", []]
    assert shown[4] == {"$type": "Words", "$text": ""}
    assert shown[7] == {"$type": "Evil", "$text": "class Plain"}


def test_a_key_with_a_metaclass_is_never_hashed(armed):
    Evil.armed = False
    value = {Evil("Key", (), {"__hash__": object.__hash__})(): 1}
    Evil.armed = True
    assert list(show(value).values()) == [1]


@pytest.mark.parametrize(
    ("base", "arguments", "shown"),
    [
        (list, ([1, 2],), [1, 2]),
        (dict, ({"a": 1},), {"$type": "Sub", "a": 1}),
        (tuple, ([1, 2],), [1, 2]),
        (set, ([1],), {"$type": "Sub", "$items": [1]}),
        (frozenset, ([1],), {"$type": "Sub", "$items": [1]}),
        (collections.deque, ([1],), {"$type": "Sub", "$items": [1]}),
        (str, ("text",), {"$type": "Sub", "$text": "text"}),
        (int, (7,), {"$type": "Sub", "$text": "7"}),
        (float, (1.5,), {"$type": "Sub", "$text": "1.5"}),
        (complex, (1j,), {"$type": "Sub", "$text": "1j"}),
        (bytes, (b"ab",), {"$type": "Sub", "$text": "b'ab'"}),
        (bytearray, (b"ab",), {"$type": "Sub", "$text": "b'ab'"}),
        (array.array, ("i", [1]), {"$type": "Sub", "$items": [1]}),
        (decimal.Decimal, ("1.5",), {"$type": "Sub", "$text": "1.5"}),
        (dt.date, (2026, 1, 2), {"$type": "Sub", "$text": "2026-01-02"}),
        (dt.timedelta, (1,), {"$type": "Sub", "$text": "1 day, 0:00:00"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_subclass_of_a_built_in_that_overrides_everything(base, arguments, shown):
    kind = type("Sub", (base,), {})
    value = kind(*arguments)
    for name, method in {**TRAPS, **HASH}.items():
        setattr(kind, name, method)
    assert show(value) == shown
    assert show([value]) == [shown]
    kept = walk({"key": value})
    assert kept.value == {"key": shown}


def test_a_string_that_overrides_everything_as_a_key_a_label_and_a_name():
    kind = type("Sub", (str,), {})
    key = kind("password")
    plain = {key: "hunter2"}
    record = types.SimpleNamespace()
    record.__dict__[kind("x")] = 1
    for name, method in TRAPS.items():
        setattr(kind, name, method)
    assert show(plain) == {"password": {"$redacted": True}}
    assert show(record) == {"$type": "SimpleNamespace"}  # no attribute that anybody could ask for


def test_a_class_whose_name_is_no_plain_string():
    words = type("Words", (str,), {})
    value = type(words("Odd"), (), {})()
    for name, method in {**TRAPS, **HASH}.items():
        setattr(words, name, method)
    assert show(value) == {"$type": "Odd"}


def test_keys_that_collide_with_what_is_looked_up():
    class Key(str):
        __slots__ = ()

        def __hash__(self):
            return hash(str(self)) if not armed_keys else ran.append("hash") or 0

        def __eq__(self, other):
            ran.append("eq")
            return False

    armed_keys: list = []
    namespace = {
        Key(name): 1 for name in ("__dict__", "_fields", "__dataclass_params__", "__slots__", "redact")
    }
    value = type("Collides", (), namespace)()
    value.__dict__.update({Key("_name_"): 1})
    ran.clear()
    armed_keys.append(1)
    assert show(value) == {"$type": "Collides"}


def test_a_time_in_a_zone_of_the_users_own():
    value = dt.datetime(2026, 1, 2, 3, tzinfo=EvilZone())
    assert show(value)["$text"] == "2026-01-02T03:00:00 in a time zone of its own"
    assert show(dt.time(3, tzinfo=EvilZone()))["$text"] == "03:00:00 in a time zone of its own"


def test_a_datetime_of_the_users_own_in_a_known_zone():
    kind = type(
        "Sub", (dt.datetime,), {"toordinal": trap("toordinal"), "hour": property(trap("hour")), **TRAPS}
    )
    value = dt.datetime.__new__(kind, 2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    assert show(value)["$text"] == "2026-07-01T12:00:00+02:00"


def test_an_error_with_hostile_arguments():
    kind = evil_class("Boom", Exception, args=property(trap("args")))
    evil = object.__new__(evil_class("Inside"))
    assert show(Exception.__new__(kind, evil, 1)) == {"$type": "Boom", "args": [{"$type": "Inside"}, 1]}


def test_a_uuid_a_path_and_a_function_that_were_tampered_with():
    evil = object.__new__(evil_class("Inside"))
    number = uuid.UUID(int=1)
    object.__setattr__(number, "int", evil)
    assert show(number)["$text"] == "a broken UUID"

    def function():
        raise AssertionError

    function.__module__ = evil
    assert show(function)["$text"].startswith("<Inside>.")
    module = types.ModuleType("m")
    module.__dict__["__name__"] = evil
    assert show(module)["$text"] == "module <Inside>"
    words = type("Words", (str,), {})
    path = pathlib.PurePosixPath(words("a"), "b")
    for name, method in TRAPS.items():
        setattr(words, name, method)
    assert show(path) == {"$type": "PurePosixPath", "$text": "a/b"}


def test_dataclass_parameters_that_lie():
    value = type("Fake", (), {"__dataclass_params__": object.__new__(evil_class("Params")), "_fields": 3})()
    assert show(value) == {"$type": "Fake"}


def test_things_that_live_are_not_touched():
    async def work():
        raise AssertionError

    coroutine = work()
    generator = (trap("generator")() for _ in [1])
    target = type("Target", (), TRAPS)()
    for value in (
        coroutine,
        generator,
        weakref.proxy(target),
        iter([1]),
        re.compile("x"),
        functools.partial(trap("f")),
    ):
        assert type(show(value)) is dict
    coroutine.close()


def test_a_mapping_behind_a_proxy_is_read_past_its_class():
    kind = type("Sub", (dict,), {})
    value = types.MappingProxyType(kind(a=1))
    for name, method in TRAPS.items():
        setattr(kind, name, method)
    assert show(value) == {"$type": "Sub", "a": 1}


def test_fractions_and_futures_show_their_fields():
    assert show(fractions.Fraction(1, 2)) == {"$type": "Fraction", "_numerator": 1, "_denominator": 2}
    loop = asyncio.new_event_loop()
    assert type(show(loop.create_future())) is dict
    loop.close()


def test_a_pid_is_shown_as_one():
    class Process:
        number = 42

    assert show({Pid(Process()): Pid(Process())}) == {"<0.42.0>": {"$type": "Pid", "$text": "<0.42.0>"}}


# --- change meanwhile -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [dict, set, collections.deque, list])
def test_a_container_that_changes_while_it_is_read(kind):
    add = {
        dict: lambda c, n: c.update({n: n}),
        set: set.add,
        collections.deque: collections.deque.append,
        list: list.append,
    }
    container = kind()
    for n in range(500):
        add[kind](container, n)
    stop = threading.Event()

    def change():
        n = 0
        while not stop.is_set():
            container.clear()
            for _ in range(500):
                n += 1
                add[kind](container, n)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(50):
            walked = walk({"held": container}, Limits(width=400))
            json.dumps(walked.value)
            assert walked.mutable
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_a_walk_lets_others_run():
    wide = [list(range(100)) for _ in range(100)]
    done = threading.Event()
    turns = 0

    def count():
        nonlocal turns
        while not done.is_set():
            turns += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    eventually_sync(lambda: turns)
    before = turns
    walk(wide, Limits(items=20_000))
    after = turns
    done.set()
    thread.join()
    assert after > before + 10
