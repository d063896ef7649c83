"""Joe Armstrong's six rules for systems that run for ever, one test each, on this runtime.

Isolation, concurrency, failure detection, fault identification, live code upgrade, stable storage. The sixth kills a whole node with a signal that nobody can catch.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import ChildSpec, Down, Exit, Node, ProcessDied, Reply, Server, Supervisor
from tests.support.eventually import eventually
from tests.support.processes import OopsError, end_of, serve

ROOT = Path(__file__).parents[2]


class Account(Server):
    """Holds an amount; a wrong message is its end."""

    def init(self, amount=0):
        return amount

    def handle_call(self, message, caller, amount):
        match message:
            case ("add", more):
                return Reply(amount + more, amount + more)
            case "spin":
                while True:
                    pass
        raise OopsError(message)

    def handle_cast(self, message, amount):
        return self.handle_call(message, None, amount).state


class Watcher(Server):
    """Keeps what it hears."""

    trap_exits = True

    def init(self):
        return ()

    def handle_call(self, message, caller, heard):
        match message:
            case ("monitor", pid):
                return Reply(self.monitor(pid), heard)
            case ("link", pid):
                self.link(pid)
                return Reply("linked", heard)
        return Reply(heard, heard)

    def handle_info(self, message, heard):
        return (*heard, message)


async def test_1_isolation_the_failure_of_a_process_leaves_every_other_as_it_was():
    async with Node("rules", introspection=False) as node:
        good, bad = await serve(node, Account, 10), await serve(node, Account, 10)
        shared = [1, 2]
        with pytest.raises(ProcessDied):
            await bad.call(("nonsense", shared))
        assert await good.call(("add", 5)) == 15
        assert not bad.alive
        assert shared == [1, 2]  # what was sent was a copy


async def test_2_concurrency_a_process_that_never_returns_stops_no_other():
    async with Node("rules", introspection=False) as node:
        pids = [await serve(node, Account) for _ in range(100)]
        pids[0].cast("spin")
        for pid in pids[1:]:
            assert await pid.call(("add", 1)) == 1
        assert pids[0].alive


async def test_3_failure_detection_others_are_told_of_an_end_by_monitors_and_links():
    async with Node("rules", introspection=False) as node:
        watcher, account = await serve(node, Watcher), await serve(node, Account)
        ref = await watcher.call(("monitor", account))
        await watcher.call(("link", account))
        account.cast("nonsense")
        await end_of(account)
        heard = await eventually(lambda: len(watcher._process.state) == 2 and watcher._process.state)
        (down,) = [it for it in heard if isinstance(it, Down)]
        (exit_,) = [it for it in heard if isinstance(it, Exit)]
        assert (down.ref, down.pid, exit_.pid) == (ref, account, account)


async def test_4_fault_identification_what_is_told_says_who_failed_why_and_where():
    async with Node("rules", introspection=False) as node:
        watcher, account = await serve(node, Watcher), await serve(node, Account, 7)
        await watcher.call(("monitor", account))
        account.cast("nonsense")
        (down,) = await eventually(lambda: watcher._process.state)
        assert isinstance(down.reason, OopsError)
        report = node.ledger.crashes[-1]
        assert report.number == account.number
        assert "raise OopsError(message)" in report.traceback
        assert report.last_state == 7


COUNTER = """
from runtime import Reply, Server

class Counter(Server):
    def init(self):
        return 0

    def handle_call(self, step, caller, total):
        return Reply(("first code", total + step), total + step)
"""


async def test_5_live_code_upgrade_a_process_goes_on_with_new_code_where_the_old_one_stood(
    tmp_path, monkeypatch
):
    file = tmp_path / "counter_of_rule_five.py"
    file.write_text(COUNTER)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module(file.stem)
    async with Node("rules", introspection=False) as node:
        pid = await node.start(ChildSpec("counter", module.Counter))
        assert await pid.call(1) == ("first code", 1)
        file.write_text(COUNTER.replace("first code", "second code"))
        waiting = [asyncio.ensure_future(pid.call(1)) for _ in range(100)]
        await node.code.apply(file.stem, by="the claim")
        totals = sorted(total for _, total in await asyncio.gather(*waiting))
        assert totals == list(range(2, 102))
        assert await pid.call(1) == ("second code", 102)
        assert pid.alive
        await node.code.rollback(file.stem, by="the claim")
        assert await pid.call(1) == ("first code", 103)
    del sys.modules[file.stem]


NODE = """
import asyncio, sqlite3, sys
from runtime import ChildSpec, Node, Reply, Server

class Ledger(Server):
    def init(self, path):
        db = self.resource("db")
        db.execute("CREATE TABLE IF NOT EXISTS entries (amount INTEGER)")
        return sum(amount for amount, in db.execute("SELECT amount FROM entries"))

    def handle_call(self, amount, caller, total):
        db = self.resource("db")
        with db:                      # on disk before anybody is told
            db.execute("INSERT INTO entries VALUES (?)", (amount,))
        return Reply(total + amount, total + amount)

async def main(path):
    db = sqlite3.connect(path)
    async with Node("ledger", introspection=False, resources={"db": db}) as node:
        pid = await node.start(ChildSpec("ledger", Ledger, path))
        print(await pid.call(0), flush=True)
        for line in iter(sys.stdin.readline, ""):
            print(await pid.call(int(line)), flush=True)

asyncio.run(main(sys.argv[1]))
"""


def test_6_stable_storage_what_was_answered_survives_the_sudden_death_of_the_node(tmp_path):
    path = tmp_path / "ledger.db"
    program = NODE

    def node():
        return subprocess.Popen(
            [sys.executable, "-c", program, str(path)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def ask(process, amount):
        process.stdin.write(f"{amount}\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    first = node()
    try:
        assert int(first.stdout.readline()) == 0
        assert [ask(first, amount) for amount in (5, 10, 20)] == [5, 15, 35]
        first.send_signal(signal.SIGKILL)
    finally:
        first.kill()
        first.communicate()
    second = node()
    try:
        assert int(second.stdout.readline()) == 35
        assert ask(second, 7) == 42
    finally:
        second.kill()
        second.communicate()


async def test_a_state_in_stable_storage_survives_the_crash_of_its_process_too(tmp_path):
    import sqlite3

    class Ledger(Server):
        def init(self):
            rows = self.resource("db").execute("SELECT amount FROM entries WHERE typeof(amount) = 'integer'")
            return sum(amount for (amount,) in rows)

        def handle_call(self, amount, caller, total):
            with self.resource("db") as db:
                db.execute("INSERT INTO entries VALUES (?)", (amount,))
            return Reply(total + amount, total + amount)

    db = sqlite3.connect(tmp_path / "ledger.db")
    db.execute("CREATE TABLE entries (amount INTEGER)")
    async with Node("rules", introspection=False, resources={"db": db}) as node:
        await node.start(Supervisor([ChildSpec("ledger", Ledger)]))
        ledger = node.named("ledger")
        assert await ledger.call(40) == 40
        with pytest.raises(ProcessDied):
            await ledger.call("not a number, which sqlite stores and Python cannot add")
        await eventually(lambda: node.whereis("ledger"))
        assert await ledger.call(2) == 42
    db.close()
