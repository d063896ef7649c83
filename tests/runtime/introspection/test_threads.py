"""What the console shows of a server with a thread of its own."""

from __future__ import annotations

import threading

from runtime import ChildSpec, Reply, Server
from runtime.port.contract import Info, Kill, NodeQuery, StackQuery
from tests.runtime.introspection.behaviours import gates
from tests.support.eventually import eventually_sync


class Blocks(Server):
    def init(self):
        return ()

    def handle_cast(self, message, state):
        gates[message].wait(20)
        return state

    def handle_call(self, message, caller, state):
        return Reply(state, state)


def test_its_stack_is_that_of_its_thread_and_a_kill_leaves_a_zombie_that_can_be_looked_at(live):
    gates["gate"] = threading.Event()
    node = live(ChildSpec("blocks", Blocks, thread=True, restart="temporary"))
    pid = node.ask(Info(process="blocks")).row.pid
    node.do(node.node.named("blocks").cast, "gate")
    eventually_sync(lambda: node.ask(StackQuery(process=pid)).frames)
    info = node.ask(Info(process=pid))
    assert (info.handler, info.row.place) == ("handle_cast(str)", "thread")
    thread = next(thread for thread in threading.enumerate() if thread.ident == info.thread.ident)
    assert (info.thread.name, info.thread.native_id) == (thread.name, thread.native_id)
    assert node.ask(StackQuery(process=pid)).frames[0].function == "Blocks.handle_cast"
    node.ask(Kill(process=pid, reason="kill"))
    (zombie,) = eventually_sync(lambda: node.ask(NodeQuery(stack=True)).zombies)
    assert zombie.pid == pid
    assert zombie.stack[0].function == "Blocks.handle_cast"
    assert node.ask(StackQuery(process=pid)).frames[0].function == "Blocks.handle_cast"
    gates["gate"].set()
    eventually_sync(lambda: not node.ask(NodeQuery()).zombies)
