"""Messages from an operator: plain JSON, or for one of the classes that a behaviour declares in `accepts`.

    {"type": "Deposit", "amount": 5}  ──> Account.accepts ──> Deposit(amount=5), validated

Nothing is imported or evaluated. It runs on the loop, since validators are the message class's own code.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from runtime.port.contract import Code, Failure, explain

from .lookup import title
from .text import clean

if TYPE_CHECKING:
    from runtime.process import Process

__all__ = ["message_from"]


def message_from(process: Process, value: Any) -> Any:
    """The message that JSON stands for. An object without `type` is a plain dict.

    Raises:
        Failure: `BAD_REQUEST`: the behaviour does not accept this, or the fields do not fit. `REFUSED`: such a
            message cannot be made from JSON at all.
    """
    if not isinstance(value, dict) or "type" not in value:
        return value  # pyright: ignore[reportUnknownVariableType]  # any JSON
    fields = cast("dict[str, Any]", value).copy()
    name = fields.pop("type")
    kind = _accepted(process, name)
    unknown = sorted(set(fields) - set(_field_names(kind)))
    if unknown:
        known = ", ".join(_field_names(kind)) or "none"
        raise Failure(Code.BAD_REQUEST, f"{name} has no field {', '.join(unknown)[:100]}; it has: {known}")
    try:
        return TypeAdapter(kind).validate_python(fields)
    except ValidationError as error:
        raise Failure(Code.BAD_REQUEST, f"{name}: {clean(explain(error), 500)}") from None
    except PydanticUserError:
        raise Failure(
            Code.REFUSED, f"{name} cannot be made from JSON; a dataclass or model of plain fields can"
        ) from None
    except Exception as error:
        raise Failure(Code.BAD_REQUEST, f"{name} refused this: {type(error).__name__}") from None


def _accepted(process: Process, name: Any) -> type:
    accepts: dict[str, type] = {kind.__name__: kind for kind in getattr(type(process.handle), "accepts", ())}
    kind = accepts.get(name) if isinstance(name, str) else None
    if kind is None:
        legal = ", ".join(accepts) or "none; its class would declare them: accepts = (…)"
        raise Failure(
            Code.BAD_REQUEST,
            f"{title(process)} accepts no message of type {clean(str(name), 40)!r}; it accepts: {legal}",
        )
    return kind


def _field_names(kind: type) -> list[str]:
    fields: Any = getattr(kind, "__pydantic_fields__", ())
    return (
        [field.name for field in dataclasses.fields(kind) if field.init]
        if dataclasses.is_dataclass(kind)
        else list(fields)
    )
