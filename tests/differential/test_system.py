"""`sys` on OTP and here: the same operations on the same server have the same answers.

The scripts are the same in every run. To look further: DIFFERENTIAL_SEED=7 DIFFERENTIAL_EXAMPLES=5000 pytest tests/differential/test_system.py
"""

import json
import os

import pytest

from tests.differential.otp import Beam, why_no_beam
from tests.differential.system_side import answers, system_script

pytestmark = pytest.mark.differential

SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "300"))

FACTS = {
    "suspended twice and resumed once, it goes on": (
        [["let"], ["suspend"], ["suspend"], ["cast", 1], ["resume"], ["is_suspended"], ["get_state"]],
        ["ok", "ok", "ok", "ok", False, [1]],
    ),
    "to resume what is not suspended is nothing": ([["let"], ["resume"], ["call", 1]], ["ok", 1]),
    "a suspended server answers what is asked of sys, and nothing else": (
        [["let"], ["suspend"], ["cast", 1], ["get_state"], ["replace_state", 2], ["call", 3], ["get_state"]],
        ["ok", "ok", [], [2], ["exit", "timeout"], [2]],
    ),
    "a call that timed out is handled when it goes on": (
        [["let"], ["suspend"], ["call", 1], ["resume"], ["get_state"]],
        ["ok", ["exit", "timeout"], "ok", [1]],
    ),
    "a function that raises leaves the state, and the server": (
        [["let"], ["cast", 1], ["replace_state_raises", "error"], ["replace_state_raises", "exit"], ["get_state"]],
        ["ok", "callback_failed", "callback_failed", [1]],
    ),
    "what it handles and answers is counted, and what is asked of sys is not": (
        [["let"], ["cast", 1], ["statistics", "get"], ["statistics", "on"], ["cast", 2], ["send", 3], ["call", 4],
         ["statistics", "on"], ["get_state"], ["statistics", "get"], ["statistics", "off"], ["statistics", "get"]],
        ["ok", "none", "ok", "ok", "ok", 4, "ok", [1, 2, 3, 4], [3, 1], "ok", "none"],
    ),
    "a suspended server dies with one that it is linked with": (
        [["let"], ["suspend"], ["linked_ends"], ["get_state"]],
        ["ok", "oops", ["exit", "noproc"]],
    ),
    "a suspended server that traps exits finds them when it goes on": (
        [["trap"], ["suspend"], ["linked_ends"], ["get_state"], ["resume"], ["get_state"]],
        ["ok", "lives", [], "ok", ["oops"]],
    ),
    "a suspended server obeys its parent at once, before what waits": (
        [["trap"], ["cast", 1], ["suspend"], ["cast", 2], ["parent_exits"]],
        ["ok", "ok", "ok", ["shutdown", [1]]],
    ),
    "and so it does where it traps no exits, but says nothing": (
        [["let"], ["suspend"], ["parent_exits"]],
        ["ok", ["shutdown", "nothing"]],
    ),
    "terminate runs whether exits are trapped or not, and while it is suspended": (
        [["let"], ["cast", 1], ["suspend"], ["cast", 2], ["terminate", "normal"], ["get_state"]],
        ["ok", "ok", "ok", ["normal", [1]], ["exit", "noproc"]],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def servers():
    if why := why_no_beam():
        pytest.skip(why)
    with Beam("system_side.erl") as running:
        yield running


@pytest.mark.parametrize("fact", FACTS)
def test_it_is_a_fact_of_otp_and_so_it_is_here(servers, fact):
    script, expected = FACTS[fact]
    (otp,) = servers.ask([script])
    assert otp == expected
    assert answers(script) == expected


def test_generated_operations_have_the_same_answers(servers):
    scripts = {seed: system_script(seed) for seed in range(SEED, SEED + EXAMPLES)}
    for (seed, script), otp in zip(scripts.items(), servers.ask(list(scripts.values())), strict=True):
        assert answers(script) == otp, f"seed {seed}: {json.dumps(script)}"
