"""The same scripts of `sys` on this runtime: does one thing after the other with a server, and says what each was answered.

A script is `[["trap"], ["suspend"], ["cast", 1], ["get_state"], …]`: whether the server traps exits, then the operations. The
state of the server is what it has handled.
"""

import asyncio
import random

from runtime import (
    CallbackFailed,
    CallTimeout,
    ChildSpec,
    Exit,
    NoProcess,
    ProcessExit,
    Reply,
    Server,
    exits,
    system,
)
from tests.support.clock import VirtualLoop, virtual_node
from tests.support.processes import quiet

__all__ = ["answers", "system_script"]

LAST = ("parent_exits", "kill", "terminate")


def system_script(seed):
    """A script: about a dozen operations, and perhaps an end, after which nobody answers."""
    choose = random.Random(seed)
    script = [[choose.choice(["trap", "let"])]]
    for item in range(choose.randint(4, 16)):
        operation = choose.choice(
            [
                ["suspend"], ["suspend"], ["resume"], ["resume"], ["get_state"], ["get_state"], ["is_suspended"],
                ["replace_state", item], ["replace_state_raises", choose.choice(["error", "exit"])],
                ["statistics", choose.choice(["on", "on", "off", "get", "get"])],
                ["cast", item], ["cast", item], ["send", item], ["call", item], ["linked_ends"],
            ]
        )  # fmt: skip
        script.append(operation)
    end = choose.choice(LAST)
    script.append([end, choose.choice(["normal", "shutdown", "oops"])] if end == "terminate" else [end])
    return [*script, ["get_state"]]


class Keeps(Server):
    """Keeps what it handles."""

    def init(self, said):
        return ()

    def handle_call(self, item, caller, state):
        return Reply(item, (*state, item))

    def handle_cast(self, item, state):
        return (*state, item)

    def handle_info(self, item, state):
        return (*state, item.reason if isinstance(item, Exit) else item)

    def terminate(self, reason, state):
        self.resource("said").append(list(state))


class Traps(Keeps):
    trap_exits = True


def answers(script):
    """What each operation of a script is answered."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_run(script))


async def _run(script):
    (traps,), *operations = script
    said = []
    async with virtual_node(resources={"said": said}) as node:
        behaviour = Traps if traps == "trap" else Keeps
        pid = await node.start(ChildSpec("server", behaviour, None, restart="temporary"))
        return [await _answer(operation, node, pid, said) for operation in operations]


async def _answer(operation, node, pid, said):
    try:
        answer = await _do(operation, node, pid, said)
    except CallbackFailed:
        return "callback_failed"
    except CallTimeout:
        return ["exit", "timeout"]
    except NoProcess:
        return ["exit", "noproc"]
    finally:
        await quiet(node)
    return "ok" if answer is None else list(answer) if isinstance(answer, tuple) else answer


async def _do(operation, node, pid, said):
    process = pid._process
    match operation:
        case ["suspend" | "resume" | "get_state" as name]:
            return await getattr(system, name)(pid)
        case ["replace_state", item]:
            return await system.replace_state(pid, lambda state: (*state, item))
        case ["replace_state_raises", how]:
            return await system.replace_state(pid, lambda _: _raise(how))
        case ["is_suspended"]:
            return (await system.get_status(pid)).suspended
        case ["statistics", "get"]:
            counted = await system.statistics(pid)
            return (counted.messages_in, counted.messages_out) if counted is not None else "none"
        case ["statistics", do]:
            return await system.statistics(pid, do)
        case ["cast" | "send" as name, item]:
            return getattr(pid, name)(item)
        case ["call", item]:
            return await pid.call(item, timeout=1)
        case ["linked_ends" | "parent_exits" | "kill"] if not pid.alive:
            raise NoProcess(pid)
        case ["linked_ends"]:
            linked = node.spawn(_ends)
            exits.link(linked._process, process)
            linked.send("now")
            await quiet(node)
            return "lives" if pid.alive else process.reason
        case ["parent_exits"]:
            exits.signal(process, "shutdown", process.parent)
        case ["kill"]:
            exits.signal(process, "kill")
        case ["terminate", reason]:
            await system.terminate(pid, reason)
    await quiet(node)
    return (process.reason, _last(said))


def _last(said):
    return said[-1] if said else "nothing"


def _raise(how):
    raise OSError("oops") if how == "error" else ProcessExit("oops")


async def _ends(process):
    await process.receive()
    raise ProcessExit("oops")
