"""State machines: state, data, what was put off and time-outs come over; the methods of states are the new ones."""

import asyncio

import pytest

from runtime import ChildSpec, UpgradeRefused
from tests.support.agents_sources import LIGHT
from tests.support.eventually import eventually, more


async def light(disk, node, source=LIGHT):
    module = disk.load("light", source)
    return module, await node.start(ChildSpec("light", module.Light))


async def test_a_machine_keeps_its_state_and_data(disk, node):
    _, pid = await light(disk, node)
    pid.cast("push")
    assert await pid.call("?") == ("on", 1)
    disk.edit("light", 'reply=("on", data.pushes)', 'reply=("ON", data.pushes)')
    assert (await node.code.apply("light")).processes == 1
    assert await pid.call("?") == ("ON", 1)
    assert type(pid._process.state.data) is disk.load("light").Data
    await node.code.rollback("light")
    assert await pid.call("?") == ("on", 1)


async def test_events_that_were_put_off_come_again_to_the_new_code(disk, node):
    _, pid = await light(disk, node)
    waiting = asyncio.ensure_future(pid.call("wait"))
    await eventually(lambda: pid._process.agenda is not None and pid._process.agenda.postponed)
    disk.edit("light", 'reply=("on", data.pushes)', 'reply=("ON", message)')
    await node.code.apply("light")
    pid.cast("push")
    assert await waiting == ("ON", "wait")


async def test_what_was_put_off_and_is_of_an_old_class_comes_again_as_one_of_the_new(disk, node):
    source = LIGHT.replace(
        "class Light", "@dataclass(frozen=True)\n    class Ask:\n        word: str\n\n    class Light"
    )
    source = source.replace('case Call("wait")', "case Call(Ask())").replace(
        'case Call(message):\n                    return KeepState(data, reply=("on"',
        'case Call(Ask(message)):\n                    return KeepState(data, reply=("on"',
    )
    module, pid = await light(disk, node, source)
    waiting = asyncio.ensure_future(pid.call(module.Ask("now?")))
    await eventually(lambda: pid._process.agenda is not None and pid._process.agenda.postponed)
    disk.edit("light", 'reply=("on", data.pushes)', 'reply=("ON", message)')
    await node.code.apply("light")
    pid.cast("push")
    assert await waiting == ("ON", "now?")


async def test_time_outs_go_on_running(disk, node):
    source = LIGHT.replace(
        "Data(data.pushes + 1))", "Data(data.pushes + 1), StateTimeout('dark', after=1.0))"
    )
    _, pid = await light(disk, node, source)
    pid.cast("push")
    assert await pid.call("?") == ("on", 1)
    disk.edit(
        "light",
        "    def on(self, event, data):\n        match event:\n",
        "    def on(self, event, data):\n        match event:\n            case StateTimeout(message):\n"
        "                return NextState('off', Data(100))\n",
    )
    await node.code.apply("light")
    assert pid._process.state.state == "on"
    await eventually(lambda: pid._process.state.state == "off")
    assert pid._process.state.data.pushes == 100


async def test_code_change_of_a_machine_gets_state_and_data_and_returns_both(disk, node):
    _, pid = await light(disk, node)
    pid.cast("push")
    await pid.call("?")
    disk.edit("light", "def on(self, event, data)", "def lit(self, event, data)")
    disk.edit("light", 'NextState("on"', 'NextState("lit"')
    plan = await node.code.plan("light")
    assert "has no state 'on'" in plan.reason
    disk.edit(
        "light",
        "    def init(self):",
        "    @staticmethod\n    def code_change(version, state, data):\n"
        "        return {'on': 'lit'}.get(state, state), Data(data['pushes'] + 10)\n\n    def init(self):",
    )
    await node.code.apply("light")
    assert pid._process.state.state == "lit"
    assert await pid.call("?") == ("on", 11)


async def test_a_state_that_is_gone_is_a_broken_contract(disk, node):
    _, pid = await light(disk, node)
    disk.edit("light", "def off(", "def dark(")
    with pytest.raises(UpgradeRefused, match="has no state 'off'"):
        await node.code.apply("light")
    assert await pid.call("?") == ("off", 0)


async def test_a_machine_with_state_enter_is_met_after_it_has_entered(disk, node):
    source = LIGHT.replace(
        "class Light(StateMachine[Data]):", "class Light(StateMachine[Data]):\n        state_enter = True\n"
    )
    _, pid = await light(disk, node, source)
    pushed, stop = 0, False

    async def push():
        nonlocal pushed
        while not stop:
            pid.cast("push")
            await pid.call("?")
            pushed += 1

    pushing = asyncio.ensure_future(push())
    await more(lambda: pushed)
    disk.edit("light", 'reply=("on", data.pushes)', 'reply=("ON", data.pushes)')
    assert (await node.code.apply("light")).processes == 1
    stop = True
    await pushing
    if (await pid.call("?"))[0] == "off":
        pid.cast("push")
    assert (await pid.call("?"))[0] == "ON"


async def test_machines_under_load_lose_nothing(disk, node):
    module = disk.load("light", LIGHT)
    pids = [await node.start(ChildSpec(("light", n), module.Light, register=False)) for n in range(30)]
    pushed = dict.fromkeys(pids, 0)
    stop = False

    async def client(pid):
        while not stop:
            pid.cast("push")
            pushed[pid] += 1
            await pid.call("?")

    clients = [asyncio.ensure_future(client(pid)) for pid in pids]
    await more(lambda: min(pushed.values()))
    disk.edit("light", 'reply=("on", data.pushes)', 'reply=("ON", data.pushes)')
    assert (await node.code.apply("light")).processes == 30
    await more(lambda: min(pushed.values()))
    stop = True
    await asyncio.gather(*clients)
    for pid in pids:
        assert pid._process.state.data.pushes == (pushed[pid] + 1) // 2
