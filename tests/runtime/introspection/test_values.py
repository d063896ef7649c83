"""Whatever a process holds is shown as bounded, redacted JSON."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import json
import pathlib
import threading
import types
import typing
import uuid
import zoneinfo

import pydantic
import pytest

from runtime import ChildSpec, Server, Supervisor
from runtime.introspection.values import Limits, walk, walk_all
from runtime.supervision.requests import StartChild
from tests.runtime.introspection.traps import show
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of

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
        "Set-Cookie", "private_key", "credentials", "access key", "passphrase", "pwd",
        "db_pwd", "passcode", "userPasscode",
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


@pytest.mark.parametrize(
    ("text", "shown", "redacted"),
    [
        ("postgres://ann:hunter2@db/x", "postgres://ann:***@db/x", 1),
        ("redis://:hunter2@cache:6379", "redis://:***@cache:6379", 1),
        ("smtp://ann@example.org:hun@ter2@mail", "smtp://ann@example.org:***@mail", 1),
        ("from http://a:b@c to https://d:e@f/?g=h:i@j", "from http://a:***@c to https://d:***@f/?g=h:i@j", 2),
        ("http://localhost:8080/@ann", "http://localhost:8080/@ann", 0),
        ("http://localhost:8080 ann@example.org", "http://localhost:8080 ann@example.org", 0),
        ("ssh://ann@host", "ssh://ann@host", 0),
    ],
)
def test_a_password_in_a_url_is_hidden(text, shown, redacted):
    assert (show(text), walk(text).redacted) == (shown, redacted)
    assert walk({"at": [text, Login(text, "")]}).redacted == 2 * redacted + 1


def test_a_password_that_the_cut_would_split_is_hidden():
    text = "x" * 10 + "http://ann:" + "hunter2" * 20 + "@host"
    assert "hunter" not in walk(text, Limits(text=30)).value


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


class Vault(Server):
    """Its own `redact` hides everything; so nobody else's state may show it."""

    @staticmethod
    def redact(_value):
        return "hidden"

    def init(self, secret):
        return secret

    def handle_cast(self, message, state):
        raise ValueError(message)


@virtual_time
async def test_what_others_hold_of_a_process_shows_nothing_of_its_state_its_arguments_or_its_crashes():
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("vault", Vault, "s3cret-state")], name="top"))
        first = next(process for process in node.table if isinstance(process.handle, Vault))
        first.pid.cast("s3cret-message")
        await end_of(first.pid)
        top = node.whereis("top")._process
        again = next(iter(top.state.children.values())).process
        shown = walk(
            (top.state, first, again, again.child, node, node.scheduler, StartChild(again.child))
        ).value
        assert "s3cret" not in str(shown)
        assert f"child vault, {again.pid}" in str(shown)
