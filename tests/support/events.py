"""Events and processes for tests of tracing, without a runtime."""

from dataclasses import dataclass

from tracing.context import born
from tracing.records import Record


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


def agent():
    """Records of an agent's handler that asks a model, and runs a tool, which asks for a page."""
    story, step = "a" * 32, "0" * 15 + "1"

    def record(seq, kind, mono, text, span, cause="", took=None, **attributes):
        return Record(
            seq, 1000 + mono, kind, 5, "alice", text, mono, 0, story, span, cause, None, None, took,
            {"attributes": attributes} if attributes else {},
        )  # fmt: skip

    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "sonnet"}
    model, tool, page = ("0" * 15 + digit for digit in "234")
    return [
        record(1, "handle", 1.0, "handle_cast", step),
        record(
            2,
            "span_start",
            1.25,
            "chat sonnet",
            model,
            step,
            **chat,
            **{"gen_ai.input.messages": "the secret"},
        ),
        record(3, "span_end", 1.75, "chat sonnet", model, step, 0.5, **{"gen_ai.usage.input_tokens": 12}),
        record(4, "span_start", 2.0, "tool", tool, step, name="search"),
        record(5, "span_start", 2.25, "GET", page, tool, **{"http.request.method": "GET"}),
        record(6, "span_end", 2.5, "GET", page, tool, 0.25, **{"error.type": "500", "odd": {"$type": "X"}}),
        record(7, "span_end", 2.75, "tool", tool, step, 0.75),
        record(8, "handled", 3.0, "handle_cast", step, took=2.0),
    ]
