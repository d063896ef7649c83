"""What an instance of a class is made of, found out without running a line of the class's code.

    Shape(kind)  form     how it is read: `text`, `list`, `tuple`, `named`, `dict`, `set`, `object`, …,
                          by the first built-in class that it derives from
                 fields   slots and `__dict__`, through the interpreter's own descriptors

`isinstance` is not used, since it asks the object for its `__class__`; nor are look-ups in a class's namespace,
since they compare keys. What a class hides from its own descriptors (a `__dict__` property) is not shown.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false
# (it reads values of any type)

from __future__ import annotations

import array
import dataclasses
import types
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from .atoms import TEXTS, entry
from .pace import settled
from .text import class_name

__all__ = ["Shape", "class_attribute"]

_MRO: Final = vars(type)["__mro__"]
_NAMESPACE: Final = vars(type)["__dict__"]
_FLAGS: Final = vars(type)["__flags__"]
_HEAP: Final = 1 << 9
"""The flag of a class that was not built into the interpreter (`Py_TPFLAGS_HEAPTYPE`)."""
_SECRET_CLASSES: Final = frozenset({"SecretStr", "SecretBytes", "Secret"})
"""Pydantic's, and whoever follows its example."""
_FORMS: Final[tuple[tuple[type, str], ...]] = (
    (list, "list"),
    (tuple, "tuple"),
    (dict, "dict"),
    (set, "set"),
    (frozenset, "set"),
    (deque, "set"),
    (array.array, "set"),
    (types.MappingProxyType, "proxy"),
    (BaseException, "exception"),
)


@dataclasses.dataclass(frozen=True)
class _Example:
    """Shows what the parameters of a dataclass look like."""


_PARAMETERS: Final = type(entry(vars(_Example), "__dataclass_params__"))


class Shape:
    """How to read the instances of one class.

    Attributes:
        kind: the class; kept, so that its id stays its own.
        name: its name.
        form: how it is read.
        base: the built-in class whose methods read it; `object` where there is none.
        text: for the form `text`, what gives it.
        secret: whether its values are never shown.
        mutable: whether an instance can change.
        labels: for the form `named`, the names of its fields.
        opaque: whether it has neither a `__dict__` nor slots: an object of C code, or one that hides them.
    """

    __slots__ = (
        "_dict",
        "_slots",
        "base",
        "form",
        "kind",
        "labels",
        "mutable",
        "name",
        "opaque",
        "secret",
        "text",
    )

    def __init__(self, kind: type) -> None:
        mro = _mro(kind)
        self.kind = kind
        self.name = class_name(kind)
        self.secret = any(class_name(base) in _SECRET_CLASSES for base in mro)
        self.text: Callable[[Any], str] | None = None
        self.labels: tuple[Any, ...] = ()
        self.form = "object"
        self.base: type = object
        for base, text in TEXTS:
            if _derives(mro, base):
                self.form, self.base, self.text = "text", base, text
                break
        else:
            for base, form in _FORMS:
                if _derives(mro, base):
                    self.form, self.base = form, base
                    break
        if self.form == "tuple":
            labels = class_attribute(kind, "_fields")
            if type(labels) is tuple:
                self.form, self.labels = "named", labels
        self.mutable = self.base not in {tuple, frozenset} and self.text is None and not _is_frozen(kind)
        self._slots = _slots(mro)
        self._dict = _dict_descriptor(mro)
        self.opaque = not self._slots and self._dict is None and class_attribute(kind, "__slots__") is None

    def fields(self, value: Any) -> list[tuple[str, Any]]:
        """What stands in its slots and its `__dict__`, names with two underscores left out.

        Raises:
            RuntimeError: they change all the time.
        """
        fields: dict[str, Any] = {}
        for name, descriptor in self._slots:
            try:
                fields[name] = descriptor.__get__(value)
            except (AttributeError, TypeError):  # empty; or taken from another class
                continue
        if self._dict is not None:
            held = self._dict.__get__(value)
            items = settled(lambda: list(dict.items(held)))
            fields |= {name: item for name, item in items if type(name) is str and not name.startswith("__")}
        return list(fields.items())


def class_attribute(kind: type, name: str) -> Any:
    """An attribute of a class as it stands there, past metaclass and descriptors; None where there is none."""
    for base in _mro(kind):
        found = entry(_NAMESPACE.__get__(base), name)
        if found is not None:
            return found
    return None


def _mro(kind: type) -> tuple[type, ...]:
    mro: tuple[type, ...] = _MRO.__get__(kind)
    return mro


def _derives(mro: tuple[type, ...], base: type) -> bool:
    return any(item is base for item in mro)


def _is_frozen(kind: type) -> bool:
    """Whether it is a frozen dataclass or a frozen pydantic model."""
    parameters = class_attribute(kind, "__dataclass_params__")
    if type(parameters) is _PARAMETERS:
        return parameters.frozen is True
    config = class_attribute(kind, "model_config")
    return type(config) is dict and entry(config, "frozen") is True


def _slots(mro: tuple[type, ...]) -> list[tuple[str, Any]]:
    """Names and descriptors of its slots, in the order in which they were declared where that is known."""
    slots: list[tuple[str, Any]] = []
    for base in reversed(mro):
        if not _FLAGS.__get__(base) & _HEAP:
            continue  # the insides of built-in objects
        namespace = _NAMESPACE.__get__(base)
        declared = entry(namespace, "__slots__")
        order = [name for name in declared if type(name) is str] if type(declared) is tuple else []
        found = [
            (name, descriptor)
            for name, descriptor in list(namespace.items())
            if type(name) is str
            and type(descriptor) is types.MemberDescriptorType
            and not name.startswith("__")
        ]
        slots += sorted(found, key=lambda item: order.index(item[0]) if item[0] in order else len(order))
    return slots


def _dict_descriptor(mro: tuple[type, ...]) -> Any:
    for base in mro:
        descriptor = entry(_NAMESPACE.__get__(base), "__dict__")
        if type(descriptor) is types.GetSetDescriptorType or type(descriptor) is types.MemberDescriptorType:
            return descriptor
    return None
