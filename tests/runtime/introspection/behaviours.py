"""What the nodes under test run."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace

import pydantic

from runtime import ChildSpec, Continue, NoReply, Reply, Server, Supervisor

redacted_in: list[int] = []
"""The threads in which `redact` ran."""
gates: dict[str, threading.Event] = {}
"""What holds a loop until the test lets it go."""


def gate(name):
    """The gate of this name; tests wait for `held(name)` and open it with `gate(name).set()`."""
    return gates.setdefault(name, threading.Event())


def hold(name):
    """Hold the loop."""
    gate(name + " held").set()
    assert gate(name).wait(20)


def held(name):
    assert gate(name + " held").wait(10)


@dataclass(frozen=True)
class Deposit:
    amount: int
    tags: tuple[str, ...] = ()

    def __post_init__(self):
        if self.amount == 13:
            raise ValueError("an unlucky amount")
        if self.amount == 14:
            raise KeyError("oops")


class Transfer(pydantic.BaseModel):
    to: str
    amount: int = pydantic.Field(gt=0)


class Unmakeable:
    pass


class Account(Server):
    accepts = (Deposit, Transfer, Unmakeable)
    counters = ("deposits", "tokens")

    def init(self, owner):
        return {"owner": owner, "balance": 0, "api_key": "sk-123"}

    def handle_call(self, message, caller, state):
        match message:
            case Deposit(amount):
                self.count("deposits")
                self.count("tokens", amount)
                return Reply(state["balance"] + amount, state | {"balance": state["balance"] + amount})
            case "balance":
                return Reply(state["balance"], state)
            case "later":
                return NoReply(state)
            case "password":
                return Reply({"password": "hunter2"}, state)
            case _:
                raise ValueError(f"not for an account: {message!r}")

    def handle_cast(self, message, state):
        self.progress(f"cast {type(message).__name__}")
        return state | {"last": message}

    def handle_info(self, message, state):
        return state | {"info": message}


class Stuck(Server):
    """Holds the loop in every way there is, or only itself."""

    def init(self, name="stuck"):
        return name

    def handle_call(self, message, caller, name):
        return self.handle_cast(message, name)

    def handle_cast(self, message, name):
        match message:
            case "plain":
                self.spin(name)
            case "async":
                return self.later(name)
            case "task":
                self.task(self.work(name))
            case "await":
                return self.forever(name)
        return name

    def spin(self, name):
        hold(name)

    async def later(self, name):
        await asyncio.sleep(0)
        self.spin(name)
        return name

    async def work(self, name):
        await asyncio.sleep(0)
        self.spin(name)

    async def forever(self, name):
        await self.inner()
        return name

    async def inner(self):
        await asyncio.Event().wait()


class Redacting(Server):
    """Shows nothing but what its `redact` lets through."""

    mode = "ok"

    def init(self, secret):
        return {"mine": secret, "mode": "ok"}

    def handle_call(self, message, caller, state):
        return Reply(message, state)

    def handle_cast(self, message, state):
        if message == "crash":
            raise RuntimeError("crash")
        return {**state, "mode": message}

    @staticmethod
    def redact(value):
        redacted_in.append(threading.get_ident())
        match Redacting.mode:
            case "raise":
                raise ValueError("hunter2")
            case "exit":
                raise SystemExit("hunter2")
            case "stuck":
                hold("redact")
        return "redacted"


@dataclass
class Notes:
    lines: list = field(default_factory=list)


class Mutable(Server):
    """Changes its state in place."""

    def init(self):
        return Notes(["one"])

    def handle_cast(self, message, notes):
        notes.lines.append(message)
        return notes


@dataclass(frozen=True)
class Steps:
    done: int = 0


class Worker(Server):
    def init(self, *args):
        return Continue("begin", Steps()) if args == ("continue",) else Steps()

    def handle_continue(self, message, steps):
        return replace(steps, done=steps.done + 1)

    def handle_cast(self, message, steps):
        match message:
            case "crash":
                raise ValueError("hunter2")
            case ("label", text):
                self.label = text
            case ("doing", text):
                self.progress(text)
            case ("exit", reason):
                from runtime import Stop

                return Stop(reason, steps)
            case ("monitor", name):
                self.monitor(name)
            case ("timer", seconds):
                self.send_after(seconds, "ring")
        return steps

    def handle_info(self, message, steps):
        return steps


def bank():
    """The tree of most tests."""
    return Supervisor(
        [
            ChildSpec("alice", Account, "Alice"),
            ChildSpec("bob", Account, "Bob"),
            ChildSpec(
                "desks", Supervisor([ChildSpec(f"desk-{n}", Worker) for n in range(3)], max_restarts=50)
            ),
        ],
        strategy="one_for_all",
        name="bank",
    )
