"""How values cross: pickle, with the identities of the runtime in words of its own.

Pid, Name, Alias, a key of a registry, Process, Caller
                             by number, name or key; the other side has its own object for it (see `peer`)
exceptions                   class, args and attributes, without running `__init__`, whose form pickle does not know
__main__                     is called `__mp_main__` over there, as `multiprocessing` does
"""

# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..caller import Caller
from ..errors import NotSendable
from ..pid import Alias, Name, Pid
from ..process import Process
from ..registry.registry import KeyAddress

if TYPE_CHECKING:
    from ..code.parts import Behind

__all__ = ["Borders", "Pickler", "dumps", "loads", "resolved"]

Reference = tuple[Any, ...]
_DEFAULT: Final = vars(BaseException)["__reduce__"]


class Borders(Protocol):
    """What knows how identities are called on the other side."""

    def refer(self, item: Any) -> Reference:
        """How an identity is called."""
        ...

    def resolve(self, *reference: Any) -> Any:
        """What is called so here."""
        ...

    @property
    def behind(self) -> Behind | None:
        """The older modules of whoever has not yet heard of new code."""
        ...


class Pickler(pickle.Pickler):
    """Pickles values with their identities."""

    def __init__(self, file: io.BytesIO, borders: Borders) -> None:
        super().__init__(file, protocol=5)
        self.borders: Final = borders

    def reducer_override(self, obj: Any) -> Any:
        """Identities by `refer`, exceptions without their `__init__`."""
        if isinstance(obj, Pid | Name | Alias | KeyAddress | Process | Caller):
            return resolved, self.borders.refer(obj)
        if isinstance(obj, BaseException) and type(obj).__reduce__ is _DEFAULT:
            return _error, (type(obj), obj.args, vars(obj))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, borders: Borders) -> None:
        super().__init__(io.BytesIO(data))
        self._borders = borders

    def find_class(self, module: str, name: str) -> Any:
        if module == __name__ and name == resolved.__name__:
            return self._borders.resolve
        behind = self._borders.behind
        if behind is not None and module in behind.modules:
            return behind.find(module, name)
        return super().find_class("__main__" if module == "__mp_main__" else module, name)


def dumps(value: Any, borders: Borders) -> bytes:
    """`value` as bytes.

    Raises:
        NotSendable: something in it cannot cross into another OS process.
    """
    file = io.BytesIO()
    try:
        Pickler(file, borders).dump(value)
    except Exception as error:
        raise NotSendable(f"{type(value).__qualname__} (into another OS process: {error})", "") from None
    return file.getvalue()


def loads(data: bytes, borders: Borders) -> Any:
    """The value again. Raises whatever its classes raise."""
    value = _Unpickler(data, borders).load()
    return value if borders.behind is None else borders.behind.now(value)


def resolved(*_reference: Any) -> Any:
    """Stands in the pickle for `Borders.resolve`."""
    raise TypeError("an identity of the runtime has a meaning only between a node and its isolated processes")


def _error(kind: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any]) -> BaseException:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(attributes)
    return error
