"""Instances of old classes that somebody still holds: sent or pickled, they arrive as what they are called now.

A module outside that has imported a class by name goes on making messages of the old one; a process keeps one in a list; pickle finds
classes by name, and refuses one that is no more the class of that name. So old classes are told how to hand over their counterparts:
where a value is copied on its way (`messages`, which then copies every instance of theirs), and where it is reduced (pickle). Nothing
else pays for that. What has no counterpart keeps its class, and pickle refuses it as before.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (classes of any kind)

from __future__ import annotations

import copyreg
import enum
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..messages import REPLACED, forget
from .translation import Translation

if TYPE_CHECKING:
    from .draft import Draft

__all__ = ["mark"]

_MISSING: Final[Any] = object()


def mark(draft: Draft) -> None:
    """Let instances of the classes that are old now be handed over as new ones; those that are current again as themselves."""
    for old, new in draft.pairs():
        if isinstance(new, type):
            _unmark(new)
        if isinstance(old, type) and isinstance(new, type):
            _mark(old)


def _mark(kind: Any) -> None:
    if not _own(kind, "__reduce_ex__") and "__reduce__" not in vars(kind):

        def reduce(value: Any, protocol: Any) -> Any:
            made = _counterpart(value)
            if made is value:
                return super(kind, value).__reduce_ex__(protocol)
            parts = made.__reduce_ex__(protocol)
            if isinstance(parts, tuple) and parts[0] is copyreg.__newobj__:  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
                return (parts[1][0].__new__, *parts[1:])  # pickle wants the class of the value itself there
            return parts

        _put(kind, "__reduce_ex__", reduce)
    if not _own(kind, "__deepcopy__"):

        def copied(value: Any, _memo: Any) -> Any:
            return _counterpart(value)

        _put(kind, "__deepcopy__", copied)
        setattr(kind, REPLACED, True)
        forget(kind)


def _own(kind: Any, name: str) -> bool:
    """Whether the class has a way of its own. Enums have each of the base's."""
    found = vars(kind).get(name)
    return found is not None and found is not vars(enum.Enum).get(name)


def _counterpart(value: Any) -> Any:
    """The value as an instance of the class of that name; itself where it cannot be."""
    module = sys.modules.get(type(value).__module__)
    if module is None:
        return value
    kind: Any = type(value)
    known = vars(kind).get(REPLACED)
    if not isinstance(known, Translation) or known.modules[module.__name__] is not module:
        known = Translation({module.__name__: module}, drop=True)
        if REPLACED in vars(kind):
            setattr(kind, REPLACED, known)
    try:
        return known.rebuilt(value)
    except Exception:
        return value


def _put(kind: Any, name: str, function: Callable[..., Any]) -> None:
    function.before = vars(kind).get(name, _MISSING)  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    setattr(kind, name, function)


def _unmark(kind: Any) -> None:
    for name in ("__reduce_ex__", "__deepcopy__"):
        before = getattr(vars(kind).get(name), "before", None)
        if before is _MISSING:
            delattr(kind, name)
        elif before is not None:
            setattr(kind, name, before)
    if REPLACED in vars(kind):
        delattr(kind, REPLACED)
        forget(kind)
