"""State machines replayed: the state, its data, entering, events of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from runtime.replay import replay
from runtime.state_machine.behaviour import StateAndData, StateMachine
from runtime.state_machine.events import Call, Cast, Enter, StateTimeout
from runtime.state_machine.results import KeepState, NextState, Postpone
from tests.support.recorded import Tale


@dataclass(frozen=True)
class Lock:
    code: str
    tries: int = 0
    entered: int = 0


class Door(StateMachine):
    state_enter = True
    strict = True

    def locked(self, event, data):
        match event:
            case Enter(_):
                return KeepState(replace(data, tries=0))
            case Call(code, _) if code == data.code:
                return NextState("open", data, StateTimeout("shut", after=10), reply="open")
            case Call(_, _):
                return KeepState(replace(data, tries=data.tries + 1), reply="no")
            case _:
                return KeepState(data, Postpone())

    def open(self, event, data):
        match event:
            case Enter(_):
                return KeepState(replace(data, entered=data.entered + 1))
            case StateTimeout(_):
                return NextState("locked", data)
            case Cast("kick"):
                raise RuntimeError("it is open")
            case _:
                return KeepState(data)


def at(state, *values):
    return StateAndData(state, Lock("7", *values))


def door():
    """As the runtime records it: where the machine goes, and, until the state has been entered, where it was."""
    return (
        Tale(Door)
        .handled("call", "1", at("locked"), at("locked", 1), "no")
        .handled("cast", "knock", at("locked", 1), at("locked", 1))
        .handled("call", "7", at("locked", 1), at("open", 1), "open")
        .handled("continue", Enter("locked"), at("locked", 1), at("open", 1, 1))
        .handled("event", StateTimeout("shut"), at("open", 1, 1), at("locked", 1, 1))
        .handled("continue", Enter("open"), at("open", 1, 1), at("locked", 0, 1))
    )


@pytest.mark.parametrize("mode", ["lock-step", "free"])
async def test_what_was_recorded_comes_out_again(node, mode):
    report = await replay(node, door().recording(), mode=mode)
    assert report.differing == ()
    assert report.identical


async def test_a_difference_in_the_data_is_told_and_so_is_another_state(node):
    tale = Tale(Door).handled("call", "1", at("locked"), at("locked", 2), "no")
    tale.handled("event", StateTimeout("shut"), at("open", 1, 1), at("open", 1, 1))
    report = await replay(node, tale.recording())
    assert [step.number for step in report.differing] == [1, 2]
    assert [one.path for one in report.differing[0].differences[0].changes] == ["data.tries"]
    assert report.differing[1].differences[0].changes[0].path == "state"


async def test_a_state_that_raised_raises_again(node):
    error = RuntimeError("it is open")
    tale = door().raised("cast", "kick", at("open"), error)
    assert (await replay(node, tale.recording())).identical


async def test_the_kind_is_told_from_the_event_where_the_record_names_the_state(node):
    tale = Tale(Door).handled("locked", "1", at("locked"), at("locked", 1), "no")
    tale.handled("open", StateTimeout("shut"), at("open"), at("locked"))
    assert (await replay(node, tale.recording())).identical
