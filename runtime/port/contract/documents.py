"""Requests and answers as JSON text, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from runtime.port.pace import breathe

from .base import CONTRACT, Code, Failure, PortRequest
from .changes import Kill, Resume, Send, Suspend
from .happenings import AuditQuery, CrashQuery, Feed, ProcessEvents
from .node import NodeQuery
from .processes import Info, Mailbox, Ps, StackQuery, State
from .supervision import History, TreeQuery

__all__ = [
    "REQUESTS",
    "answer_document",
    "build",
    "error_document",
    "explain",
    "parse_answer",
    "parse_request",
]

R = TypeVar("R", bound=BaseModel)

REQUESTS: dict[str, type[PortRequest[Any]]] = {
    request.op: request
    for request in (
        NodeQuery, Ps, Info, StackQuery, State, Mailbox, TreeQuery, History, ProcessEvents, Feed, CrashQuery,
        AuditQuery, Kill, Suspend, Resume, Send,
    )
}  # fmt: skip
"""Every operation, by name."""


def build() -> None:
    """Build every model now (about 40 ms). For whoever uses them from several threads: the first use builds, unlocked."""
    for request in REQUESTS.values():
        request.model_rebuild()
        request.answer.model_rebuild()


def parse_request(text: str) -> PortRequest[Any]:
    """The request in `text`.

    Raises:
        Failure: `BAD_REQUEST`, saying what is wrong with it.
    """
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Failure(Code.BAD_REQUEST, f"the request is not JSON: {error}") from None
    match document:
        case {"op": op, "args": dict()}:
            args: dict[str, Any] = document["args"]
        case _:
            raise Failure(Code.BAD_REQUEST, 'a request is {"op": NAME, "args": {…}}')
    kind = REQUESTS.get(op) if isinstance(op, str) else None
    if kind is None:
        raise Failure(Code.BAD_REQUEST, f"no operation {str(op)[:40]!r}; there are: {', '.join(REQUESTS)}")
    try:
        return kind.model_validate_json(json.dumps(args))
    except ValidationError as error:
        raise Failure(Code.BAD_REQUEST, f"{op}: {explain(error)}") from None


def answer_document(answer: BaseModel) -> str:
    """A good answer, as one JSON document. Long ones with rests: see `runtime.port.pace`."""
    return "".join(('{"ok":true,"answer":', *_parts(answer), "}"))


def _parts(model: BaseModel) -> Iterator[str]:
    """JSON of a model, bit by bit: a list of models in it is never dumped at a stretch."""
    breathe()
    lists = [name for name, value in model if type(value) is list and value and isinstance(value[0], BaseModel)]
    if not lists:
        yield model.model_dump_json()
        return
    head = model.model_dump_json(exclude=set(lists))
    yield head[:-1]
    comma = "," if len(head) > len("{}") else ""
    for name in lists:
        yield f'{comma}"{name}":['
        comma = ","
        for index, item in enumerate(getattr(model, name)):
            if index:
                yield ","
            yield from _parts(item)
        yield "]"
    yield "}"


def error_document(code: Code, message: str) -> str:
    """A refusal, as one JSON document."""
    return json.dumps({"ok": False, "code": code.value, "message": message})


def parse_answer(request: PortRequest[R], text: str) -> R:
    """The answer to `request` that stands in `text`.

    Raises:
        Failure: what the node said is a refusal, or is no answer of this contract.
    """
    try:
        document = json.loads(text)
        if document["ok"] is True:
            answer: R = type(request).answer.model_validate_json(json.dumps(document["answer"]))  # type: ignore[assignment]
            return answer
        code, message = Code(document["code"]), str(document["message"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failure(
            Code.VERSION, f"the node's answer to {request.op} is not of contract {CONTRACT}: {error}"
        ) from None
    raise Failure(code, message)


def explain(error: ValidationError) -> str:
    """A validation error on one line: where, what, and the value."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'value'}: {item['msg']} (got {str(item['input'])[:80]!r})"
        for item in error.errors()[:3]
    )
