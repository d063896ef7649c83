"""The same scripts on OTP and on this runtime: what is observed has to be equal.

The generated ones are the same in every run, so that a run never fails by luck. To look further:

    DIFFERENTIAL_SEED=7 DIFFERENTIAL_EXAMPLES=2000 pytest tests/differential

A failure shows the smallest script that hypothesis found, both observations, and the seed.
"""

import asyncio
import os

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.differential.comparison import difference
from tests.differential.handwritten import HANDWRITTEN
from tests.differential.observer_side import observe
from tests.differential.script import scripts

pytestmark = pytest.mark.differential

SEED = int(os.environ.get("DIFFERENTIAL_SEED", "1"))
EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "250"))


@pytest.mark.parametrize("name", HANDWRITTEN)
def test_as_on_otp(beam, name):
    script = HANDWRITTEN[name]
    told = difference(script, beam.observe(script), asyncio.run(observe(script)))
    assert told is None, told


@pytest.mark.timeout(600)  # for a failure: hypothesis takes up to 300 s to find the smallest script
@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(script=scripts())
def test_generated_scripts_are_observed_alike(beam, script):
    told = difference(script, beam.observe(script), asyncio.run(observe(script)))
    assert told is None, f"seed {SEED}\n{told}"
