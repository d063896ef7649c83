"""Fred Hébert's table in "The Zen of Erlang": which bugs a restart helps against.

             repeatable                                     transient
core         no: found at once, escalates until it is seen  yes: the restart begins from a known good state
secondary    contained: the rest goes on without it         yes: hardly anybody notices
"""

from __future__ import annotations

import pytest

from runtime import CallError, ChildSpec, Node, ProcessDied, Reply, Server, Supervisor
from tests.support.eventually import eventually


class Feature(Server):
    """Works, unless the world says that it is broken: for so many times, or for ever."""

    def init(self, name):
        return name

    def handle_call(self, message, caller, name):
        broken = self.resource("broken")
        if broken.get(name, 0) > 0:
            broken[name] -= 1
            raise RuntimeError(f"{name} is broken")
        return Reply("works", name)


def tree():
    """A core under the top; what is secondary under a supervisor of its own, which nobody needs."""
    return Supervisor(
        [
            ChildSpec("core", Feature, "core"),
            ChildSpec(
                "extras", Supervisor([ChildSpec("secondary", Feature, "secondary")]), restart="temporary"
            ),
        ],
        name="top",
    )


async def use(node, name):
    """As a user does: ask, and if that fails, ask again a little later."""
    try:
        return await node.named(name).call("use")
    except ProcessDied:
        return "failed"
    except CallError:
        return "gone"


@pytest.fixture
def broken():
    return {}


async def live(node, name):
    await eventually(lambda: node.whereis(name))


async def test_core_and_transient_a_restart_cures_it(broken):
    async with Node("zen", introspection=False, resources={"broken": broken}) as node:
        await node.start(tree())
        broken["core"] = 1
        assert await use(node, "core") == "failed"
        await live(node, "core")
        assert await use(node, "core") == "works"


async def test_secondary_and_transient_the_core_never_notices(broken):
    async with Node("zen", introspection=False, resources={"broken": broken}) as node:
        await node.start(tree())
        core = node.whereis("core")
        broken["secondary"] = 2
        for expected in ("failed", "failed", "works"):
            assert await use(node, "secondary") == expected
            await live(node, "secondary")
        assert node.whereis("core") == core


async def test_secondary_and_repeatable_it_is_given_up_and_the_core_goes_on(broken):
    async with Node("zen", introspection=False, resources={"broken": broken}) as node:
        await node.start(tree())
        core = node.whereis("core")
        broken["secondary"] = 10**6
        extras = node.whereis("extras")
        for _ in range(4):
            await use(node, "secondary")
            await eventually(lambda: node.whereis("secondary") or not extras.alive)
        await eventually(lambda: not extras.alive)
        assert await use(node, "secondary") == "gone"
        assert node.whereis("core") == core
        assert await use(node, "core") == "works"


async def test_core_and_repeatable_no_restart_helps_and_it_escalates_until_it_is_seen(broken):
    async with Node("zen", introspection=False, resources={"broken": broken}) as node:
        top = await node.start(tree())
        broken["core"] = 10**6
        for _ in range(4):
            await use(node, "core")
            await eventually(lambda: node.whereis("core") or node.ledger.given_up)
        (gone, *_) = await eventually(lambda: list(node.ledger.given_up.values()))
        assert "core" in gone.text
        await eventually(lambda: not top.alive)
