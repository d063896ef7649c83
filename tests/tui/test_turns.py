"""Tasks of the console begin in a later turn: with eager ones it does not start (`App.run` asks for these, `run_test` not)."""

from __future__ import annotations

import asyncio

from tests.support.console import Console
from tests.support.crew import crew


async def test_tasks_of_the_console_begin_in_a_later_turn():
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coro, **more: asyncio.Task(coro, loop=loop, **more))
    async with Console(crew()).open():
        assert loop.get_task_factory() is None
