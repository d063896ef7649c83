"""How a limit is declared, and what is seen of a mailbox that was full."""

import pytest

from runtime import (
    Server,
)
from runtime.log import items
from tests.support.bounded import Drops, full, resume
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import Obeys, quiet, serve


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "10"], ids=repr)
def test_a_limit_is_a_number_of_messages(limit):
    with pytest.raises(ValueError, match="it is a number of messages, 1 or more, or None"):

        class Wrong(Server):
            mailbox_limit = limit


def test_a_policy_is_one_of_three():
    with pytest.raises(ValueError, match="it is one of refuse, drop_oldest, block"):

        class Wrong(Server):
            mailbox_policy = "wait"


@virtual_time
async def test_a_process_without_a_limit_is_what_it_was():
    async with virtual_node() as node:
        pid = await serve(node, Obeys)
        assert type(pid._process).__name__ == "ServerProcess"
        for number in range(1000):
            pid.send(number)
        assert type(pid._process.mailbox).__name__ == "deque"


# --- what is seen of it ---------------------------------------------------------------------------------


@virtual_time
async def test_an_overflow_is_an_event_and_the_next_one_only_after_the_mailbox_was_half_empty():
    def overflows(node):
        records, _, _ = node.ledger.recorder.since(0, 1000)
        return [(record.pid, record.text) for record in records if record.kind == "overflow"]

    async with virtual_node() as node:
        pid = await full(node, Drops)
        for number in range(5):
            pid.cast(number)
        event = (pid.number, "mailbox full at 2: drop_oldest")
        assert overflows(node) == [event]
        assert any(item[2] == "mailbox full at 2: drop_oldest" for item in items(pid._process.events))
        await resume(pid)
        await quiet(node)
        pid._process.pause()
        for number in range(5):
            pid.cast(number)
        assert overflows(node) == [event, event]
