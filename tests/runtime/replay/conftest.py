"""A folder of modules for each test, and a node."""

import asyncio

import pytest

from runtime import Node
from runtime.form import COMPILED
from tests.support.agents_code import Folder

if COMPILED:
    collect_ignore_glob = ["test_*.py"]  # the compiled form replays nothing, and says so


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
