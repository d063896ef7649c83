"""What the generated scripts are good for: a runtime that is broken in one place is found by them.

Each mutation is one thing that the runtime does wrong. The scripts are the first of `test_differential.py`, which the runtime as it is
passes; they are run up to the first that tells.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from runtime import exits
from runtime.groups.groups import _Memberships
from runtime.registry.directory import Directory
from runtime.registry.entries import Entries
from runtime.registry.registry import Registry
from runtime.signals import Down, Left
from runtime.supervision import engine, registration
from tests.differential.comparison import difference
from tests.differential.observer_side import observe
from tests.differential.script import scripts

pytestmark = pytest.mark.differential

EXAMPLES = 200


@pytest.fixture(scope="module")
def observed(beam):
    """Generated scripts, and what OTP does with them."""
    found = []

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(script=scripts())
    def collect(script):
        found.append((script, beam.observe(script)))

    collect()
    return found


def entries_stay(patch):
    patch.setattr(Entries, "release", lambda *_: None)


def names_stay(patch):
    patch.setattr(
        Directory, "release", lambda self, process: [t.release(process) for t in self.tables.values()]
    )
    patch.setattr(Directory, "find", lambda self, name: self._names.get(name))


def leaving_is_told_once(patch):
    tell = _Memberships.tell

    def once(self, kind, group, pids):
        tell(self, kind, group, pids[:1] if kind is Left else pids)

    patch.setattr(_Memberships, "tell", once)


def leaving_is_not_told(patch):
    patch.setattr(_Memberships, "dropped", Entries.dropped)


def a_taken_key_is_taken_away(patch):
    claim = registration.claim

    def takes(spec, process):
        if (place := registration.key_of(spec)) is not None:
            for pid, _ in place[0].lookup(process.pid, place[1]):
                place[0].unregister(pid, place[1])
        claim(spec, process)

    patch.setattr("runtime.node.claim", takes)


def only_the_first_start_gets_the_key(patch):
    claim = registration.claim
    patch.setattr("runtime.node.claim", lambda spec, process: None if spec.ends else claim(spec, process))


def a_key_may_be_registered_twice(patch):
    def register(self, process, key, value=None):
        self._table(process).add(process._process, key, value)

    patch.setattr(Registry, "register", register)


def monitors_say_normal(patch):
    notify = exits._notify

    def wrong(process, ref, watcher, reason):
        peer = not callable(watcher) and watcher.child is not None
        notify(process, ref, watcher, "normal" if peer else reason)

    patch.setattr(exits, "_notify", wrong)


def monitors_of_the_dead_say_normal(patch):
    patch.setattr(
        exits, "Down", lambda ref, pid, reason: Down(ref, pid, "normal" if reason == "noproc" else reason)
    )


def a_link_kills_with_killed(patch):
    signal = exits.signal

    def wrong(process, reason, sender=None, by=None, *, linked=False):
        peer = linked and sender is not process.parent and process is not sender.parent
        signal(process, "killed" if peer else reason, sender, by, linked=linked)

    patch.setattr(exits, "signal", wrong)


def a_normal_end_kills_by_a_link(patch):
    signal = exits.signal

    def wrong(process, reason, sender=None, by=None, *, linked=False):
        told = "shutdown" if linked and reason == "normal" and process is not sender.parent else reason
        signal(process, told, sender, by, linked=linked)

    patch.setattr(exits, "signal", wrong)


def groups_are_restarted_in_reverse(patch):
    affected = engine.affected
    patch.setattr(engine, "affected", lambda *args: affected(*args)[::-1])


MUTATIONS = [
    entries_stay,
    names_stay,
    leaving_is_told_once,
    leaving_is_not_told,
    a_taken_key_is_taken_away,
    only_the_first_start_gets_the_key,
    a_key_may_be_registered_twice,
    monitors_say_normal,
    monitors_of_the_dead_say_normal,
    a_link_kills_with_killed,
    a_normal_end_kills_by_a_link,
    groups_are_restarted_in_reverse,
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_runtime_is_found(observed, monkeypatch, mutation):
    mutation(monkeypatch)
    assert first_told(observed) is not None


def first_told(observed):
    """The number of the first script that is observed otherwise, or not to its end; None where all are alike."""
    for number, (script, otp) in enumerate(observed):
        try:
            told = difference(script, otp, asyncio.run(observe(script)))
        except Exception:
            return number
        if told:
            return number
    return None
