"""Hot code upgrade as its users run it: files that are edited, `observer` beside a node in a process of its own."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import tui
from tests.support.eventually import eventually_sync
from tui.cli import main

ROOT = Path(tui.__file__).parent.parent

PRICES = """
RATE = 100


def cents(euros):
    return euros * RATE
"""

AGENTS = """
import asyncio
from dataclasses import dataclass

from runtime import ChildSpec, Reply, Server, Supervisor
from shop.prices import cents


@dataclass(frozen=True)
class State:
    name: str
    cents: int = 0


class Till(Server[State]):
    def init(self, name):
        return State(name)

    async def handle_info(self, message, state):
        match message:
            case {"sleep": seconds}:
                await asyncio.sleep(seconds)
            case "crash":
                raise RuntimeError("asked to crash")
            case euros:
                return State(state.name, state.cents + cents(euros))
        return state


def tree():
    return Supervisor(
        [ChildSpec(name, Till, name) for name in ("north", "south", "west")],
        name="shop", max_restarts=100, max_seconds=1,
    )
"""

NODE = """
import asyncio
from runtime import Node
from shop.agents import tree


async def main():
    async with Node("shop") as node:
        await node.start(tree())
        print("up", flush=True)
        await node.run_forever()


asyncio.run(main())
"""

DOUBLED = AGENTS.replace("state.cents + cents(euros)", "state.cents + 2 * cents(euros)")
PICKY = DOUBLED.replace(
    "    def init",
    """    @staticmethod
    def code_change(old_version, state):
        return State(**state) if state["name"] != "south" else 1 / 0

    def init""",
)
DEAR = PRICES.replace("RATE = 100", "RATE = 1000")


class Shop:
    """A running node, the files of its modules, and the command line beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        self.folder.mkdir()
        self.write("__init__", "")
        self.write("prices", PRICES)
        self.write("agents", AGENTS)
        (folder / "node.py").write_text(NODE)
        home = {"OBSERVER_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
        foreign = ("OBSERVER_", "NO_COLOR", "COLUMNS")
        self.environment = {
            name: it for name, it in os.environ.items() if not name.startswith(foreign)
        } | home
        self.process = subprocess.Popen(
            [sys.executable, "node.py"], stdout=subprocess.PIPE, text=True, env=self.environment, cwd=folder
        )
        if self.process.stdout.readline() != "up\n":
            self.stop()
            pytest.fail("the node did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()

    def write(self, module: str, text: str) -> None:
        """Edit a module on disk."""
        (self.folder / f"{module}.py").write_text(text)

    def run(self, *argv: str) -> subprocess.CompletedProcess:
        """Run one command line."""
        done = subprocess.run(
            [sys.executable, "-m", "tui", *argv],
            capture_output=True, text=True, timeout=60, env=self.environment, cwd=self.folder.parent.parent,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def ask(self, *argv: str):
        """The answer of one command line, from its JSON; run within this process, which is ten times as fast."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            assert main([*argv, "--json"]) == 0, err.getvalue()
        return json.loads(out.getvalue())

    def pay(self, till: str, euros: int) -> int:
        """What is in a till after somebody has paid."""
        self.ask("send", till, str(euros))
        return self.ask("state", till)["value"]["cents"]

    def stale(self) -> list[str]:
        return [each["module"] for each in self.ask("modules")["modules"] if each["stale"]]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("OBSERVER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OBSERVER_NODE", raising=False)
    shop = Shop(tmp_path)
    yield shop
    shop.stop()


def test_broken_code_and_a_state_that_does_not_come_over_change_nothing_and_end_with_1(shop):
    pids = {row["name"]: row["pid"] for row in shop.ask("ps")}
    assert shop.pay("north", 3) == 300
    shop.write("agents", DOUBLED[:-20])
    assert shop.stale() == ["shop.agents"]
    for command in ("plan", "reload"):
        result = shop.run(command, "shop.agents", "--json")
        assert (result.returncode, result.stdout) == (1, "")
        assert "syntax error" in result.stderr
    shop.write("agents", PICKY)
    result = shop.run("plan", "shop.agents")
    assert result.returncode == 1
    assert "Till.code_change raised ZeroDivisionError" in result.stdout
    assert "2 come through, 1 do not" in result.stdout
    result = shop.run("reload", "shop.agents", "--json")
    assert (result.returncode, result.stdout) == (1, "")
    assert "state of south" in result.stderr
    (refused,) = shop.ask("upgrades")
    assert (refused["done"], refused["by"], refused["kind"]) == (False, "key owner", "upgrade")
    assert "state of south" in refused["reason"]
    assert shop.pay("north", 1) == 400
    assert {row["name"]: row["pid"] for row in shop.ask("ps")} == pids
    result = shop.run("plan", "shop.agnets")
    assert result.returncode == 1
    assert "did you mean shop.agents?" in result.stderr


def test_two_modules_are_upgraded_as_planned_and_rolled_back_under_the_same_processes(shop):
    assert shop.pay("north", 3) == 300
    pid = shop.ask("info", "north")["row"]["pid"]
    shop.write("agents", DOUBLED)
    shop.write("prices", DEAR)
    plan = shop.ask("plan", "shop.agents", "shop.prices")
    assert [(each["module"], each["old"] != each["new"]) for each in plan["modules"]] == [
        ("shop.prices", True),
        ("shop.agents", True),
    ]
    assert shop.pay("north", 1) == 400, "a plan touches nothing"
    upgrade = shop.ask("reload", "--plan", plan["id"])
    assert (upgrade["done"], upgrade["processes"], upgrade["left"]) == (True, 3, 0)
    assert shop.pay("north", 1) == 400 + 2 * 1000
    assert shop.stale() == []
    shop.write("agents", DOUBLED + "\n")
    result = shop.run("rollback", "shop.agents")
    assert result.returncode == 0
    assert result.stdout.startswith("rolled back  shop.agents")
    assert shop.pay("north", 1) == 2500
    assert shop.ask("info", "north")["row"]["pid"] == pid
    assert [(each["kind"], each["by"]) for each in shop.ask("upgrades")] == [
        ("rollback", "key owner"),
        ("upgrade", "key owner"),
    ]
    actions = [each for each in shop.ask("audit") if each["action"] in {"rollback", "reload"}]
    assert [each["target"] for each in actions] == ["shop.agents, shop.prices", "shop.prices, shop.agents"]


def test_an_upgrade_that_crashes_goes_back_by_itself(shop):
    shop.write("agents", DOUBLED)
    result = shop.run("reload", "shop.agents", "--guard", "2/60")
    assert result.returncode == 0
    assert "goes back by itself" in result.stderr
    assert shop.pay("west", 1) == 200
    for _ in range(2):
        old = shop.ask("info", "north")["row"]["pid"]
        shop.ask("send", "north", '"crash"')
        eventually_sync(lambda old=old: shop.ask("info", "north")["row"]["pid"] != old)
    back = eventually_sync(
        lambda: [each for each in shop.ask("upgrades") if each["by"] == "guard"], within=10
    )
    assert (back[0]["kind"], back[0]["done"]) == ("rollback", True)
    assert "2 crashes" in back[0]["reason"]
    assert shop.pay("west", 1) == 300


def test_a_step_that_does_not_end_refuses_the_upgrade_or_its_process_is_killed(shop):
    shop.write("agents", DOUBLED)
    old = shop.ask("info", "south")["row"]["pid"]
    shop.ask("send", "south", '{"sleep": 300}')
    assert shop.ask("plan", "shop.agents")["affected"][0]["busy"] == 1
    result = shop.run("reload", "shop.agents", "--deadline", "0.3")
    assert (result.returncode, result.stdout) == (1, "")
    assert "has not finished within 0.3 s" in result.stderr
    assert shop.pay("north", 1) == 100
    result = shop.run("reload", "shop.agents", "--deadline", "0.3", "--overdue", "kill")
    assert result.returncode == 0
    assert "was killed" in result.stdout
    assert shop.pay("north", 1) == 300
    eventually_sync(lambda: shop.ask("info", "south")["row"]["pid"] != old)


def test_only_an_admin_upgrades_and_anybody_may_read_what_runs(shop):
    shop.run("key", "add", "eve", "--role", "operator")
    for line in (["plan", "shop.agents"], ["reload", "shop.agents"], ["rollback", "shop.agents"]):
        result = shop.run(*line, "--key", "eve")
        assert (result.returncode, result.stdout) == (4, ""), line
        assert "admin" in result.stderr
    assert shop.ask("modules", "--key", "eve")["modules"]
    assert shop.ask("upgrades", "--key", "eve") == []
