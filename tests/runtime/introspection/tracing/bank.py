"""What is traced: messages that go on, states, a secret, a `redact` of its own, and a crash."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from runtime import Reply, Server
from runtime.port.contract import TraceRead

SECRET = "sk-very-secret"
broken = threading.Event()
"""While it is set, `redact` of `Bank` raises."""


@dataclass(frozen=True)
class Deposit:
    amount: int
    api_key: str = SECRET


class Account(Server):
    accepts = (Deposit,)

    def init(self):
        return {"balance": 0, "api_key": SECRET}

    def handle_cast(self, message, state):
        if message == "crash":
            raise ValueError("asked to crash")
        amount = message["amount"] if isinstance(message, dict) else message.amount
        return {**state, "balance": state["balance"] + amount}

    def handle_call(self, message, caller, state):
        return Reply(state["balance"], state)


class Bank(Server):
    """Its values are secret as a whole: nothing in their names says so."""

    @staticmethod
    def redact(value):
        if broken.is_set():
            raise RuntimeError("redact is broken")
        return "by redact"

    def init(self):
        return f"state {SECRET}"

    def handle_cast(self, message, state):
        if message == "crash":
            raise ValueError("asked to crash")
        return f"state {SECRET}."

    def handle_call(self, message, caller, state):
        return Reply(f"reply {SECRET}", state)


class Clerk(Server):
    def init(self):
        return 0

    def handle_cast(self, message, count):
        self.named("alice").cast(message)
        self.named("bob").cast(f"note {SECRET}")
        return count + 1

    def handle_call(self, message, caller, count):
        self.named("alice").cast(message)
        return Reply(count, count)

    def handle_info(self, message, count):
        time.sleep(message)
        return count


def read_all(client, session, within=10.0):
    """All records of a session to its end, and the end."""
    records, deadline = [], time.monotonic() + within
    while True:
        page = client.ask(TraceRead(session=session.session, wait_s=1.0))
        records += page.records
        if page.over:
            return records, page.session.end
        assert time.monotonic() < deadline, "the session does not end"
