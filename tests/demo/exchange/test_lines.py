"""Lines and switches, with a test at each telephone."""

from contextlib import asynccontextmanager

import pytest

from demo.exchange.accounts import Accounts
from demo.exchange.billing import Billing, Enter
from demo.exchange.line import Line
from demo.exchange.signals import Dial, HangUp, Heard, Lift, Recall, Say
from demo.exchange.software import MODULE, installed
from demo.exchange.switch import Switch
from runtime import ChildSpec, DynamicSupervisor, Node, Supervisor, UpgradeRefused
from tests.support.eventually import eventually


class Ears:
    """What is heard at each number, in order, and the keys of each telephone."""

    def __init__(self, node, accounts, software):
        self.node = node
        self.accounts = accounts
        self.software = software
        self.sounds = []

    async def does(self, number, act, *heard):
        """Do it, and wait until exactly that is heard: (number, sound), …"""
        self.sounds.clear()
        self.node.named(number).cast(act)
        await eventually(lambda: len(self.sounds) >= len(heard))
        assert sorted(self.sounds) == sorted(heard)

    async def connects(self, a, b, at):
        await self.does(a, Dial(b, at), (a, "ringing"), (b, "rings"))
        await self.does(b, Lift(at), (a, "connected"), (b, "connected"))

    async def billed(self):
        """Calls and seconds."""
        await self.node.named("billing").call(Enter())
        return self.accounts.bills, self.accounts.billed


@pytest.fixture
def exchange():
    """An exchange with the lines 1-1, 1-2 and 2-1, in which a switch has so many circuits."""

    @asynccontextmanager
    async def run(circuits=9, version="v1"):
        accounts = Accounts()
        with installed() as software:
            software.put(version)
            async with Node("exchange", resources={Accounts: accounts}, introspection=False) as node:
                ears = Ears(node, accounts, software)

                async def subscribers(process):
                    while True:
                        heard = await process.receive(match=Heard)
                        ears.sounds.append((heard.number, heard.sound))

                children = [ChildSpec(number, Line, number) for number in ("1-1", "1-2", "2-1")]
                for area in "12":
                    children.append(ChildSpec(f"calls-{area}", DynamicSupervisor()))
                    children.append(ChildSpec(f"switch-{area}", Switch, area, circuits, software.handling()))
                staff = [ChildSpec("billing", Billing), ChildSpec("subscribers", subscribers)]
                await node.start(Supervisor([*staff, *children]))
                yield ears

    return run


async def test_a_call_is_billed_from_lifting_to_hanging_up(exchange):
    async with exchange() as ears:
        await ears.connects("1-1", "2-1", 10)
        await ears.does("2-1", Say("hello"), ("1-1", "hello"))
        await ears.does("1-1", HangUp(52), ("2-1", "over"), ("1-1", "cleared"))
        await ears.does("2-1", HangUp(54), ("2-1", "cleared"))
        assert await ears.billed() == (1, 42)


async def test_a_call_that_nobody_answers_costs_nothing(exchange):
    async with exchange() as ears:
        await ears.does("1-1", Dial("1-2", 10), ("1-1", "ringing"), ("1-2", "rings"))
        await ears.does("1-1", HangUp(20), ("1-2", "over"), ("1-1", "cleared"))
        assert await ears.billed() == (0, 0)


async def test_a_number_that_does_not_exist_is_said_to_be_none(exchange):
    async with exchange() as ears:
        for number in ("1-9", "7-1"):
            await ears.does("1-1", Dial(number, 10), ("1-1", "no such number"))
            await ears.does("1-1", HangUp(11), ("1-1", "cleared"))


async def test_version_1_has_a_busy_tone_for_who_calls_somebody_that_talks(exchange):
    async with exchange() as ears:
        await ears.connects("1-1", "1-2", 10)
        await ears.does("2-1", Dial("1-2", 11), ("2-1", "busy"))
        await ears.does("1-2", Recall(12), ("1-2", "silence"))


async def test_version_2_has_call_waiting_and_time_on_hold_costs_nothing(exchange):
    async with exchange(version="v2") as ears:
        await ears.connects("1-1", "1-2", 10)
        await ears.does("2-1", Dial("1-2", 11), ("2-1", "waiting"), ("1-2", "beeps"))
        await ears.does("1-2", Recall(20), ("1-1", "hold"), ("1-2", "connected"), ("2-1", "connected"))
        await ears.does("2-1", HangUp(25), ("1-2", "over"), ("2-1", "cleared"))
        assert await ears.billed() == (1, 5)
        await ears.does("1-2", Recall(30), ("1-1", "back"), ("1-2", "back"))
        await ears.does("1-1", HangUp(31), ("1-2", "over"), ("1-1", "cleared"))
        assert await ears.billed() == (2, 5 + 10 + 1)


@pytest.mark.parametrize(("version", "said"), [("v2", "silence"), ("v3", "gone")])
async def test_version_3_says_that_who_waited_is_gone(exchange, version, said):
    async with exchange(version=version) as ears:
        await ears.connects("1-1", "1-2", 10)
        await ears.does("2-1", Dial("1-2", 11), ("2-1", "waiting"), ("1-2", "beeps"))
        if said == "gone":
            await ears.does("2-1", HangUp(15), ("2-1", "cleared"), ("1-2", "gone"))
        else:
            await ears.does("2-1", HangUp(15), ("2-1", "cleared"))
            await ears.does("1-2", Recall(18), ("1-2", "silence"))
        await ears.does("1-2", Say("still there?"), ("1-1", "still there?"))


async def test_a_call_on_its_way_keeps_its_seconds_up_and_down_the_versions(exchange):
    async with exchange() as ears:
        await ears.connects("1-1", "1-2", 10)
        ears.software.put("v2")
        await ears.node.code.apply(MODULE)
        await ears.does("2-1", Dial("1-2", 11), ("2-1", "waiting"), ("1-2", "beeps"))
        await ears.does("1-2", Recall(20), ("1-1", "hold"), ("1-2", "connected"), ("2-1", "connected"))
        await ears.does("2-1", HangUp(25), ("1-2", "over"), ("2-1", "cleared"))
        await ears.does("1-2", Recall(30), ("1-1", "back"), ("1-2", "back"))
        await ears.node.code.rollback(MODULE)
        await ears.does("1-1", HangUp(33), ("1-2", "over"), ("1-1", "cleared"))
        assert await ears.billed() == (2, 5 + 10 + 3)


async def test_version_1_is_not_put_back_while_somebody_is_on_hold(exchange):
    async with exchange() as ears:
        ears.software.put("v2")
        await ears.node.code.apply(MODULE)
        await ears.connects("1-1", "1-2", 10)
        await ears.does("2-1", Dial("1-2", 11), ("2-1", "waiting"), ("1-2", "beeps"))
        await ears.does("1-2", Recall(20), ("1-1", "hold"), ("1-2", "connected"), ("2-1", "connected"))
        with pytest.raises(UpgradeRefused, match="held"):
            await ears.node.code.rollback(MODULE)
        await ears.does("1-2", Recall(30), ("2-1", "hold"), ("1-1", "back"), ("1-2", "back"))


async def test_a_switch_without_circuits_is_congested_until_a_call_ends(exchange):
    async with exchange(circuits=1) as ears:
        await ears.connects("1-1", "1-2", 10)
        await ears.does("2-1", Dial("1-1", 11), ("2-1", "busy"))
        await ears.does("2-1", HangUp(12), ("2-1", "cleared"))
        await ears.does("1-1", HangUp(13), ("1-2", "over"), ("1-1", "cleared"))
        await ears.does("1-2", HangUp(14), ("1-2", "cleared"))
        await ears.connects("2-1", "1-1", 15)


async def test_who_is_in_a_call_that_is_killed_hears_it(exchange):
    async with exchange() as ears:
        await ears.connects("1-1", "1-2", 10)
        ears.sounds.clear()
        (call,) = await DynamicSupervisor.which_children(ears.node.whereis("calls-1"))

        async def killer(process):
            process.exit(call.pid, "kill")

        ears.node.spawn(killer)
        await eventually(lambda: sorted(ears.sounds) == [("1-1", "dropped"), ("1-2", "dropped")])
        await ears.does("1-1", HangUp(20), ("1-1", "cleared"))
