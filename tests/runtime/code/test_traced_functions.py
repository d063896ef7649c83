"""Functions under trace, and an upgrade of their module meanwhile."""

import time

import pytest

from runtime import ChildSpec
from runtime.code import versions
from tests.support.agents_sources import COUNTER
from tests.support.events import Subject
from tests.support.traced import heard
from tracing.functions import Probes
from tracing.functions.instrument import sites
from tracing.functions.rewriting import untold
from tracing.tap import Tap


@pytest.fixture
def tap():
    made = Tap(time.monotonic, probes=Probes(time.monotonic, lambda: (Subject(), None, None)))
    yield made
    made.close()
    assert not sites.functions


def test_a_module_under_trace_is_known_to_run_its_file(disk, tap):
    disk.load("plain_module", "def pay(amount):\n    return amount\n")
    tap.open("alice plain_module:pay -> return")
    assert versions.of("plain_module").source is not None


async def test_an_upgrade_leaves_nothing_of_a_trace_on_old_code_nor_on_new(disk, node, tap):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    old = counter.Counter.handle_call
    session = tap.open("all counter:Counter.handle_call -> return")
    assert await pid.call(counter.Add(5)) == 5
    assert [kind for kind, *_ in heard(session)] == ["call", "return"]
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    tap.code_changed()
    assert old.__code__ is untold(old.__code__)
    assert await pid.call("version") == 2
    assert [kind for kind, *_ in heard(session)] == ["call", "return"]
    tap.stop(session)
    new = disk.load("counter").Counter.handle_call
    assert new is not old
    assert new.__code__ is untold(new.__code__)
    assert not sites.functions
    assert await pid.call("version") == 2


async def test_a_trace_that_nobody_renews_ends_cleanly_too(disk, node, tap):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    session = tap.open("all counter:Counter.handle_call")
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    assert await pid.call("version") == 2
    tap.stop(session)
    for module in (counter, disk.load("counter")):
        code = module.Counter.handle_call.__code__
        assert code is untold(code)
    await node.code.rollback("counter")
    assert await pid.call("version") == 1


async def test_a_node_goes_on_tracing_the_function_that_has_the_name_now(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    session = node.scheduler.listening.tap.open("all counter:Counter.handle_call")
    disk.edit("counter", "Reply(1, state)", "Reply(2, state)")
    await node.code.apply("counter")
    assert await pid.call("version") == 2
    assert len(heard(session)) == 1
    code = counter.Counter.handle_call.__code__
    assert code is untold(code)
