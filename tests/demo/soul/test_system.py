"""The processes of the demo, in a node in this process."""

import pytest

from demo.soul import load
from demo.soul.meter import Sample, line, lowest
from demo.soul.steps import STEPS
from demo.soul.system import soul_node
from runtime import DynamicSupervisor
from tests.support.eventually import eventually


@pytest.fixture
async def node():
    async with soul_node() as running:
        yield running


async def at_work(node):
    return (await DynamicSupervisor.count_children(node.named("workers"))).active


async def soon(check):
    """Wait until it is true; the pool is large, and the machine may be busy."""
    await eventually(check, 20)


def book(node):
    return node.whereis("desk")._process.state


async def test_the_load_goes_up_and_down(node, monkeypatch):
    monkeypatch.setattr(load, "STAGE_S", 0.001)

    async def settled():
        return await at_work(node) == workers

    for workers in (250, 30):
        node.named("load").send(workers)
        await soon(settled)


@pytest.mark.parametrize("message", ["many", -1, 10**9, 2.5, None, True])
async def test_what_is_no_number_of_workers_is_told_and_changes_nothing(node, message):
    node.named("load").send(message)
    load = node.whereis("load")
    await eventually(lambda: "is not a number of workers" in load._process.extra.doing)
    assert await at_work(node) == 0


async def test_workers_are_counted_by_the_meter(node):
    node.named("load").send(20)

    async def counted():
        return any(rate >= 10 for _, _, rate, _ in await node.named("meter").call("samples"))

    await soon(counted)


async def test_the_desk_answers_whoever_waits(node):
    assert await node.named("desk").call(100) == "5050"
    assert await node.named("desk").call("3") == "6"
    assert await node.named("desk").call([]) == "[] is neither a number nor a text"


async def test_a_bad_input_ends_its_computation_and_nobody_else(node):
    before = [node.whereis(name) for name in ("desk", "load", "meter", "computations", "workers")]
    answer = await node.named("desk").call("a hundred")
    assert answer.startswith("no answer, it has ended: ValueError")
    assert [node.whereis(name) for name in ("desk", "load", "meter", "computations", "workers")] == before
    assert await node.named("desk").call(2) == "3"


async def test_an_endless_input_leaves_the_desk_answerable_and_new_code_refuses_it(node):
    node.named("desk").send(-1)
    await eventually(lambda: book(node).open)
    (endless,) = book(node).open
    assert await node.named("desk").call(4) == "10"

    async def killer(process):
        process.exit(endless.pid, "kill")

    node.spawn(killer)
    await eventually(lambda: not book(node).open)
    node.named("editor").send("fix")
    await eventually(lambda: node.code.stale("sums"), within=10.0)
    await node.code.apply(await node.code.plan("sums"), by="test")
    assert await node.named("desk").call(-1) == "refused: -1 is not above zero"
    await eventually(lambda: book(node).to_do == tuple(step.name for step in STEPS[:3]))


async def test_the_desk_tells_the_next_step(node):
    assert book(node).to_do == tuple(step.name for step in STEPS)
    node.named("load").send(1)
    await eventually(lambda: book(node).now == STEPS[1].text)
    await node.named("desk").call("nothing")
    await eventually(lambda: book(node).now == STEPS[2].text)


@pytest.mark.parametrize("message", ["mend", 1, None])
async def test_the_editor_knows_two_words(node, message):
    editor = node.whereis("editor")
    node.named("editor").send(message)
    await eventually(lambda: 'it takes "fix" or "break"' in editor._process.extra.doing)
    assert not node.code.stale("sums")


def test_a_line_is_drawn_from_zero():
    assert line([]) == ""
    assert line([0, 0]) == "▁▁"
    assert line([0, 5, 10]) == "▁▅█"
    assert line([0.5], 1.0) == "▅"


def test_the_lowest_second_is_that_of_two_samples_and_a_stall_that_is_made_up_for_counts_half():
    steady = [Sample(at / 2, 100 * at, 200.0, 0.1) for at in range(5)]
    assert lowest(steady) == 200
    stalled = [*steady, Sample(3.0, 410, 10.0, 0.1), Sample(3.1, 620, 2100.0, 0.1)]
    assert lowest(stalled) == pytest.approx(110 / 1.5)
