"""What an operator sees of an isolated process: the state and the stack that are in its OS process."""

from __future__ import annotations

from runtime import ChildSpec
from runtime.port.contract import StackQuery, State
from tests.support.eventually import eventually_sync
from tests.support.isolated import Cell


def test_its_state_and_its_stack_are_those_over_there_even_while_it_spins(live):
    node = live(ChildSpec("cell", Cell, "first", isolated=True))
    assert node.ask(State(process="cell")).value == ["first"]
    node.post(
        lambda: node.loop.create_task(node.node.named("cell").call(("sleep", 20), 0.1)).add_done_callback(
            lambda task: task.exception()
        )
    )
    frames = eventually_sync(lambda: node.ask(StackQuery(process="cell")).frames)
    assert any("handle_call" in frame.function for frame in frames)
