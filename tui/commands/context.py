"""What a command works with: its arguments, its streams, and the node that it asks.

    Context.ask(Ps(...))  ->  find the node  ->  connect, prove the key  ->  ProcessPage
                                    |                    |                       |
                                    '------ contract.Failure, with its code -----'

One command is one connection, opened at its first question and closed at its end; one that waits for a node to come back
opens it anew.
"""

from __future__ import annotations

import math
import os
import time
from argparse import Namespace
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from runtime.port import client as port
from runtime.port.contract import Code, Done, Failure, PortRequest, explain
from tui.output.writer import Writer
from tui.reach import Reach

__all__ = ["EXIT_CODES", "Context"]

EXIT_CODES = {
    Code.NO_PROCESS: 1,
    Code.REFUSED: 1,
    Code.INTERNAL: 1,
    Code.BAD_REQUEST: 2,
    Code.CANNOT_CONNECT: 3,
    Code.DENIED: 4,
    Code.TIMEOUT: 5,
    Code.VERSION: 6,
}
"""How the program ends when something failed."""

GRACE = 1.0
"""Seconds beyond an action's deadline in which the node says why it was not done."""

R = TypeVar("R", bound=BaseModel)


class Context:
    """One run of one command."""

    def __init__(self, args: Namespace) -> None:
        self.args = args
        self.json: bool = getattr(args, "json", False)
        self.out = Writer()
        self._client: port.Client | None = None

    def guarded(self, run: Callable[[Context], int]) -> int:
        """Run a command; a failure is said on stderr and becomes an exit code."""
        try:
            code = run(self)
            self.out.flush()
            return code
        except Failure as failure:
            self.out.note(f"observer: {failure.message}")
            return EXIT_CODES[failure.code]
        except ValidationError as error:  # what was typed makes no request: too long, empty, or no Unicode
            self.out.note(f"observer: {explain(error)}")
            return EXIT_CODES[Code.BAD_REQUEST]
        finally:
            if self._client is not None:
                self._client.close()

    def place(self) -> port.Place:
        """The node that the command is about.

        Raises:
            Failure: there is none, or there are several and none was named.
        """
        return port.find(self.args.node or os.environ.get("OBSERVER_NODE") or None)

    def connect(self, place: port.Place, within: float = math.inf) -> port.Client:
        """A connection to a node, made with the command's key and trust, within so many seconds. The caller closes it.

        Raises:
            Failure: there is no way to it, or the key is refused.
        """
        args = self.args
        client = port.Client(
            place, key=args.key, timeout=min(args.timeout, within), ca=args.ca, fingerprint=args.fingerprint
        )
        client.connect()
        return client

    def ask(self, request: PortRequest[R], extra: float = 0.0) -> R:
        """The node's answer; it has `--timeout` seconds, and `extra` where it may take its time.

        Raises:
            Failure: the node cannot be reached, does not answer in time, or refuses.
        """
        timeout: float = self.args.timeout
        grace = GRACE if request.action else 0.0
        return self._connected().ask(request, timeout=timeout + grace + extra)

    def observe(self, request: PortRequest[R], seconds: float) -> R:
        """The node's answer after it was observed for so long.

        It measures shares of the loop, lag and changes per second only while somebody looks.

        Raises:
            Failure: as `ask`.
        """
        self.ask(request)
        time.sleep(seconds)
        return self.ask(request)

    def node_name(self) -> str:
        """What the node calls itself, as proven when connecting.

        Raises:
            Failure: the node cannot be reached.
        """
        client = self._connected()
        return client.node.name if client.node else str(client.place)

    def incarnation(self) -> str:
        """Which life of the node this is, as proven when connecting.

        Raises:
            Failure: the node cannot be reached.
        """
        client = self._connected()
        return client.node.incarnation if client.node else ""

    def reconnect(self, within: float) -> None:
        """Connect anew, within so many seconds, to the node that was asked so far, wherever it is by now, or to its next incarnation.

        Raises:
            Failure: there is no way to it, or the key is refused. The node that was asked is still the one that is meant.
        """
        before = self._connected()
        before.close()
        self._client = self.connect(Reach(before.place).place(), within)

    def done(self, request: PortRequest[Done]) -> None:
        """Have an action done, and say on stdout what was done; on stderr why it may be in vain."""
        answer = self.ask(request)
        if self.json:
            self.out.document(answer)
        else:
            self.out.line(answer.text)
        for note in answer.notes:
            self.say(note)

    def _connected(self) -> port.Client:
        if self._client is None:
            self._client = self.connect(self.place())
        return self._client

    def say(self, text: str) -> None:
        """Narrate on stderr."""
        self.out.note(text)
