"""Triggers that an application sets when its node starts, and the file into which what they keep goes."""

from __future__ import annotations

import logging
import sqlite3
import threading

import pytest

from runtime import ChildSpec, Node, Server, Supervisor
from runtime.errors import NodeError
from runtime.introspection.tracing.showing import Showing
from runtime.trace import dumping
from tests.support.eventually import eventually
from tests.support.listening import tap_of
from tracing.store import Store, StoreError


class Agent(Server):
    def init(self):
        return 0

    def handle_cast(self, message, state):
        if message == "crash":
            raise ValueError("asked to crash")
        return state + 1

    @staticmethod
    def redact(value):
        return "***" if value == "the word" else value


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Its errors are raised, and heard by whoever asks for them."""
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", True)


@pytest.fixture
def logged(monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("observer"), "disabled", False)
    return lambda: [text for text in caplog.messages if "not every dump" in text]


def kept_in(path):
    """What stands in the file: why, and the values of its records."""
    store = Store(path)
    found = [
        (
            each.title,
            each.why,
            [record.values.get("message") for record in store.find(collection=each.number)],
        )
        for each in reversed(store.collections())
    ]
    store.close()
    return found


async def crashed(node, *messages, restarts=100):
    """An agent gets these, and crashes."""
    spec = Supervisor([ChildSpec("agent", Agent)], max_restarts=restarts, name="crew")
    await node.start(spec)
    for message in (*messages, "crash"):
        node.named("agent").cast(message)


# --- triggers -------------------------------------------------------------------------------------------


async def test_triggers_of_the_application_are_set_from_the_start():
    keep = ("5s before crash", "keep 1s before ended of agent")
    async with Node("keeper", introspection=False, keep=keep) as node:
        triggers = tap_of(node).triggers
        assert [each.text for each in triggers.all] == [
            "keep 5s before crash",
            "keep 1s before ended of agent",
        ]
        await crashed(node)
        await eventually(lambda: len(triggers.dumps) == 2)
        assert tap_of(node).forget("keep 5s before crash")
        assert [each.text for each in triggers.all] == ["keep 1s before ended of agent"]


async def test_what_an_operator_would_have_to_force_is_set_as_it_is():
    async with Node("forced", introspection=False, keep=("5s before receive",)) as node:
        assert [each.text for each in tap_of(node).triggers.all] == ["keep 5s before receive"]


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (("5s before krash",), ["column 16", "'krash'", "keep 5s before krash", "did you mean crash"]),
        (("before crash",), ["column 1", "a trigger begins with how much it keeps"]),
        (("5s before bank:pay",), ["'keep 5s before bank:pay'", "for no function"]),
    ],
)
def test_a_wrong_trigger_is_a_value_error_before_anything_runs(keep, words):
    with pytest.raises(ValueError, match="keep") as caught:
        Node("wrong", keep=keep)
    for word in words:
        assert word in str(caught.value)


def test_one_trigger_is_not_taken_for_its_letters():
    with pytest.raises(TypeError, match=r"it takes several: keep=\('5s before crash',\)"):
        Node("wrong", keep="5s before crash")


@pytest.mark.parametrize("given", [{"keep": ("5s before crash",)}, {"dumps": "x.sqlite"}])
def test_without_a_recorder_there_is_nothing_to_keep(given):
    with pytest.raises(ValueError, match="flight=0"):
        Node("off", flight=0, **given)


# --- the file -------------------------------------------------------------------------------------------


async def test_a_dump_stands_in_the_file_while_its_node_runs(tmp_path):
    path = tmp_path / "dumps.sqlite"
    async with Node("keeper", introspection=False, keep=("5s before crash",), dumps=path) as node:
        await crashed(node, "the word", 7)
        await eventually(lambda: len(kept_in(path)) == 1)
        ((title, why, messages),) = kept_in(path)
    assert title == "keep 5s before crash"
    assert why.startswith("crash ValueError")
    assert [message for message in messages if message is not None][:2] == ["***", 7]
    assert not [each for each in threading.enumerate() if each.name == "observer-dumps"]


async def test_what_a_program_leaves_that_has_given_up_is_redacted_all_the_same(tmp_path):
    path = tmp_path / "dumps.sqlite"

    async def program():
        async with Node("doomed", introspection=False, keep=("5s before crash",), dumps=str(path)) as node:
            await crashed(node, "the word", restarts=0)
            await node.run_forever()

    with pytest.raises(NodeError):
        await program()
    ((_, why, messages),) = kept_in(path)
    assert why.startswith("crash ValueError")
    assert "***" in messages
    assert "the word" not in messages


async def test_the_next_life_of_the_program_adds_its_own(tmp_path):
    path = tmp_path / "dumps.sqlite"
    for _ in range(2):
        async with Node("lives", introspection=False, keep=("5s before crash",), dumps=path) as node:
            await crashed(node)
            await eventually(lambda node=node: tap_of(node).triggers.dumps)
    assert len(kept_in(path)) == 2


async def test_a_file_that_cannot_be_used_is_said_once_and_hurts_nothing(tmp_path, logged):
    path = tmp_path / "dumps.sqlite"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE mine (x)")
    base.close()
    keep = ("5s before crash", "5s before ended of agent")
    async with Node("keeper", introspection=False, keep=keep, dumps=path) as node:
        await crashed(node)
        await eventually(lambda: len(tap_of(node).triggers.dumps) == 2)
        await eventually(lambda: node.whereis("agent"))
    (text,) = logged()
    assert "node keeper" in text
    assert "another program's database" in text


async def test_a_dump_that_fails_does_not_take_the_next_with_it(tmp_path, logged, monkeypatch):
    path, keep = tmp_path / "dumps.sqlite", Store.keep

    def failing(store, sort, title, *rest):
        if "crash" in title:
            raise StoreError("no room")
        return keep(store, sort, title, *rest)

    monkeypatch.setattr(Store, "keep", failing)
    triggers = ("5s before crash", "5s before ended of agent")
    async with Node("keeper", introspection=False, keep=triggers, dumps=path) as node:
        await crashed(node)
        await eventually(lambda: len(tap_of(node).triggers.dumps) == 2)
    assert [title for title, _, _ in kept_in(path)] == ["keep 5s before ended of agent"]
    assert [text.rpartition(": ")[2] for text in logged()] == ["no room"]


async def test_no_step_waits_for_a_file_that_is_too_slow(tmp_path, logged, monkeypatch):
    path, goes_on, records = tmp_path / "dumps.sqlite", threading.Event(), Showing.records

    def slow(showing, events):
        assert goes_on.wait(20)
        return records(showing, events)

    monkeypatch.setattr(Showing, "records", slow)
    monkeypatch.setattr(dumping, "WAITING", 2)
    async with Node("keeper", introspection=False, dumps=path) as node:
        tap = tap_of(node)
        for number in range(6):
            tap.keep(f"keep {number + 1}s before crash")
        await crashed(node)
        await eventually(lambda: len(tap.triggers.dumps) == 6)
        (text,) = logged()
        goes_on.set()
    assert "2 wait to be written already" in text
    assert 2 <= len(kept_in(path)) <= 3


def test_a_trigger_that_is_no_text_is_told_apart():
    with pytest.raises(TypeError, match=r"keep has 5; a trigger is a text: keep=\('5s before crash',\)"):
        Node("keeps", keep=("5s before crash", 5))
