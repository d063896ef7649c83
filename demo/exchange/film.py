"""The film: what is done to the exchange while everybody talks, and what is checked at the end.

    version 1     callers of somebody who talks get the busy tone
    version 2     put in mid-call: they wait; but when they give up, nobody says so, and people complain of silence
    version 3     put in mid-call: no more complaints
    version 2     back, mid-call: the complaints are back
    everybody hangs up; then the account of the exchange is laid beside that of those who talked

Each part lasts until it has been seen what it is about, however slow the machine is. Nothing is taken on trust: what is checked is
what people have heard, said and noted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from demo.exchange.accounts import Accounts
from demo.exchange.billing import Enter
from demo.exchange.software import MODULE, Software
from demo.exchange.town import Town
from runtime import CodeError, Node, Upgrade

__all__ = ["Check", "Film"]

LIMIT_S = 400
"""Seconds of the town after which a part ends even though nothing of what it is about was seen."""
BILLS_S = 60.0
"""Real seconds in which the last bills are entered."""
PARTS = 4
MOST = 0.8
"""Share of the calls asked for that has to be in progress when the software changes: calls end and begin."""
HANG_UP_S = 100
"""Seconds of the town in which everybody hangs up who can."""


@dataclass(frozen=True)
class Check:
    """What was looked at, whether it was as it should be, and what was found."""

    what: str
    ok: bool
    found: str


class Film:
    """One showing.

    Attributes:
        checks: what was found; complete after `run`.
    """

    def __init__(
        self, node: Node, town: Town, accounts: Accounts, software: Software, say: Callable[[str], None]
    ) -> None:
        self.checks: list[Check] = []
        self._calls = 0
        self._node = node
        self._town = town
        self._accounts = accounts
        self._software = software
        self._say = say

    async def run(self, calls: int, seconds: float) -> None:
        """Show it all, in about so many seconds, and check."""
        town, part, self._calls = self._town, seconds / PARTS, calls
        town.software = "1"
        self._say(f"version 1: {calls:,} calls …")
        await self._until(lambda: town.in_progress >= calls, 0.0)
        await self._until(lambda: town.count("turned away", "1") + town.count("waited", "1"), part)
        if await self._change("2", "2", "call waiting is put in"):
            await self._until(lambda: town.count("gave up", "2"), part)
            if await self._change("3", "3", "the bug fix is put in"):
                await self._until(lambda: town.count("gave up", "3"), part)
                if await self._change("", "2 again", "the bug fix is rolled back"):
                    await self._until(lambda: town.count("gave up", "2 again"), part)
        self._say(f"everybody hangs up, {town.in_progress:,} calls …")
        await self._hang_up()
        self._judge()

    # --- what is done ---------------------------------------------------------------------------------

    async def _change(self, put: str, then: str, what: str) -> bool:
        """Put a version in, or roll back where none is named. Whether that was done."""
        town = self._town
        await self._until(lambda: town.in_progress >= self._calls * MOST, 0.0)
        before, town.software = town.in_progress, ""
        try:
            if put:
                self._software.put(f"v{put}")
                upgrade = await self._node.code.apply(await self._node.code.plan(MODULE), by="engineer")
            else:
                upgrade = await self._node.code.rollback(MODULE, by="engineer")
        except CodeError as error:
            self._check(f"{what}, mid-call", False, f"refused: {error}")
            return False
        town.software = then
        town.changes += 1
        old = len(self._node.code.on_old_code())
        found = _words(upgrade, before)
        self._check(f"{what}, mid-call", before >= self._calls * MOST and not old and not upgrade.left, found)
        self._say(f"{what}: {found}")
        return True

    async def _until(self, seen: Callable[[], object], least: float) -> None:
        """Let people talk for `least` seconds, and until that was seen."""
        end, limit = time.monotonic() + least, self._town.now + LIMIT_S
        while True:
            if self._town.now >= limit or (time.monotonic() >= end and seen()):
                return
            await asyncio.sleep(0.01)

    async def _hang_up(self) -> None:
        """Let everybody come to an end, and every bill be entered."""
        town = self._town
        town.closing = True
        limit = town.now + HANG_UP_S
        await self._until(lambda: town.quiet or town.now >= limit, 0.0)
        await self._node.named("billing").call(Enter(), timeout=BILLS_S)
        town.closed()

    # --- what is checked ------------------------------------------------------------------------------

    def _check(self, what: str, ok: bool, found: str) -> None:
        self.checks.append(Check(what, ok, found))

    def _judge(self) -> None:
        town, accounts = self._town, self._accounts
        away, waited = town.count("turned away", "1"), town.count("waited", "2")
        self._check(
            "version 2 has call waiting, version 1 has not",
            away > 0 and waited > 0 and not town.count("waited", "1") and not town.count("turned away", "2"),
            f"{away:,} were turned away, then {waited:,} waited",
        )
        gave_up, complaints = (
            town.count("gave up", "3"),
            [town.count("complaints", of) for of in ("2", "3", "2 again")],
        )
        self._check(
            "version 3 mends what people complained of, rolling it back unmends it",
            complaints[0] > 0 and gave_up > 0 and not complaints[1] and complaints[2] > 0,
            f"{complaints[0]:,} complaints, then {complaints[1]:,} ({gave_up:,} gave up waiting), then {complaints[2]:,}",
        )
        through = town.total("through")
        self._check(
            "calls went on through the changes",
            through > 0,
            f"{through:,} began before one and ended after it",
        )
        troubles = "".join(f"\n      {text}" for text in town.troubles)
        self._check("dropped calls", not town.dropped, f"{town.dropped:,}{troubles}")
        said, understood = town.total("said"), town.total("understood")
        self._check(
            "whatever was said was understood, once", said == understood > 0, f"{understood:,} of {said:,}"
        )
        self._check("billing is exact to the second", accounts.agree and accounts.exact > 0, _bills(accounts))


def _words(upgrade: Upgrade, in_progress: int) -> str:
    return (
        f"{in_progress:,} calls in progress, {upgrade.processes:,} processes changed, "
        f"paused for {upgrade.pauses.longest * 1e6:,.0f} µs at most"
    )


def _bills(accounts: Accounts) -> str:
    text = (
        f"{accounts.bills:,} bills, {accounts.billed:,} s; those who talked noted {accounts.notes:,} calls, {accounts.noted:,} s; "
        f"{accounts.exact:,} agree, {accounts.differing:,} differ, {accounts.unbilled:,} were not billed, "
        f"{accounts.unheard_of:,} bills are for calls that nobody had"
    )
    return "\n      ".join((text, *accounts.wrong))
