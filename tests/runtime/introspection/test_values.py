"""Whatever a process holds, reading it runs none of its code, and gives bounded JSON."""

from __future__ import annotations

import array
import asyncio
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import json
import pathlib
import re
import sys
import threading
import time
import types
import typing
import uuid
import weakref
import zoneinfo

import pydantic
import pytest

from runtime import Pid
from runtime.introspection.values import Limits, walk, walk_all
from tests.support.eventually import eventually_sync

ran: list[str] = []
"""What user code has run."""


@pytest.fixture(autouse=True)
def _no_user_code_runs():
    ran.clear()
    yield
    assert ran == []


def show(value, **limits):
    """The value as it is shown, having been through JSON."""
    return json.loads(json.dumps(walk(value, Limits(**limits)).value, allow_nan=False))


def trap(name):
    def method(*_args, **_kwargs):
        ran.append(name)
        raise RuntimeError(name)

    return method


TRAPS = {
    name: trap(name)
    for name in (
        "__repr__", "__str__", "__format__", "__len__", "__iter__", "__getitem__", "__contains__", "__eq__", "__bool__",
        "__index__", "__int__", "__float__", "__lt__", "__reduce_ex__", "__getattribute__", "__getattr__", "__dir__",
        "__sizeof__", "__call__", "__instancecheck__", "__subclasscheck__", "__missing__", "keys", "items", "values",
        "get", "copy", "__reversed__", "__add__", "__mod__", "__length_hint__", "__fspath__", "__copy__", "__deepcopy__",
        "isoformat", "utcoffset", "year", "hex", "as_tuple", "tolist", "startswith", "lower", "encode", "model_dump",
    )
}  # fmt: skip
HASH = {"__hash__": trap("__hash__")}


class Evil(type):
    """A metaclass that must never be asked."""

    armed = False

    def __getattribute__(cls, name):
        if Evil.armed:
            ran.append(f"metaclass {name}")
        return super().__getattribute__(name)

    def __eq__(cls, other):
        ran.append("metaclass __eq__")
        return True

    def __hash__(cls):
        if Evil.armed:
            ran.append("metaclass __hash__")
        return super().__hash__()

    def __instancecheck__(cls, instance):
        ran.append("metaclass __instancecheck__")
        return True

    def __subclasscheck__(cls, subclass):
        ran.append("metaclass __subclasscheck__")
        return True

    def __repr__(cls):
        ran.append("metaclass __repr__")
        return "?"


@pytest.fixture
def armed():
    Evil.armed = True
    yield
    Evil.armed = False


def evil_class(name, *bases, **namespace):
    return type(name, bases, {**TRAPS, **namespace})


# --- plain values -----------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Deposit:
    amount: int
    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    z: int
    a: int


@dataclasses.dataclass
class Open:
    items: list


@dataclasses.dataclass(frozen=True)
class Tick:
    pass


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 3


class Point(typing.NamedTuple):
    x: int
    y: int


class Login(typing.NamedTuple):
    user: str
    password: str


NAIVE = dt.datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - states hold such times


class Model(pydantic.BaseModel):
    owner: str
    pin: pydantic.SecretStr


class Frozen(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True)
    owner: str


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (1.5, 1.5),
        ("text", "text"),
        ([1, [2]], [1, [2]]),
        ((1, 2), [1, 2]),
        ({"a": 1}, {"a": 1}),
        (collections.OrderedDict(a=1), {"$type": "OrderedDict", "a": 1}),
        ({1}, {"$type": "set", "$items": [1]}),
        (frozenset([1]), {"$type": "frozenset", "$items": [1]}),
        (collections.deque([1]), {"$type": "deque", "$items": [1]}),
        (array.array("d", [1.5]), {"$type": "array", "$items": [1.5]}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (Deposit(5), {"$type": "Deposit", "amount": 5, "note": ""}),
        (Slotted(1, 2), {"$type": "Slotted", "z": 1, "a": 2}),
        (Tick(), {"$type": "Tick"}),
        (Point(1, 2), {"$type": "Point", "x": 1, "y": 2}),
        (Colour.RED, {"$type": "Colour", "$text": "Colour.RED"}),
        (Level.HIGH, {"$type": "Level", "$text": "Level.HIGH"}),
        (ValueError("no", 1), {"$type": "ValueError", "args": ["no", 1]}),
        (b"ab", {"$type": "bytes", "$text": "b'ab'"}),
        (b"a" * 100, {"$type": "bytes", "$text": f"b'{'a' * 64}' (+36 bytes)"}),
        (bytearray(b"ab"), {"$type": "bytearray", "$text": "b'ab'"}),
        (1 + 2j, {"$type": "complex", "$text": "(1+2j)"}),
        (NAIVE, {"$type": "datetime", "$text": "2026-01-02T03:04:05"}),
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), {"$type": "datetime", "$text": "2026-01-02T00:00:00+00:00"}),
        (dt.date(2026, 1, 2), {"$type": "date", "$text": "2026-01-02"}),
        (dt.time(1, 2), {"$type": "time", "$text": "01:02:00"}),
        (dt.timedelta(hours=1), {"$type": "timedelta", "$text": "1:00:00"}),
        (decimal.Decimal("1.50"), {"$type": "Decimal", "$text": "1.50"}),
        (uuid.UUID(int=1), {"$type": "UUID", "$text": "00000000-0000-0000-0000-000000000001"}),
        (pathlib.PurePosixPath("/tmp/x"), {"$type": "PurePosixPath", "$text": "/tmp/x"}),
        (range(3), {"$type": "range", "$text": "range(0, 3, 1)"}),
        (int, {"$type": "type", "$text": "class int"}),
        (json.dumps, {"$type": "function", "$text": "json.dumps"}),
        (json, {"$type": "module", "$text": "module json"}),
        (float("nan"), {"$type": "float", "$text": "nan"}),
        (float("-inf"), {"$type": "float", "$text": "-inf"}),
        (object(), {"$type": "object", "$text": "nothing to show"}),
        (threading.Lock(), {"$type": "lock", "$text": "nothing to show"}),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_value_is_shown_with_its_type_and_its_parts(value, shown):
    assert show(value) == shown


def test_a_model_shows_its_fields_and_hides_its_secrets():
    walked = walk(Model(owner="Ann", pin=pydantic.SecretStr("1234")))
    assert walked.value == {"$type": "Model", "owner": "Ann", "pin": {"$redacted": True}}
    assert walked.redacted == 1


def test_a_time_of_a_known_zone_has_its_offset():
    value = dt.datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    assert show(value)["$text"] == "2026-07-01T12:00:00+02:00"


def test_an_error_shows_its_own_fields():
    error = ValueError("no")
    error.code = 4
    assert show(error) == {"$type": "ValueError", "args": ["no"], "code": 4}


@pytest.mark.parametrize(
    ("value", "mutable"),
    [
        (1, False), ("x", False), ((1, Deposit(1)), False), (frozenset([1]), False), (Frozen(owner="x"), False),
        (Point(1, 2), False), (Colour.RED, False), ([], True), ({}, True), (Open([]), True), ((1, [2]), True),
        (Model(owner="x", pin="1"), True), (bytearray(), False),
    ],
    ids=repr,
)  # fmt: skip
def test_what_can_change_is_known(value, mutable):
    assert walk(value).mutable is mutable


# --- limits -----------------------------------------------------------------------------------------


def test_a_cycle_ends():
    ring: list = [1]
    ring.append(ring)
    assert show(ring) == [1, {"$cycle": True}]
    looped = Open([])
    looped.items.append(looped)
    assert show(looped) == {"$type": "Open", "items": [{"$cycle": True}]}


def test_what_is_held_twice_is_no_cycle():
    shared = [1]
    assert show([shared, shared]) == [[1], [1]]


def test_depth_is_cut():
    deep: list = []
    for _ in range(10_000):
        deep = [deep]
    walked = walk(deep, Limits(depth=3))
    assert walked.value == [[[{"$type": "list", "$more": 1}]]]
    assert walked.truncated


def test_width_is_cut_and_says_how_much_is_left():
    walked = walk(list(range(1_000_000)), Limits(width=3))
    assert walked.value == [0, 1, 2, {"$more": 999_997}]
    assert walked.truncated
    assert show({str(n): n for n in range(5)}, width=2) == {"0": 0, "1": 1, "$more": 3}
    assert show(set(range(5)), width=2) == {"$type": "set", "$items": [0, 1, {"$more": 3}]}
    assert show(types.SimpleNamespace(a=1, b=2, c=3), width=2)["$more"] == 1


def test_text_is_cut_and_says_how_much_is_left():
    walked = walk("x" * 5000, Limits(text=10))
    assert walked.value == "xxxxxxxxxx… (+4990)"
    assert walked.truncated


def test_everything_together_is_cut():
    wide = [[list(range(1000))] * 1000] * 1000
    walked = walk(wide, Limits(width=10_000, items=2000))
    assert walked.truncated
    assert len(json.dumps(walked.value)) < 20_000
    texts = walk(["x" * 2000] * 100_000, Limits(width=10_000, characters=10_000))
    assert texts.truncated
    assert len(json.dumps(texts.value)) < 13_000


def test_several_values_share_what_may_be_shown():
    shown = walk_all([[1] * 50 for _ in range(100)], Limits(items=500))
    assert shown[0].value == [1] * 50
    assert shown[-1].value == {"$type": "list", "$more": 50}


def test_huge_numbers_are_told_by_their_size():
    assert show(2**100) == 2**100
    assert show(10**100_000) == {"$type": "int", "$text": "an int of 332193 bits"}
    assert show(range(10**100_000))["$text"] == "range(0, an int of 332193 bits, 1)"
    assert show(decimal.Decimal(10) ** 3) == {"$type": "Decimal", "$text": "1000"}
    with decimal.localcontext(prec=10_000):
        assert show(decimal.Decimal(3) ** 9000)["$text"].startswith("a Decimal of")


def test_a_long_key_is_cut_and_two_that_look_alike_are_both_shown():
    shown = show({"k" * 300 + "1": 1, "k" * 300 + "2": 2})
    assert sorted(shown.values()) == [1, 2]
    assert all(len(key) < 230 for key in shown)
    assert show({1: "a", "1": "b", (1, 2): "c", None: "d", Colour.RED: "e", b"x": "f", 1.5: "g"}) == {
        "1": "a", "1 (1)": "b", "[1, 2]": "c", "None": "d", "Colour.RED": "e", "b'x'": "f", "1.5": "g",
    }  # fmt: skip


def test_a_key_of_the_values_own_is_never_taken_for_a_mark():
    assert show({"$redacted": True, "$type": "x"}) == {"$$redacted": True, "$$type": "x"}


# --- text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "character", ["\x1b", "\x00", "\x7f", "\x9b", "\u202e", "\u2066", "\ud800", "\u061c", "\ufeff", "\u2028"]
)
def test_what_a_terminal_would_obey_is_replaced(character):
    assert show(f"a{character}b") == "a\ufffdb"
    assert show({f"a{character}": 1}) == {"a\ufffd": 1}


def test_lines_and_wide_characters_stay():
    assert show("a\nb\tc ü 漢 👩‍💻") == "a\nb\tc ü 漢 👩‍💻"


# --- secrets ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "password", "PASSWORD", "db_password", "userPassword", "passwd", "token", "access_token", "accessToken", "tokens",
        "secret", "client_secret", "api_key", "apiKey", "API_KEY", "x-api-key", "openai_api_key", "Authorization", "cookie",
        "Set-Cookie", "private_key", "credentials", "access key", "passphrase",
    ],
)  # fmt: skip
def test_a_secret_is_hidden_by_its_name(name):
    hidden = {"$redacted": True}
    assert show({name: "hunter2"}) == {name: hidden}
    assert show({"deep": [{name: {"more": "hunter2"}}]}) == {"deep": [{name: hidden}]}
    assert show([(name, "hunter2")]) == [[name, hidden]]
    assert show([[name.encode(), b"hunter2"]])[0][1] == hidden
    assert show({name.encode(): "hunter2"}) == {f"b'{name}'": hidden}
    assert walk({name: "hunter2"}).redacted == 1


def test_a_secret_in_an_object_or_a_named_tuple_is_hidden():
    assert show(types.SimpleNamespace(token="hunter2"))["token"] == {"$redacted": True}
    assert show(Login("Ann", "hunter2"))["password"] == {"$redacted": True}


@pytest.mark.parametrize(
    ("name", "value"),
    [("tokens", 5), ("max_tokens", 4096), ("token_rate", 1.5), ("has_password", True), ("secret", None),
     ("tokenizer", "bpe"), ("secretary", "Ann"), ("keyboard", "x"), ("monkey", "x"), ("key", "x")],
)  # fmt: skip
def test_what_only_sounds_like_a_secret_is_shown(name, value):
    assert show({name: value}) == {name: value}


def test_a_number_is_hidden_where_it_is_no_count():
    assert show({"password": 1234}) == {"password": {"$redacted": True}}


def test_a_secret_class_is_hidden_wherever_it_stands():
    class SecretStr(str):
        __slots__ = ()

    assert (
        show([pydantic.SecretStr("a"), pydantic.SecretBytes(b"a"), SecretStr("a")])
        == [{"$redacted": True}] * 3
    )


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
