"""While much is made that lasts, nothing is collected; afterwards what was made is left alone."""

from __future__ import annotations

import gc
import threading

import pytest

from tui.tracing.lasting import lasting


@pytest.fixture(autouse=True)
def collector():
    gc.collect()
    gc.unfreeze()
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_meanwhile():
    with lasting():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_made_is_never_walked():
    with lasting():
        made = [[] for _ in range(10_000)]
    assert gc.get_freeze_count() > len(made)
    assert not any(each is made for each in gc.get_objects())


def test_it_ends_with_the_last_of_those_who_make_something():
    begun, go_on = threading.Event(), threading.Event()

    def other():
        with lasting():
            begun.set()
            go_on.wait(5)

    thread = threading.Thread(target=other)
    with lasting():
        thread.start()
        assert begun.wait(5)
    assert not gc.isenabled()
    go_on.set()
    thread.join()
    assert gc.isenabled()


def test_what_breaks_leaves_the_collector_as_it_was():
    with pytest.raises(ZeroDivisionError), lasting():
        _ = 1 / 0
    assert gc.isenabled()


def test_where_nothing_was_collected_before_nothing_is_afterwards():
    gc.disable()
    with lasting():
        pass
    assert not gc.isenabled()
    assert gc.get_freeze_count() == 0
