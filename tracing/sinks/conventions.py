"""What spans are called for OpenTelemetry: the semantic conventions, version 1.41.0, which is pinned.

    messaging   https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/   messages and their handling
    GenAI       https://opentelemetry.io/docs/specs/semconv/gen-ai/                      spans of the user's with `gen_ai.…`, and the agents in whose
                                                                                         handlers they ran: `invoke_agent alice`

Both are in development there, and change; 1.41 is the last version in which they stand together. What they have no name for is `observer.…`.

    with trace.span("tool", name="search")    execute_tool, of the tool `search`
    with trace.span("chat", …)                any operation of the convention, by its name
    span of an instrumented library           as the library says

Attributes of user's spans go out as they are shown, but for those that hold what models were told and have said.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal, TypeAlias

from ..records import Json, pid_text
from ..story import Span

__all__ = ["SEMCONV", "Attribute", "Kind", "attributes_of", "is_model", "kind_of", "name_of", "title_of"]

SEMCONV: Final = "https://opentelemetry.io/schemas/1.41.0"
Attribute: TypeAlias = str | bool | int | float | list[str] | list[bool] | list[int] | list[float]
Kind: TypeAlias = Literal["PRODUCER", "CONSUMER", "SERVER", "CLIENT", "INTERNAL"]
OPERATIONS: Final = frozenset({
    "chat", "create_agent", "embeddings", "execute_tool", "generate_content", "invoke_agent", "invoke_workflow", "retrieval", "text_completion",
})  # fmt: skip
"""`gen_ai.operation.name`."""
_INSIDE: Final = frozenset({"execute_tool", "invoke_agent", "invoke_workflow"})
"""What an agent does itself, and asks no provider for."""
_SUBJECTS: Final = (
    "gen_ai.tool.name",
    "gen_ai.agent.name",
    "gen_ai.workflow.name",
    "gen_ai.request.model",
    "gen_ai.data_source.id",
)
"""What a span of an operation is named after."""
_CONTENTS: Final = frozenset({
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions", "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result", "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text", "gen_ai.prompt", "gen_ai.completion",
})  # fmt: skip
"""What is told only where somebody asks for it, as the convention wants."""
_ITEMS: Final = 100


def is_user(span: Span) -> bool:
    """Whether it is a span of the user's, or of an instrumented library's."""
    return any(record.kind in {"span_start", "span_end"} for record in span.records)


def is_model(span: Span) -> bool:
    """Whether it is an operation of the GenAI convention."""
    return is_user(span) and "gen_ai.operation.name" in _given(span)


def name_of(span: Span, *, agent: bool = False) -> str:
    """The name of a span: what was done, and on what."""
    given = attributes_of(span, agent=agent)
    operation = given.get("gen_ai.operation.name")
    if operation is not None:
        subject = next((given[name] for name in _SUBJECTS if name in given), "")
        return f"{operation} {subject}".strip()
    if is_user(span):
        return title_of(span)
    anonymous = "messaging.destination.anonymous" in given
    return f"{given['messaging.operation.name']} {'(anonymous)' if anonymous else given['messaging.destination.name']}"


def title_of(span: Span) -> str:
    """What it says of itself."""
    return span.title or "message"


def kind_of(span: Span, *, agent: bool = False) -> Kind:
    """Which side of a conversation it is."""
    if is_user(span):
        given = _given(span)
        operation = given.get("gen_ai.operation.name")
        return "CLIENT" if operation is not None and operation not in _INSIDE else "INTERNAL"
    if agent:
        return "INTERNAL"
    if span.began is None:
        return "PRODUCER"
    return "SERVER" if any(record.kind == "call" for record in span.records) else "CONSUMER"


def attributes_of(
    span: Span, node: str = "node", *, agent: bool = False, contents: bool = False
) -> dict[str, Attribute]:
    """The attributes of a span.

    Args:
        span: which.
        node: the name of the node. Optional.
        agent: whether models or tools were used in its handling: then it is an agent that was invoked. Optional. Defaults to False.
        contents: whether attributes of user's spans that hold what models were told and have said go out too. Optional. Defaults to False.
    """
    found: dict[str, Attribute] = {"observer.node": node, "observer.pid": pid_text(span.pid)}
    if span.principal is not None:
        found["enduser.id"] = span.principal
    if span.failed:
        found["error.type"] = _error(span)
    if is_user(span):
        given = _given(span)
        return found | {name: value for name, value in given.items() if contents or name not in _CONTENTS}
    handled = span.began is not None
    found |= {
        "messaging.system": "observer",
        "messaging.operation.name": title_of(span) if handled else "send",
        "messaging.operation.type": "process" if handled else "send",
        "messaging.destination.name": span.name or pid_text(span.pid),
        "messaging.client.id": pid_text(span.sender) if span.sender else "outside",
        "messaging.message.id": span.span,
    }
    if span.name is None:
        found["messaging.destination.anonymous"] = True
    if span.waited is not None:
        found["observer.waited_s"] = span.waited
    if agent:
        found |= {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.id": pid_text(span.pid),
            "gen_ai.agent.name": span.name or pid_text(span.pid),
        }
    return found


def _given(span: Span) -> dict[str, Attribute]:
    """The attributes that a span of the user's has been given; those of its end come last."""
    found: dict[str, Attribute] = {}
    for record in span.records:
        given = record.values.get("attributes")
        if record.kind in {"span_start", "span_end"} and isinstance(given, dict):
            found |= {
                name: value
                for name, item in given.items()
                if (value := _plain(item)) is not None and name[:1] != "$"
            }
    operation = _operation(title_of(span))
    if "gen_ai.operation.name" not in found and operation is not None:
        found["gen_ai.operation.name"] = operation
        name = found.pop("name", None)
        if operation == "execute_tool" and name is not None:
            found.setdefault("gen_ai.tool.name", name)
    return found


def _operation(title: str) -> str | None:
    word = title.partition(" ")[0]
    return "execute_tool" if word == "tool" else word if word in OPERATIONS else None


def _plain(value: Json) -> Attribute | None:
    """A value as an attribute may be: text, a number, or a list of one kind of these; None where it is none."""
    if isinstance(value, str | bool | int | float):
        return value if not isinstance(value, int) or value.bit_length() < 64 else None
    if not isinstance(value, list) or not value:
        return None
    items: Collection[Any] = value[:_ITEMS]
    kinds = {type(item) for item in items}
    same: list[Any] = list(items)
    return same if len(kinds) == 1 and kinds <= {str, bool, int, float} else None


def _error(span: Span) -> str:
    """The class of the error, as far as it is told."""
    for record in span.records:
        reason = record.values.get("reason")
        if isinstance(reason, dict) and isinstance(reason.get("$type"), str):
            return str(reason["$type"])
    given = _given(span).get("error.type") if is_user(span) else None
    return given if isinstance(given, str) else "_OTHER"
