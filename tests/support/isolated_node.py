"""A node with five isolated processes, each with a child of its own; prints their OS pids, then waits."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from runtime import ChildSpec, Limits, Node, Supervisor
from tests.support.isolated import Cell, leave_behind


async def main():
    specs = [ChildSpec(f"cell{number}", Cell, isolated=Limits(processes=2)) for number in range(5)]
    async with Node("doomed", introspection=False) as node:
        await node.start(Supervisor(specs))
        cells = [node.named(spec.id) for spec in specs]
        pids = [await cell.call("pid") for cell in cells] + [
            await cell.call(("run", leave_behind)) for cell in cells
        ]
        print(*pids, flush=True)
        await node.run_forever()


if __name__ == "__main__":
    asyncio.run(main())
