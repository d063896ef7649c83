"""A folder of modules for each test, and a node."""

import asyncio

import pytest

from runtime import Node
from tests.support.agents_code import Folder


@pytest.fixture
def disk(tmp_path):
    folder = Folder(tmp_path)
    yield folder
    folder.close()


@pytest.fixture
async def node():
    async with Node("replays", introspection=False) as made:
        yield made
    await asyncio.sleep(0)
