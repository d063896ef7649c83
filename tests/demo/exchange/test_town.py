"""The town and the engineer, on a small exchange."""

from contextlib import asynccontextmanager
from types import SimpleNamespace

from demo.exchange.accounts import Accounts
from demo.exchange.engineer import Desk
from demo.exchange.host import exchange_node
from demo.exchange.node import summary
from demo.exchange.software import MODULE, installed
from demo.exchange.town import Town
from runtime import DynamicSupervisor, Upgrade, system
from runtime.code.records import Step
from tests.support.eventually import eventually

CALLS, PACE = 30, 0.005


async def soon(check):
    """As `eventually`, on a machine that is busy with other things."""
    return await eventually(check, within=30.0)


@asynccontextmanager
async def running(**options):
    async with exchange_node(CALLS, PACE, **options) as exchange:
        await soon(lambda: exchange.town.in_progress >= CALLS)
        yield exchange


async def test_calls_begin_and_end_and_their_number_stays():
    async with running() as exchange:
        await soon(lambda: exchange.accounts.exact > 2 * CALLS)
        await soon(lambda: exchange.town.in_progress >= CALLS)
        assert (exchange.town.dropped, exchange.accounts.differing) == (0, 0)


async def test_calls_that_are_killed_are_dropped_ones():
    async with running() as exchange:
        children = await DynamicSupervisor.which_children(exchange.node.whereis("calls-1"))

        async def killer(process):
            for child in children:
                process.exit(child.pid, "kill")

        exchange.node.spawn(killer)
        await soon(lambda: exchange.town.dropped)
        assert "heard dropped" in exchange.town.troubles[0]
        assert f"dropped calls                     {exchange.town.dropped}\n" in summary(exchange)


async def test_a_call_that_hangs_is_noticed_by_who_waits():
    async with running() as exchange:
        exchange.town._patience = 30
        await system.suspend(exchange.node.whereis("switch-1"))
        await soon(lambda: exchange.town.dropped)
        assert "waited in vain for" in exchange.town.troubles[0]


async def test_the_engineer_puts_the_next_version_on_disk_when_the_one_before_runs():
    async with running(with_engineer=True) as exchange:
        software, code = exchange.software, exchange.node.code
        await soon(lambda: software.on_disk == "v2")
        assert exchange.town.total("waited") == 0
        await code.apply(MODULE)
        await soon(lambda: software.on_disk == "v3")
        assert exchange.town.count("complaints", "2") >= 5
        await code.apply(MODULE)
        assert [upgrade.steps[0].new for upgrade in code.history] == ["2", "3"]
        text = summary(exchange)
        assert "changes of the software mid-call  2: version 1 to 2, version 2 to 3\n" in text
        assert "dropped calls                     0\n" in text


def test_the_engineer_says_which_keys_to_press():
    with installed() as software:
        town = Town(["1-1", "1-2", "1-3"], 1, Accounts(), PACE)
        desk = Desk(software, town)
        assert desk.look() == "v1 runs; call waiting is being written"
        town.now = 40
        assert desk.look() == f"5, then U: v2 of {MODULE} is on disk, call waiting"
        desk.code = ran("2")
        assert desk.look() == "v2 runs; what do people say of it?"
        town.tally("complaints", "2", 5)
        assert desk.look() == "5, then U: v3 mends what 5 complained of"
        desk.code = ran("2", "3")
        assert desk.look() == "5, then B: rolls back v3, under which nobody complains"
        desk.code = ran("2", "3", "2")
        assert desk.look() == "5, then U: v3 mends what 5 complained of"


def ran(*versions):
    """A history of these."""
    steps = [(Step(MODULE, "", version),) for version in versions]
    return SimpleNamespace(history=[Upgrade("id", 0.0, "owner", "upgrade", True, step) for step in steps])
