"""Chaos in its short form. The long one is part of `make soak`; `python -m tests.chaos --help` says how to repeat a run."""

import random

from runtime import exits
from runtime.groups.groups import _Memberships
from tests.chaos.chaos import chaos
from tests.chaos.world import World

SEED = 1986


def test_in_chaos_nothing_is_lost_told_twice_or_left_behind():
    found = chaos(SEED, cells=300, seconds=4.0)
    assert not found.wrong, f"seed {SEED}\n" + "\n".join(found.wrong)
    assert found.world.deaths > 20
    assert found.world.downs > 20
    assert found.world.exits > 5
    assert found.world.answers > 100
    assert found.handled > 2_000


def test_a_monitor_that_tells_twice_is_found(monkeypatch):
    once = exits._notify

    def twice(*args):
        once(*args)
        once(*args)

    monkeypatch.setattr(exits, "_notify", twice)
    assert any("twice" in text for text in chaos(SEED, cells=40, seconds=1.0).wrong)


def test_an_entry_that_stays_is_found(monkeypatch):
    monkeypatch.setattr(_Memberships, "release", lambda *_: None)
    wrong = chaos(SEED, cells=40, seconds=1.0).wrong
    assert any("has not left its group" in text for text in wrong)
    assert any(text.startswith("members: ") for text in wrong)


def test_reasons_that_are_not_the_same_for_all_are_found(monkeypatch):
    honest = exits._notify

    def confused(process, ref, watcher, reason):
        confusing = not callable(watcher) and process.number % 2 and watcher.number % 2
        honest(process, ref, watcher, "normal" if confusing else reason)

    monkeypatch.setattr(exits, "_notify", confused)
    assert any("for another" in text for text in chaos(SEED, cells=40, seconds=1.0).wrong)


def test_a_message_that_is_lost_is_found(monkeypatch):
    drawn = random.Random(SEED)
    honest = World.send

    def forgets(world, sender, to):
        if drawn.random() < 0.01 and to.alive:
            world.sent[to.number][sender] += 1
        else:
            honest(world, sender, to)

    monkeypatch.setattr(World, "send", forgets)
    assert any(
        " messages of " in text or " after " in text for text in chaos(SEED, cells=40, seconds=1.0).wrong
    )
