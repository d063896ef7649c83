"""Requests and answers as JSON text, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from runtime.port.pace import breathe

from .base import CONTRACT, Code, Failure, PortRequest
from .changes import Drop, Kill, Requeue, Resume, Send, Suspend
from .code import ModulesQuery, PlanUpgrade, Reload, Rollback, UpgradesQuery
from .happenings import AuditQuery, CrashQuery, Feed, ProcessEvents
from .node import NodeQuery
from .processes import Info, Mailbox, Ps, StackQuery, State
from .relations import RegistryQuery, WaitsQuery
from .replay import Record, RecordingsQuery, RecordWait, Replay
from .supervision import History, TreeQuery
from .tracing import (
    CheckPattern,
    DumpQuery,
    DumpsQuery,
    ForgetTrigger,
    KeepTrigger,
    StopTrace,
    TimelineQuery,
    Trace,
    TraceRead,
    TraceSessionsQuery,
)

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
        AuditQuery, WaitsQuery, RegistryQuery, Kill, Suspend, Resume, Send, Drop, Requeue, ModulesQuery, PlanUpgrade, Reload, Rollback,
        UpgradesQuery, Trace, TraceRead, StopTrace, TraceSessionsQuery, CheckPattern, TimelineQuery, KeepTrigger, ForgetTrigger,
        DumpsQuery, DumpQuery, Record, RecordWait, RecordingsQuery, Replay,
    )
}  # fmt: skip
"""Every operation, by name."""
_GOOD: Final = '{"ok":true,"answer":'


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
    """A good answer, as one JSON document. It is used up: the lists of models in it are empty afterwards.

    Ten thousand rows take long to dump, and to free; so both are done one by one (see `runtime.port.pace`).
    """
    return "".join((_GOOD, *_parts(answer), "}"))


def _parts(model: BaseModel) -> Iterator[str]:
    """JSON of a model, bit by bit."""
    breathe()
    lists = {name: items for name in _lists_of(type(model)) if (items := getattr(model, name))}
    if not lists:
        yield model.model_dump_json()
        return
    before = model.model_dump_json(exclude=set(lists)).removesuffix("}")
    for name, items in lists.items():
        comma = "" if before == "{" else ","
        yield f'{before}{comma}"{name}":['
        items.reverse()
        while items:
            yield from _parts(items.pop())
            yield "," if items else "]"
        before = ""
    yield "}"


@cache
def _lists_of(kind: type[BaseModel]) -> list[str]:
    """The fields that are lists of models."""
    fields = {name: field.annotation for name, field in kind.model_fields.items()}
    items = {name: get_args(kind) for name, kind in fields.items() if get_origin(kind) is list}
    return [name for name, (item,) in items.items() if isinstance(item, type) and issubclass(item, BaseModel)]


def error_document(code: Code, message: str) -> str:
    """A refusal, as one JSON document."""
    return json.dumps({"ok": False, "code": code.value, "message": message})


def parse_answer(request: PortRequest[R], text: str) -> R:
    """The answer to `request` that stands in `text`.

    Raises:
        Failure: what the node said is a refusal, or is no answer of this contract.
    """
    if text.startswith(_GOOD) and text.endswith(
        "}"
    ):  # as this code writes it: a long answer is read only once
        with suppress(ValidationError):
            known: R = type(request).answer.model_validate_json(text[len(_GOOD) : -1])  # type: ignore[assignment]
            return known
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
