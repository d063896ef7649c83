"""What the script calls wrong: on a node of ready-made answers, where everything else is right."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from demo.soul import script
from demo.soul.meter import EVERY, Sample
from demo.soul.script import perform
from runtime.port.contract import Code, Failure

PID = "<0.900.0>"


class Ready:
    """An operator whose node does everything as it should, in no time."""

    def __init__(self):
        self.fixed = False
        self.crashes = 0
        self.workers = 0
        self.restarts = 0
        self.killed = False
        self.parks = itertools.count(0, 100)
        self.rate = lambda: 1000.0

    def send(self, process, message):
        if process == "load":
            self.workers = message
        if process == "editor":
            self.stale = True

    def call(self, process, message, within=5.0):
        if message == script.BAD:
            self.crashes += 1
            return "no answer, it has ended: ValueError: invalid"
        if message == script.ENDLESS:
            return "refused: -1 is not above zero"
        return str(message * (message + 1) // 2)

    def node(self):
        return SimpleNamespace(
            processes=8 + self.workers, crashes=self.crashes, restarts=self.restarts,
            slicing=SimpleNamespace(parks=next(self.parks)),
        )  # fmt: skip

    def samples(self):
        rates = [self.rate() for _ in range(20)]
        return [
            Sample(1e12 + number * EVERY, int(sum(rates[: number + 1]) * EVERY), rates[number], 0.3)
            for number in range(20)
        ]

    def first_by_reductions(self):
        return SimpleNamespace(pid=PID, label="sum to -1", reductions_delta=900.0)

    def has(self, pid):
        return not self.killed

    def stack(self, pid):
        return SimpleNamespace(frames=[SimpleNamespace(function="total", line=23, source="while n != 0:")])

    def kill(self, pid):
        self.killed = pid == PID

    def module(self):
        return SimpleNamespace(version="b" if self.fixed else "a", stale=not self.fixed, on_old=0)

    def reload(self):
        self.fixed = True
        pauses = SimpleNamespace(p99=0.00001, longest=0.0001)
        return SimpleNamespace(done=True, reason="", processes=self.workers, took_s=0.1, pauses=pauses)

    def until(self, check, what, within):
        value = check()
        if value is None:
            raise Failure(Code.TIMEOUT, f"{what}: not within {within:g} s")
        return value

    def sees(self, check, what, within):
        self.until(lambda: True if check() else None, what, within)


def run(operator):
    return perform(operator, 1000, 1.0)


def failed(report):
    """The step that has failed, and why."""
    *before, last = report.checks
    assert all(check.ok for check in before)
    assert not report.ok
    return last.step, last.text


def test_all_is_well_where_all_is_well():
    report = run(Ready())
    assert report.ok
    assert len(report.checks) == 7
    assert report.text().endswith("the node that joins comes with distribution\n")
    assert [step["ok"] for step in report.document()["steps"]] == [True] * 7


def test_throughput_that_falls_is_found():
    operator = Ready()
    rates = itertools.chain([1000.0] * 30, itertools.repeat(400.0))
    operator.rate = lambda: next(rates)
    step, text = failed(run(operator))
    assert step == "2 a bad input"
    assert text.endswith("lowest second 40% of the median")


def test_a_load_that_is_too_much_is_found():
    operator = Ready()
    operator.rate = lambda: 499.0
    assert failed(run(operator))[0] == "1 load"


@pytest.mark.parametrize(
    ("name", "wrong", "step"),
    [
        ("call", lambda process, message, within=5.0: "5050", "2 a bad input"),
        ("stack", lambda pid: SimpleNamespace(frames=[]), "5 kill it"),
        ("kill", lambda pid: None, "5 kill it"),
        ("first_by_reductions", lambda: SimpleNamespace(pid="<0.1.0>", label=None), "4 an endless one"),
        ("reload", lambda: SimpleNamespace(done=False, reason="`Worker` is gone"), "6 new code"),
        ("module", lambda: SimpleNamespace(version="a", stale=True, on_old=0), "6 new code"),
    ],
)
def test_whatever_is_wrong_is_called_so(name, wrong, step):
    operator = Ready()
    setattr(operator, name, wrong)
    assert failed(run(operator))[0] == step


@pytest.mark.parametrize("what", ["crashes", "restarts", "workers"])
def test_a_bad_input_that_harms_more_than_its_computation_is_found(what):
    operator = Ready()
    call = operator.call

    def harm(process, message, within=5.0):
        setattr(operator, what, getattr(operator, what) + 1)
        return call(process, message, within)

    operator.call = harm
    assert failed(run(operator))[0] == "2 a bad input"


def test_new_code_that_still_takes_a_negative_number_is_found():
    operator = Ready()
    call = operator.call
    operator.call = lambda process, message, within=5.0: (
        "0" if message == -1 else call(process, message, within)
    )
    assert failed(run(operator))[0] == "7 try again"


def test_the_reason_of_a_refused_upgrade_is_told():
    operator = Ready()
    operator.reload = lambda: SimpleNamespace(done=False, reason="`Worker` is gone")
    assert "`Worker` is gone" in failed(run(operator))[1]
