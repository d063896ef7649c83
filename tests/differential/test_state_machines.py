"""The same state machines on OTP's gen_statem and on this runtime: each event has to come in the same state, in the same order.

Time passes on the BEAM, so many scripts run there at once, and those whose moments lie too near to each other are left out.
What differs is looked at again with slower clocks: a real difference stays, and an overloaded computer is none. The scripts
are the same in every run. To look further:

    DIFFERENTIAL_SEED=7 DIFFERENTIAL_EXAMPLES=2000 pytest tests/differential/test_state_machines.py

A failure shows the smallest script that still differs, both observations, and the seed.
"""

import json
import os

import pytest

from runtime.state_machine.agenda import Agenda
from tests.differential.machine_script import machine_script, smaller
from tests.differential.machine_side import observe_machine
from tests.differential.otp import Beam, why_no_beam

pytestmark = pytest.mark.differential

SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "500"))
AT_ONCE = 100
TICKS = (4, 20, 60)
"""Milliseconds of a tick: at first, and when the observations differ."""


@pytest.fixture(scope="module")
def machines():
    if why := why_no_beam():
        pytest.skip(why)
    with Beam("machine_side.erl") as running:
        yield running


def differing(beam, scripts, ticks=TICKS):
    """The scripts that are not observed alike: each with what OTP did, and what this runtime did."""
    seen = [(script, observe_machine(script)) for script in scripts]
    pairs = [(script, ours) for script, ours in seen if ours.certain]
    found = []
    for tick in ticks:
        if pairs:
            asked = [{**script, "until": ours.until} for script, ours in pairs]
            theirs = beam.ask({"tick": tick, "scripts": asked})
            found = [
                (*pair, otp)
                for pair, otp in zip(pairs, theirs, strict=True)
                if otp != pair[1].observation and not lost_a_timer(otp)
            ]
            pairs = [(script, ours) for script, ours, _ in found]
    return [(script, otp, ours.observation) for script, ours, otp in found]


def lost_a_timer(otp):
    """Whether gen_statem lost track of a timer, as that of OTP 25 does when it starts one in the place of one of 0 s that waits
    behind other events: its end then arrives as a message. Here it replaces the other, as the manual says."""
    return any(event[1:] == ["info", "stray_timer"] for event in otp.get("trace", ()))


def smallest(beam, difference):
    """The difference again, in as small a script as can be found by leaving out one thing after the other."""
    while found := differing(beam, list(smaller(difference[0])), TICKS[1:2]):
        difference = found[0]
    return difference


def told(script, otp, here):
    """A difference as text."""
    lines = ["OTP and this runtime differ.", "", "The script:"]
    lines += [f"  {key}  {json.dumps(script[key])}" for key in ("form", "enter", "start", "inputs")]
    lines += [f"  {state}  {json.dumps(reactions)}" for state, reactions in script["states"].items()]
    for key in ("broken", "trace", "end", "replies"):
        if otp.get(key) != here.get(key):
            lines += ["", key, f"  OTP   {json.dumps(otp.get(key))}", f"  here  {json.dumps(here.get(key))}"]
    return "\n".join(lines)


@pytest.mark.parametrize("first", range(SEED, SEED + EXAMPLES, AT_ONCE))
def test_generated_machines_are_observed_alike(machines, first):
    found = differing(machines, [machine_script(seed) for seed in range(first, first + AT_ONCE)])
    if found:
        pytest.fail(
            f"seeds {first} to {first + AT_ONCE - 1}\n{told(*smallest(machines, found[0]))}", pytrace=False
        )


# --- the harness itself: without these, one that saw nothing would make both sides look equal ------


def machine(start, inputs=(), **states):
    return {
        "enter": False, "form": "one", "fuel": 25, "start": start, "inputs": list(inputs),
        "states": {state: states.get(state, {}) for state in "abc"},
    }  # fmt: skip


def test_otp_is_seen_to_bring_back_what_was_put_off(machines):
    script = machine(
        ["next", "a", []],
        [[0, "cast", "x", 0], [0, "cast", "y", 1]],
        a={"cast x": ["keep", "", [["postpone"]]], "cast y": ["next", "b", []]},
    )
    (observed,) = machines.ask({"tick": 1, "scripts": [{**script, "until": 5}]})
    assert observed["trace"] == [["a", "cast", "x"], ["a", "cast", "y"], ["b", "cast", "x"]]
    assert differing(machines, [script]) == []


def test_a_difference_is_found_made_small_and_told(machines, monkeypatch):
    monkeypatch.setattr(Agenda, "_now", lambda *_: None)  # time-outs of 0 s never come
    script = machine(
        ["next", "a", [["set", "n", 0, "x"], ["cancel", "m"]]],
        [[0, "cast", "x", 0], [0, "info", "x", 1]],
        a={"n": ["next", "b", []], "cast x": ["keep", "", []]},
    )
    (found,) = differing(machines, [script], TICKS[:1])
    assert smallest(machines, found)[0] == machine(["next", "a", [["set", "n", 0, "x"]]])
    assert 'OTP   [["a", "n", "x"], ["b", "cast", "x"], ["b", "info", "x"]]' in told(*found)
