"""The garbage collector is never left in the middle: it keeps the heads of its lists on the C stack."""

import gc
import threading

from runtime import Interrupted
from runtime.preemption.guards import Collections
from tests.support.processes import serve
from tests.support.slicing import Does, parks_inside, sliced, slicer, spin


async def test_a_step_is_not_switched_during_garbage_collection():
    def collect(stay):
        class Cyclic:
            def __init__(self):
                self.itself = self

            def __del__(self):
                stay()

        gc.collect()
        Cyclic()
        gc.collect()

    assert await parks_inside(collect) == 0


async def test_a_collection_is_not_switched_even_after_interruptions():
    survived = []

    class Cyclic:
        def __init__(self):
            self.itself = self

        def __del__(self):
            while len(survived) < 6:
                try:
                    spin(lambda: False)
                except Interrupted:
                    survived.append(slicer(node).parks)

    def job(process):
        gc.collect()
        Cyclic()
        gc.collect()

    async with sliced(job=job) as node:
        pid = await serve(node, Does)
        await pid.call("job", timeout=20)
    assert len(survived) == 6
    assert len(set(survived)) == 1


async def test_nobody_looks_at_collections_once_the_node_has_stopped():
    before = gc.callbacks[:]
    async with sliced():
        assert len(gc.callbacks) == len(before) + 2
    assert gc.callbacks == before


def test_a_collection_in_another_thread_holds_no_step_of_this_one():
    inside, seen_here, told = threading.Event(), threading.Event(), []

    class Cyclic:
        def __init__(self):
            self.itself = self

        def __del__(self):
            told.append(collections.going_on())
            inside.set()
            seen_here.wait(10)

    def collect():
        Cyclic()
        gc.collect()

    gc.collect()
    collections = Collections()
    thread = threading.Thread(target=collect)
    try:
        thread.start()
        assert inside.wait(10)
        assert not collections.going_on()
    finally:
        seen_here.set()
        thread.join(10)
        collections.close()
    assert told == [True]
