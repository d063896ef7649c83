"""A state machine, as an operator sees it: its state by name, its data, and what is still before it."""

import asyncio
import re
from dataclasses import dataclass

import pytest

from runtime import (
    Call,
    Cast,
    ChildSpec,
    GenericTimeout,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    StateMachine,
    StateTimeout,
    Supervisor,
)
from runtime.port.contract import CrashQuery, Info, ProcessEvents, Send, State
from tests.support.eventually import eventually_sync


@dataclass(frozen=True)
class Coin:
    cents: int


@dataclass(frozen=True)
class Held:
    cents: int
    api_key: str = "sk-123"


class Turnstile(StateMachine[Held]):
    accepts = (Coin,)

    def init(self):
        return NextState("locked", Held(0))

    def locked(self, event, held):
        match event:
            case Call(Coin(cents), _):
                timeouts = StateTimeout("nobody", after=1000), GenericTimeout("ping", after=2000)
                inserted = NextEvent(Internal("thanks"))
                return NextState("open", Held(held.cents + cents), *timeouts, inserted, reply="go")
            case Cast("push") | Call("push", _):
                return KeepState(held, Postpone())

    async def open(self, event, held):
        match event:
            case Cast("think"):
                await asyncio.sleep(60)
        return KeepState(held, *([Postpone()] if isinstance(event, Call) else []))


@pytest.fixture
def node(live):
    return live(Supervisor([ChildSpec("gate", Turnstile)], name="park"))


def test_its_state_is_shown_by_name_with_its_data_and_secrets_stay_hidden(node):
    shown = node.ask(State(process="gate"))
    held = {"$type": "Held", "cents": 0, "api_key": {"$redacted": True}}
    assert shown.value == {"$type": "StateAndData", "state": "locked", "data": held}
    assert node.row("gate").behaviour.endswith(":Turnstile")


def test_an_operator_sends_what_it_accepts(node):
    assert node.ask(Info(process="gate")).accepts == ["Coin"]
    done = node.ask(Send(process="gate", message={"type": "Coin", "cents": 5}, kind="call"))
    assert done.reply == "go"
    assert node.ask(State(process="gate")).value["state"] == "open"


def test_what_is_put_off_and_its_time_outs_are_told_with_its_state(node):
    node.ask(Send(process="gate", message={"type": "Coin", "cents": 5}, kind="call"))
    pid = node.node.whereis("gate")

    async def call():
        node.waiting = asyncio.ensure_future(pid.call("push", timeout=None))

    node.run(call())
    eventually_sync(lambda: "postponed" in node.ask(State(process="gate")).note)
    first, state, ping = node.ask(State(process="gate")).note.split("; ")
    assert first == "postponed: 1 Call"
    assert re.fullmatch(r"state timeout in (9\d\d|1000)\.\d s", state)
    assert re.fullmatch(r"timeout ping in (19\d\d|2000)\.\d s", ping)
    assert node.ask(Info(process="gate")).timers == 2
    node.do(node.waiting.cancel)


def test_the_handler_is_the_state_and_the_events_are_told_apart(node):
    node.ask(Send(process="gate", message={"type": "Coin", "cents": 5}, kind="call"))
    node.do(lambda: node.node.named("gate").cast("think"))
    eventually_sync(lambda: node.ask(Info(process="gate")).handler == "open(str)")
    kinds = [event.kind for event in node.ask(ProcessEvents(process="gate")).events]
    assert kinds == ["started", "call", "event"]


def test_a_crash_is_shown_with_the_state_and_the_event(node):
    pid = node.node.whereis("gate")
    node.do(lambda: pid.cast("kick"))
    eventually_sync(lambda: not pid.alive)
    crash = node.ask(CrashQuery(process="gate")).reports[0]
    assert crash.last_state["state"] == "locked"
    assert crash.last_message == "kick"
    assert "state locked returned None for Cast" in crash.reason
