"""One BEAM for the whole run; without one, every test here is skipped and says why."""

import logging

import pytest

from tests.differential.otp import Beam, why_no_beam


@pytest.fixture(scope="session")
def beam():
    if why := why_no_beam():
        pytest.skip(why)
    with Beam() as running:
        yield running


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Hundreds of intended crashes are no news."""
    caplog.set_level(logging.CRITICAL, logger="observer")
