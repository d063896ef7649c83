"""Work that blocks (imports, binding, joining threads), beside the loop: in a thread that is gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["in_thread"]


async def in_thread(work: Callable[[], None]) -> None:
    """Do it, and wait. Raises what it raises."""
    with ThreadPoolExecutor(1, thread_name_prefix="observer") as pool:
        await asyncio.get_running_loop().run_in_executor(pool, work)
