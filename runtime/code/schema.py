"""What a class holds, and whether another version of it can hold the same."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it looks at classes of any kind)

from __future__ import annotations

import dataclasses
import enum
import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Final

__all__ = ["NONE", "Field", "fields_of", "kind_of", "why_not"]

NONE: Final[Any] = object()
"""No default."""


class Field:
    """A field of a class: its annotation as text, and how to make its default."""

    __slots__ = ("annotation", "default")

    def __init__(self, annotation: str, default: Callable[[], Any] | None) -> None:
        self.annotation = annotation
        self.default = default


def kind_of(kind: type) -> str:
    """How instances of `kind` are to be rebuilt."""
    if issubclass(kind, type):
        return "metaclass"
    if issubclass(kind, enum.Enum):
        return "enum"
    if hasattr(kind, "__pydantic_fields__"):
        return "model"
    if dataclasses.is_dataclass(kind):
        return "dataclass"
    if issubclass(kind, BaseException):
        return "exception"
    if issubclass(kind, tuple):
        return "namedtuple" if hasattr(kind, "_fields") else "tuple"
    if issubclass(kind, list | dict | set | frozenset | int | float | complex | str | bytes | bytearray):
        return "builtin"
    return "object"


def fields_of(kind: type) -> dict[str, Field] | None:
    """The fields of a class that declares them; None for one that does not."""
    which = kind_of(kind)
    if which == "dataclass":
        return {field.name: Field(_text(field.type), _default(field)) for field in dataclasses.fields(kind)}
    if which == "model":
        declared: dict[str, Any] = kind.__pydantic_fields__  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return {name: Field(_model_text(info), _model_default(info)) for name, info in declared.items()}
    if which == "namedtuple":
        defaults: dict[str, Any] = getattr(kind, "_field_defaults", {})
        notes = inspect.get_annotations(kind)
        names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        return {
            name: Field(_text(notes.get(name, "")), partial(defaults.get, name) if name in defaults else None)
            for name in names
        }
    return None


def _default(field: dataclasses.Field[Any]) -> Callable[[], Any] | None:
    if field.default is not dataclasses.MISSING:
        return lambda: field.default
    return None if field.default_factory is dataclasses.MISSING else field.default_factory


def _model_default(info: Any) -> Callable[[], Any] | None:
    return None if info.is_required() else lambda: info.get_default(call_default_factory=True)


def _model_text(info: Any) -> str:
    return f"{_text(info.annotation)} {info.metadata!r}"


def _text(annotation: Any) -> str:
    """An annotation as text, which is the same for classes of the same name."""
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        home = "" if annotation.__module__ == "builtins" else annotation.__module__ + "."
        return home + annotation.__qualname__
    return repr(annotation)


def why_not(old: type, new: Any, *, drop: bool) -> str | None:
    """Why an instance of `old` cannot become one of `new` by structure alone; None if it can.

    With `drop`, fields that `new` does not have are left out.
    """
    if new is None:
        return "the new code has no such class"
    if not isinstance(new, type):
        return f"it is {new!r:.60} in the new code, and no class"
    kind = kind_of(old)
    if kind != kind_of(new):
        return f"it was a {kind}, and is a {kind_of(new)}"
    if kind in {"builtin", "tuple"} and _base(old) is not _base(new):
        return f"it was a {_base(old).__name__}, and is a {_base(new).__name__}"
    if kind == "enum":
        return None  # member by member
    before, after = fields_of(old), fields_of(new)
    if before is None or after is None:
        return None
    return _difference(before, after, drop=drop)


def _difference(before: dict[str, Field], after: dict[str, Field], *, drop: bool) -> str | None:
    removed = [name for name in before if name not in after]
    if removed and not drop:
        return f"removed: {', '.join(removed)}"
    added = [name for name, field in after.items() if name not in before and field.default is None]
    if added:
        return f"added without a default: {', '.join(added)}"
    changed = [name for name in before if name in after and before[name].annotation != after[name].annotation]
    if changed:
        name = changed[0]
        return f"{name} was {before[name].annotation.strip()}, and is {after[name].annotation.strip()}"
    return None


def _base(kind: type) -> type:
    """The built-in type that its instances are."""
    return next(base for base in kind.__mro__ if base.__module__ == "builtins")
