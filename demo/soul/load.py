"""The load: as many workers as it was told, some at a time, so that one sees the graph climb.

observer send load 10000
"""

from __future__ import annotations

from dataclasses import dataclass

from demo.soul.messages import Loaded
from demo.soul.source import behaviour
from runtime import ChildError, ChildSpec, Continue, DynamicSupervisor, Pid, Server

__all__ = ["MOST", "Load", "Workers"]

MOST = 200_000
STAGES = 100
"""In how many stages a load goes up or down, at most …"""
STAGE_S = 0.02
"""… and the seconds between two."""
LEAST = 10
"""Workers in a stage, at least."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Who is at work, and how many are wanted."""

    wanted: int = 0
    at_work: tuple[Pid, ...] = ()
    stage: int = 1


class Load(Server[Workers]):
    """Starts workers, and stops them."""

    def init(self) -> Workers:
        """Nobody yet."""
        self.progress("observer send load 10000")
        return Workers()

    async def handle_info(self, message: object, workers: Workers, /) -> Workers | Continue[Workers]:
        """How many there should be, as an operator sends it; or time for the next stage."""
        if message == "stage":
            return await self._stage(workers)
        if type(message) is not int or not 0 <= message <= MOST:
            self.progress(f"{message!r:.40} is not a number of workers, 0 to {MOST:,}")
            return workers
        settled = len(workers.at_work) == workers.wanted
        stage = max(LEAST, abs(message - len(workers.at_work)) // STAGES)
        after = Workers(message, workers.at_work, stage)
        return await self._stage(after) if settled else after

    async def _stage(self, workers: Workers) -> Workers:
        """Some more workers, or some fewer."""
        at_work = workers.at_work
        missing = workers.wanted - len(at_work)
        if missing > 0:
            spec = ChildSpec("worker", behaviour("Worker"), register=False)
            at_work += tuple(
                [await self.start_child("workers", spec) for _ in range(min(missing, workers.stage))]
            )
        elif missing < 0:
            keep = max(workers.wanted, len(at_work) - workers.stage)
            for pid in at_work[keep:]:
                await self._stop(pid)
            at_work = at_work[:keep]
        self.progress(f"{len(at_work):,} workers")
        if len(at_work) != workers.wanted:
            self.send_after(STAGE_S, "stage")
        else:
            self.named("desk").send(Loaded(len(at_work)))
        return Workers(workers.wanted, at_work, workers.stage)

    async def _stop(self, pid: Pid) -> None:
        try:
            await DynamicSupervisor.terminate_child(self.named("workers"), pid)
        except ChildError:
            return  # somebody has killed it; the one in its place is nobody's, and ends with the node
