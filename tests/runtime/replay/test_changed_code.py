"""Replay on changed code: a planted difference is shown, at the step where it begins, and what runs is left alone."""

from __future__ import annotations

import sys

import pytest

from runtime import ChildSpec
from runtime.errors import CodeError
from runtime.replay import Recording, record, replay
from tests.support.recorded import Tale

SOURCE = """
    from dataclasses import dataclass, replace
    from runtime import Reply, Server
    from {package}rates import fee

    @dataclass(frozen=True)
    class Account:
        balance: int = 0

    @dataclass(frozen=True)
    class Deposit:
        amount: int

    class Bank(Server):
        strict = True

        def init(self):
            return Account()

        def handle_call(self, message, caller, state):
            return Reply(state, state)

        def handle_cast(self, message, state):
            return replace(state, balance=state.balance + message.amount - fee(message.amount))
"""
FEE = """
    def fee(amount):
        return 0
"""


@pytest.fixture
def bank(disk):
    disk.load("rates", FEE)
    return disk.load("teller", SOURCE.format(package=""))


def tale(bank):
    return (
        Tale(bank.Bank)
        .handled("cast", bank.Deposit(5), bank.Account(0), bank.Account(5))
        .handled("call", "state", bank.Account(5), bank.Account(5), bank.Account(5))
        .handled("cast", bank.Deposit(200), bank.Account(5), bank.Account(205))
        .handled("cast", bank.Deposit(1), bank.Account(205), bank.Account(206))
    )


def other(disk, name, old, new):
    """A file with changed code, which nobody imports."""
    text = (disk.path / name).read_text()
    assert old in text
    made = disk.path / "elsewhere" / name
    made.parent.mkdir(exist_ok=True)
    made.write_text(text.replace(old, new))
    return str(made)


async def test_the_same_code_from_a_file_makes_no_difference(node, disk, bank):
    report = await replay(node, tale(bank).recording(), code=str(disk.path / "teller.py"))
    assert report.identical
    assert report.replayed.startswith("teller.py ")


@pytest.mark.parametrize(("mode", "steps"), [("lock-step", [3]), ("free", [3, 4])])
async def test_a_planted_difference_is_shown_where_it_begins(node, disk, bank, mode, steps):
    path = other(disk, "teller.py", "- fee(", "- (message.amount > 100) - fee(")
    report = await replay(node, tale(bank).recording(), code=path, mode=mode)
    assert [step.number for step in report.differing] == steps
    (change,) = report.differing[0].differences[0].changes
    assert (change.path, change.before, change.after) == ("balance", 205, 204)
    assert (report.first, report.same) == (3, 4 - len(steps))


async def test_what_runs_is_left_alone(node, disk, bank):
    path = other(disk, "teller.py", "- fee(", "- 1 - fee(")
    await replay(node, tale(bank).recording(), code=path)
    assert sys.modules["teller"] is bank
    assert (await replay(node, tale(bank).recording())).identical


async def test_a_changed_helper_is_executed_with_the_behaviour_against_it(node, disk, bank):
    path = other(disk, "rates.py", "return 0", "return amount // 100")
    report = await replay(node, tale(bank).recording(), code=path, module="rates")
    assert [step.number for step in report.differing] == [3]
    disk.edit("rates", "return 0", "return 1")
    edited = await replay(node, tale(bank).recording(), code=str(disk.path / "rates.py"))
    assert [step.number for step in edited.differing] == [1, 3, 4]


async def test_states_and_messages_come_over_as_in_an_upgrade(node, disk, bank):
    path = other(disk, "teller.py", "balance: int = 0", "balance: int = 0\n    currency: str = 'EUR'")
    assert (await replay(node, tale(bank).recording(), code=path)).identical
    hooked = other(
        disk,
        "teller.py",
        "    strict = True\n",
        "    strict = True\n\n"
        "    @staticmethod\n    def code_change(version, state):\n        return Account(state['balance'] * 100)\n\n"
        "    @staticmethod\n    def message_change(version, message):\n        return Deposit(message['amount'] * 100)\n",
    )
    for mode in ("lock-step", "free"):
        report = await replay(node, tale(bank).recording(), code=hooked, mode=mode)
        assert [step.differences[0].what for step in report.differing] == [
            "reply"
        ]  # which `code_change` does not see
    gone = other(disk, "teller.py", "balance: int = 0", "amount: int")
    report = await replay(node, tale(bank).recording(), code=gone)
    assert {step.differences[0].what for step in report.differing} == {"unreadable"}
    assert len(report.differing) == 4


async def test_code_that_cannot_be_replayed_is_refused_in_words(node, disk, bank, tmp_path):
    recording = tale(bank).recording()
    for name, text, why in (
        ("broken.py", "def", "syntax error"),
        ("empty.py", "", "no Server Bank"),
        ("raising.py", "1 / 0", "ZeroDivisionError"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(CodeError, match=why):
            await replay(node, recording, code=str(tmp_path / name))
    with pytest.raises(CodeError, match="cannot be read"):
        await replay(node, recording, code=str(tmp_path / "none.py"))
    with pytest.raises(ValueError, match="lock-step"):
        await replay(node, recording, mode="fast")
    del bank.Bank
    with pytest.raises(CodeError, match="no Bank any more"):
        await replay(node, recording)


async def test_a_real_run_on_changed_code_and_after_an_upgrade(node, disk, bank):
    pid = await node.start(ChildSpec("teller", bank.Bank))
    recorder = record(pid)
    for amount in (5, 200, 1):
        pid.cast(bank.Deposit(amount))
    assert await pid.call("state") == bank.Account(206)
    recording = Recording.of(recorder.packed())
    assert (await replay(node, recording)).identical
    path = other(disk, "teller.py", "- fee(", "- (message.amount > 100) - fee(")
    report = await replay(node, recording, code=path)
    assert [(step.number, step.differences[0].changes[0].path) for step in report.differing] == [
        (2, "balance")
    ]
    assert await pid.call("state") == bank.Account(206)

    disk.edit("teller", "balance: int = 0", "balance: int = 0\n    currency: str = 'EUR'")
    disk.edit("teller", "- fee(", "- (message.amount == 1) - fee(")
    await node.code.apply("teller")
    before = Recording.of(recorder.packed(), pid.number)
    report = await replay(node, before)
    assert report.recorded != report.replayed
    assert [step.number for step in report.differing] == [3]
    assert "recorded on other code" in report.notes[-1]
