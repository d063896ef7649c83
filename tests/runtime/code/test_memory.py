"""The memory of versions that nobody can go back to is released."""

import gc
import weakref

from runtime import ChildSpec
from tests.support.agents_sources import COUNTER, LIGHT, WORKER
from tests.support.eventually import eventually


def of(*modules):
    """Weak references to all classes and functions of modules, and to the modules."""
    found = []
    for module in modules:
        found.append(weakref.ref(module))
        found += [
            weakref.ref(item)
            for item in vars(module).values()
            if getattr(item, "__module__", None) == module.__name__
        ]
    return found


def alive(references):
    for _ in range(3):
        gc.collect()
    return [reference() for reference in references if reference() is not None]


async def test_after_an_upgrade_and_a_purge_nothing_of_the_old_version_is_left(disk, node):
    sources = {"counter": COUNTER, "light": LIGHT, "work": WORKER}
    modules = [disk.load(name, text) for name, text in sources.items()]
    counter, light, work = modules
    pids = [await node.start(ChildSpec("c", counter.Counter)), await node.start(ChildSpec("l", light.Light))]
    pids.append(node.spawn(work.worker))
    await pids[0].call(counter.Add(1))
    pids[0].cast(counter.Add(1))
    pids[1].cast("push")
    await pids[2].call(1)
    old = of(*modules)
    assert len(old) > 8
    for name in sources:
        disk.edit(name, "(1, ", "(2, ") if name != "light" else disk.edit(name, '"on", data', '"ON", data')
    await node.code.apply(*sources)
    del modules, counter, light, work
    for pid in pids:  # the last messages are kept for a while
        pid._process.events = None
    assert alive(old), "they are kept for a rollback"
    node.code.purge()
    await eventually(lambda: not alive(old))  # what is left of the coroutine has been cancelled
    assert await pids[0].call("version") == 2


async def test_only_the_last_version_is_kept(disk, node):
    counter = disk.load("counter", COUNTER)
    pid = await node.start(ChildSpec("counter", counter.Counter))
    references = []
    for number in range(1, 5):
        references.append(of(disk.load("counter")))
        disk.edit("counter", f"Reply({number}, state)", f"Reply({number + 1}, state)")
        await node.code.apply("counter")
    del counter
    pid._process.events = None
    node.scheduler.listening.flight.clear()
    assert [bool(alive(each)) for each in references] == [False, False, False, True]


async def test_plans_that_are_not_applied_are_dropped_in_the_end(disk, node):
    counter = disk.load("counter", COUNTER)
    await node.start(ChildSpec("counter", counter.Counter))

    def versions():
        alive([])
        return (
            sum(
                issubclass(type(each), type) and type.__getattribute__(each, "__module__") == "counter"
                for each in gc.get_objects()  # classes of other tests among them, whose metaclasses may do anything
            )
            / 3
        )

    before = versions()
    for number in range(1, 9):
        disk.edit("counter", f"Reply({number}, state)", f"Reply({number + 1}, state)")
        await node.code.plan("counter")
    assert versions() <= before + 4, "the last four plans can still be applied"
