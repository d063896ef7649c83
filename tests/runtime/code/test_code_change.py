"""States come over by `code_change`, or by structure; and one that does not come over stops the whole upgrade."""

import asyncio
import time

import pytest

from runtime import ChildSpec, UpgradeRefused, system
from runtime.code.transaction import Transaction
from tests.support.agents_sources import COUNTER
from tests.support.eventually import eventually

HOOK = """
        @staticmethod
        def code_change(old_version, state):
            {body}

        def handle_cast("""


async def three(disk, node, source=COUNTER):
    counter = disk.load("counter", source)
    pids = []
    for number in range(3):
        pid = await node.start(ChildSpec(("counter", number), counter.Counter, register=False))
        await pid.call(counter.Add(number))
        pids.append(pid)
    return counter, pids


def hook(disk, body):
    disk.edit("counter", "\n    def handle_cast(", HOOK.format(body=body).replace("\n    ", "\n"))


async def test_code_change_gets_the_old_version_and_plain_data(disk, node):
    _, pids = await three(disk, node, '__version__ = "1.0"' + COUNTER.replace("\n    ", "\n"))
    disk.edit("counter", '"1.0"', '"2.0"')
    disk.edit("counter", "total: int = 0", "total: int\n    seen: str")
    disk.edit("counter", "return State()", 'return State(0, "")')
    hook(disk, "return State(state['total'] * 10, old_version)")
    upgrade = await node.code.apply("counter")
    assert (upgrade.steps[0].old, upgrade.steps[0].new) == ("1.0", "2.0")
    states = [(pid._process.state.total, pid._process.state.seen) for pid in pids]
    assert states == [(0, "1.0"), (10, "1.0"), (20, "1.0")]


async def test_a_dict_of_fields_is_enough(disk, node):
    _, pids = await three(disk, node)
    disk.edit("counter", "total: int = 0", "total: float = 0")
    hook(disk, "return {'total': state['total'] / 2}")
    await node.code.apply("counter")
    assert [pid._process.state.total for pid in pids] == [0, 0.5, 1]


async def test_without_code_change_new_fields_get_their_defaults(disk, node):
    _, pids = await three(disk, node)
    disk.edit("counter", "total: int = 0", "total: int = 0\n    notes: tuple = ('fresh',)")
    await node.code.apply("counter")
    assert [(pid._process.state.total, pid._process.state.notes) for pid in pids] == [
        (number, ("fresh",)) for number in range(3)
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("total: int = 0", "amount: int = 0", "removed: total.*give Counter a code_change"),
        ("total: int = 0", "total: str = ''", "total was int, and is str"),
        ("class State:", "class Other:", "the new code has no such class"),
    ],
)
async def test_a_missing_code_change_is_refused_where_the_fields_differ(disk, node, old, new, reason):
    counter, pids = await three(disk, node)
    disk.edit("counter", old, new)
    if "Other" in new:
        disk.edit("counter", "Server[State]", "Server")
    plan = await node.code.plan("counter")
    assert plan.failed == 3
    assert all(failure.what == "state" for failure in plan.failures)
    with pytest.raises(UpgradeRefused, match=reason):
        await node.code.apply("counter")
    assert all(type(pid._process.state) is counter.State for pid in pids)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("assert state['total'] != 2; return state", r"code_change raised AssertionError"),
        ("return None", "None is never a state"),
        ("while True: pass", "took more than 20 ms"),
        ("import asyncio; return asyncio.sleep(0)", "async"),
        ("raise SystemExit", "SystemExit"),
    ],
    ids=["crashing", "nothing", "hanging", "async", "exit"],
)  # fmt: skip
async def test_a_code_change_that_fails_for_one_stops_it_for_all(disk, node, body, reason):
    counter, pids = await three(disk, node)
    hook(disk, body)
    with pytest.raises(UpgradeRefused, match=reason):
        await node.code.apply("counter")
    assert disk.load("counter") is counter
    assert [await pid.call(counter.Add(1)) for pid in pids] == [1, 2, 3]
    assert all(type(pid._process.handle) is counter.Counter for pid in pids)


async def test_a_plan_tries_code_change_on_copies(disk, node):
    source = COUNTER.replace("return State()", "return {}").replace(
        "State(state.total + amount)", "{**state, amount: 1}"
    )
    source = source.replace("Reply(state.total, state)", "Reply(len(state), state)")
    _, pids = await three(disk, node, source)
    before = [dict(pid._process.state) for pid in pids]
    hook(disk, "state['changed'] = True; return state")
    plan = await node.code.plan("counter")
    assert plan.ok
    assert plan.migrated == 3
    assert [pid._process.state for pid in pids] == before
    await node.code.apply(plan)
    assert all(pid._process.state["changed"] for pid in pids)


async def test_code_change_down_takes_states_back(disk, node):
    counter, pids = await three(disk, node)
    disk.edit("counter", "total: int = 0", "cents: int = 0")
    disk.edit("counter", "state.total + amount", "state.cents + amount")
    disk.edit("counter", "Reply(state.total, state)", "Reply(state.cents, state)")
    disk.edit("counter", "state.total + 1", "state.cents + 1")
    hook(disk, "return State(state['total'] * 100)")
    down = HOOK.replace("code_change(old_version", "code_change_down(version")
    disk.edit(
        "counter",
        "\n    def handle_cast(",
        down.format(body="return {'total': state['cents'] // 100}").replace("\n    ", "\n"),
    )
    await node.code.apply("counter")
    assert [pid._process.state.cents for pid in pids] == [0, 100, 200]
    await node.code.rollback("counter")
    assert [pid._process.state for pid in pids] == [counter.State(number) for number in range(3)]


async def test_a_rollback_drops_fields_that_the_older_code_does_not_know(disk, node):
    counter, pids = await three(disk, node)
    disk.edit("counter", "total: int = 0", "total: int = 0\n    notes: tuple = ()")
    await node.code.apply("counter")
    await node.code.rollback("counter")
    assert [pid._process.state for pid in pids] == [counter.State(number) for number in range(3)]


async def test_message_change_takes_messages_over(disk, node):
    counter, pids = await three(disk, node)
    pids[0]._process.pause()
    pids[0].cast(counter.Add(7))
    disk.edit("counter", "class Add:\n    amount: int", "class Add:\n    cents: int")
    disk.edit("counter", "return State(state.total + 1)", "return State(state.total + message.cents)")
    with pytest.raises(UpgradeRefused, match=r"waits in its mailbox.*give Counter a message_change"):
        await node.code.apply("counter")
    change = HOOK.replace("code_change(old_version, state)", "message_change(old_version, message)")
    disk.edit(
        "counter",
        "\n    def handle_cast(",
        change.format(body="return Add(message['amount'] * 100)").replace("\n    ", "\n"),
    )
    await node.code.apply("counter")
    pids[0]._process.unpause()
    await eventually(lambda: pids[0]._process.state.total == 700)


async def test_a_state_that_a_handler_changes_meanwhile_is_the_one_that_comes_over(disk, node):
    source = COUNTER.replace("return State()", "return [0]").replace(
        "state = State(state.total + amount)", "state[0] += amount"
    )
    source = source.replace("Reply(state.total, state)", "Reply(state[0], state)")
    _, pids = await three(disk, node, source)
    hook(disk, "import time; time.sleep(0.002); return {'list': state}")
    disk.edit("counter", "Reply(state[0], state)", "Reply(('new', state['list'][0]), state)")
    disk.edit("counter", "state[0] += amount", "state['list'][0] += amount")
    applying = asyncio.ensure_future(node.code.apply("counter"))
    answers, until = [], time.monotonic() + 5
    while not applying.done() and time.monotonic() < until:
        answers.append(await pids[1].call(disk.load("counter").Add(1)))
    await applying
    answers.append(await pids[1].call(disk.load("counter").Add(1)))
    numbers = [answer if isinstance(answer, int) else answer[1] for answer in answers]
    assert numbers == list(range(2, 2 + len(answers)))
    assert answers[-1][0] == "new"


async def test_a_state_that_turns_bad_before_the_commit_stops_it_for_all(disk, node, monkeypatch):
    counter, pids = await three(disk, node)
    hook(disk, "assert state['total'] < 50; return State(state['total'])")
    ready, open_gate = Transaction._ready, []
    asked = []

    def is_ready(self):
        asked.append(ready(self))
        return bool(open_gate) and asked[-1]

    monkeypatch.setattr(Transaction, "_ready", is_ready)
    applying = asyncio.ensure_future(node.code.apply("counter"))
    await eventually(lambda: asked and asked[-1])  # it is prepared, with states that are good
    assert await pids[0].call(counter.Add(100)) == 100
    open_gate.append(True)
    with pytest.raises(UpgradeRefused, match="AssertionError"):
        await applying
    assert [await pid.call(counter.Add(1)) for pid in pids] == [101, 2, 3]
    assert all(type(pid._process.handle) is counter.Counter for pid in pids)


async def test_a_state_that_an_operator_replaces_at_the_last_moment_comes_over(disk, node, monkeypatch):
    counter, pids = await three(disk, node)
    sweep = Transaction.sweep

    async def late(self):
        await system.replace_state(pids[0], lambda _state: counter.State(77))
        await sweep(self)

    monkeypatch.setattr(Transaction, "sweep", late)
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    assert [pid._process.state for pid in pids] == [disk.load("counter").State(n) for n in (77, 1, 2)]
