"""What tests of the runtime share."""

import pytest


@pytest.fixture
def seen():
    """What a process of the test has seen; it gets it as a resource, since it is alive."""
    return []
