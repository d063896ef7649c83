"""The machines of docs/state-machines.md do what the document says."""

import asyncio
import re
from pathlib import Path

from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import quiet, serve

DOCUMENT = Path(__file__).parents[3] / "docs" / "state-machines.md"


def machines():
    names = {"__name__": "document"}
    for block in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    return names


@virtual_time
async def test_the_machines_of_the_document_work():
    async with virtual_node() as node:
        pid = await serve(node, machines()["Watched"])
        assert await pid.call(("do", "mail it")) == "asked"
        second = asyncio.ensure_future(pid.call(("do", "print it"), timeout=None))
        await quiet(node)
        assert not second.done()
        pid.cast("approve")
        assert await second == "asked"
        assert await pid.call("how many?") == 1
        await asyncio.sleep(61)
        assert pid._process.state == ("idle", 1)
        assert pid._process.extra.doing == "nobody answered"
