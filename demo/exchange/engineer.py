"""The engineer: puts the next version on disk when it is time, and says by which keys of the console it is put in."""

from __future__ import annotations

import asyncio
from typing import Protocol

from demo.exchange.software import MODULE, Software
from demo.exchange.town import Town
from runtime import CoroutineHandle, Upgrade

__all__ = ["Desk", "engineer"]

FIRST_S = 40
"""Seconds of the town before version 2 is there."""
ENOUGH = 5
"""Complaints after which version 3 is there."""


class History(Protocol):
    """What the engineer wants of `node.code`."""

    @property
    def history(self) -> tuple[Upgrade, ...]:
        """What was upgraded and rolled back."""
        ...


class Desk:
    """What the engineer knows.

    Attributes:
        code: the node's, once there is a node.
    """

    def __init__(self, software: Software, town: Town) -> None:
        self.code: History | None = None
        self._software = software
        self._town = town
        town.software = "1"

    @property
    def running(self) -> str:
        """The version that handles calls."""
        done = [upgrade for upgrade in (self.code.history if self.code is not None else ()) if upgrade.done]
        steps = [step for upgrade in done for step in upgrade.steps if step.module == MODULE]
        return steps[-1].new if steps else "1"

    def look(self) -> str:
        """Do what there is to do; what there is to say."""
        town, software = self._town, self._software
        running = town.software = self.running
        complaints = town.count("complaints", "2")
        if running == "1" and software.on_disk == "v1" and town.now >= FIRST_S:
            software.put("v2")
        if running == "2" and software.on_disk == "v2" and complaints >= ENOUGH:
            software.put("v3")
        on_disk = software.on_disk.removeprefix("v")
        if running == "1":
            if on_disk == "1":
                return "v1 runs; call waiting is being written"
            return f"5, then U: v2 of {MODULE} is on disk, call waiting"
        if running == "2":
            if on_disk == "2":
                return "v2 runs; what do people say of it?"
            return f"5, then U: v3 mends what {town.total('complaints'):,} complained of"
        return f"5, then B: rolls back v{running}, under which nobody complains"


async def engineer(process: CoroutineHandle) -> None:
    """Look once a second."""
    desk: Desk = process.resource(Desk)
    while True:
        process.progress(desk.look())
        await asyncio.sleep(1.0)
