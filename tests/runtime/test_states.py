"""States: anything but None, and under `strict` nothing that can change."""

import pytest

from runtime import (
    ChildSpec,
    ProcessDied,
    Reply,
    Server,
    StartError,
)
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet, serve


@virtual_time
async def test_a_strict_server_refuses_a_mutable_state():
    class Strict(Server):
        strict = True

        def init(self, first):
            return first

        def handle_cast(self, message, state):
            return message

        def handle_call(self, message, caller, state):
            return Reply("answer", message)

    async with virtual_node() as node:
        with pytest.raises(StartError, match=r"init returned a mutable state \(list\), and Strict is strict"):
            await serve(node, Strict, [])
        pid = await serve(node, Strict, ())
        assert await pid.call((1,)) == "answer"
        with pytest.raises(ProcessDied, match="mutable state"):
            await pid.call([])
        pid = await serve(node, Strict, ())
        pid.cast([])
        assert "use a frozen dataclass, a tuple, or a frozen model" in str(await end_of(pid))


@virtual_time
async def test_a_state_may_be_anything_but_none():
    class Takes(Server):
        def init(self):
            return False

        def handle_cast(self, message, state):
            return message

        def handle_call(self, message, caller, state):
            return Reply(state, state)

    async with virtual_node() as node:
        pid = await node.start(ChildSpec("any", Takes))
        for state in (0, "", (), False, Ellipsis):
            pid.cast(state)
            assert await pid.call("state") == state
        await quiet(node)
