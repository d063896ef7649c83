"""Billing: takes the bills of calls that have ended, and enters them in the exchange's account."""

from __future__ import annotations

from dataclasses import dataclass

from demo.exchange.accounts import Accounts
from demo.exchange.signals import Bill
from runtime import Caller, Reply, Request, Server

__all__ = ["Billing", "Enter"]


@dataclass(frozen=True, slots=True)
class Enter(Request[int]):
    """Answered when every bill that was there before is entered: how many there were."""


class Billing(Server[int]):
    """The state: how many bills there were. What they add up to is in `Accounts`, a resource, which outlives it."""

    counters = ("bills",)

    def init(self) -> int:
        """Go on where the account stands."""
        accounts: Accounts = self.resource(Accounts)
        return accounts.bills

    def handle_call(self, message: Enter, caller: Caller[int], bills: int, /) -> Reply[int]:
        """By now they are."""
        del message, caller
        return Reply(bills, bills)

    def handle_cast(self, bill: Bill, bills: int, /) -> int:
        """Enter a bill."""
        accounts: Accounts = self.resource(Accounts)
        accounts.bill(bill.caller, bill.callee, bill.ended, bill.seconds)
        self.count("bills", 1)
        self.progress(f"{accounts.bills:,} calls, {accounts.billed:,} s billed")
        return bills + 1
