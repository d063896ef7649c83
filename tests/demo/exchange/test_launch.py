"""The exchange's node as a process of its own, and what a terminal and a console make of it."""

from demo.exchange.launch import HINTS, start_node
from runtime.port.client import Client, nodes
from runtime.port.contract import ModulesQuery, Ps
from tests.support.eventually import eventually_sync


def test_a_node_of_its_own_can_be_looked_at_and_says_at_its_end_that_nothing_was_dropped():
    handle = start_node()
    try:
        assert handle.place.name == "exchange"
        with Client(handle.place) as client:
            names = {row.name for row in client.ask(Ps(limit=50)).rows}
            assert {"engineer", "subscribers", "billing"} <= names
            eventually_sync(lambda: "exchange.calls" in modules(client), within=30.0)
    finally:
        text = handle.finish()
    assert "dropped calls                     0\n" in text
    assert handle.exit_code == 0
    assert nodes() == []


def modules(client):
    return {module.module for module in client.ask(ModulesQuery()).modules}


def test_hints_begin_with_their_key():
    assert [len(hint.partition(" ")[0]) for hint in HINTS] == [1] * len(HINTS)
