"""The stress in its short form. The long one is `make soak`; `python -m tests.stress --help` says how to repeat a run."""

import pytest

from tests.stress.kit import WORKLOADS
from tests.stress.soak import soak

SEED = 4711


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_steps_that_are_switched_anywhere_give_right_results_and_all_of_them_end(loop):
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    found = soak(seed=SEED, switches=1_000, seconds=2.0, loop=loop)
    assert found.good, f"seed {SEED}, {loop}\n{found.troubles()}"
    assert found.switches >= 200
    assert found.jobs.total() >= 20


def test_a_wrong_result_is_found(monkeypatch):
    monkeypatch.setattr("tests.stress.workloads.language.toil", lambda *_: 0)
    found = soak(seed=SEED, switches=30, seconds=2.0, workloads=["generators", "sort_keys"])
    assert found.wrong
    assert not found.good


def test_a_job_that_never_ends_is_found(monkeypatch):
    def never(process, rng):
        process.wait(process._process.sched.loop.create_future())

    monkeypatch.setattr("tests.stress.soak.DEADLINE_S", 0.2)
    monkeypatch.setitem(WORKLOADS, "waits", type(WORKLOADS["waits"])("waits", "waiting", never))
    found = soak(seed=SEED, switches=10**9, seconds=0.5, workloads=["waits", "sort_keys"])
    assert any("waits in form plain" in text for text in found.lost)
