"""Events and processes for tests of tracing, without a runtime."""

from dataclasses import dataclass

from tracing.context import born


@dataclass
class Subject:
    """A process, as patterns ask for it."""

    number: int = 5
    name: str | None = "alice"
    behaviour: str = "bank.accounts:Account"
    started: float = 10.0
    ancestors: tuple = (3, 2)


def event(
    kind="receive",
    *values,
    mono=20.0,
    pid=5,
    name="alice",
    text="",
    peer=0,
    context=None,
    waited=None,
    took=None,
):
    """An event as a site of the runtime hands it over."""
    return (mono, kind, pid, name, text, peer, context, values, waited, took, None)


def conversation():
    """A story: from outside comes a call to 5, which sends to 6, whose handler raises; then 5 answers."""
    first = born("owner")
    second = (first[0], 0xABC, first[1], "owner")
    return [
        event("call", "ask", mono=1.0, pid=0, name=None, text="Deposit", peer=5, context=first),
        event("receive", "ask", mono=1.25, peer=0, context=first, waited=0.25),
        event("send", "note", mono=1.375, peer=6, text="Note", context=second),
        event("receive", "note", mono=1.5, pid=6, name="book", peer=5, context=second, waited=0.125),
        event("raised", "note", 0, ValueError("no"), mono=1.75, pid=6, name="book", text="handle_info", peer=5, context=second, took=0.25),
        event("crash", ValueError("no"), mono=1.75, pid=6, name="book", text="ValueError", context=second),
        event("reply", 7, mono=1.875, peer=0, context=first),
        event("handled", "ask", 0, 7, 7, mono=2.0, text="handle_call", context=first, waited=0.25, took=0.75),
    ]  # fmt: skip
