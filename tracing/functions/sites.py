"""A site: where a function of live code begins and ends, and who wants to know of it.

    begun(arguments)        at its first line           -> a call, kept by that very call
    returned(call, result)  where it returns
    raised(call, error)     where an exception leaves it

A site is one for the interpreter, however many nodes and sessions listen. A listener that raises is out, and the function goes on.
What a listener calls is told to nobody, so a function that it uses itself may be under a site.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from threading import get_ident
from types import CodeType, FunctionType
from typing import Any, Final, Protocol

__all__ = ["Call", "Instrument", "Listener", "Site", "Unfit", "parameters"]


class Unfit(RuntimeError):  # noqa: N818 - what the function, or this interpreter, is
    """Raised when a function cannot be put under a site; the text says why."""


class Call:
    """A call that is under way, as one listener knows it.

    Attributes:
        listener: whose it is.
        at: when it began, by the listener's clock.
        arguments: by the names of the parameters.
        subject: the process in whose step it is.
        context: of that step.
        redact: what its values are shown through, or None.
    """

    __slots__ = ("arguments", "at", "context", "listener", "redact", "subject")

    def __init__(
        self,
        listener: Listener,
        at: float,
        arguments: dict[str, Any],
        subject: Any = None,
        context: Any = None,
        redact: Callable[[Any], Any] | None = None,
    ) -> None:
        self.listener = listener
        self.at = at
        self.arguments = arguments
        self.subject = subject
        self.context = context
        self.redact = redact


class Listener(Protocol):
    """Who wants to know of the calls of a function.

    Attributes:
        ends: whether it wants to know how calls end.
        broken: what it has raised. It is not told of anything any more then.
    """

    ends: bool
    broken: Exception | None

    def begun(self, arguments: dict[str, Any]) -> Call | None:
        """A call begins; None where its end is of no interest."""
        ...

    def ended(self, kind: str, call: Call, value: Any) -> None:
        """A call is over: `function_return` with its result, `function_raise` with its exception."""
        ...


class Site:
    """The site of one function.

    Attributes:
        function: which.
        key: by which its instrument knows it.
        code: what it runs.
        names: of its parameters, in their order.
        listeners: never changed in place.
    """

    __slots__ = ("code", "function", "key", "listeners", "names")

    def __init__(self, function: FunctionType, key: int) -> None:
        self.function: Final = function
        self.key: Final = key
        self.code: Final = function.__code__
        self.names: Final = parameters(self.code)
        self.listeners: tuple[Listener, ...] = ()

    @property
    def ends(self) -> bool:
        """Whether anybody wants to know how calls end."""
        return any(listener.ends for listener in self.listeners)

    def begun(self, arguments: tuple[Any, ...]) -> tuple[Call, ...] | None:
        """The function begins."""
        me = get_ident()
        if me in _inside:
            return None
        _inside.add(me)
        calls: tuple[Call, ...] = ()
        try:
            for listener in self.listeners:
                if listener.broken is not None:
                    continue
                try:
                    call = listener.begun(dict(zip(self.names, arguments, strict=False)))
                except Exception as error:  # no more than this: there may be no room for a call
                    listener.broken = error
                else:
                    if call is not None:
                        calls = (*calls, call)
        finally:
            _inside.discard(me)
        return calls or None

    def returned(self, calls: tuple[Call, ...] | None, result: Any) -> None:
        """It returns."""
        if calls is not None:
            _tell("function_return", calls, result)

    def raised(self, calls: tuple[Call, ...] | None, error: BaseException) -> None:
        """It is left by an exception."""
        if calls is not None:
            _tell("function_raise", calls, error)


def _tell(kind: str, calls: tuple[Call, ...], value: Any) -> None:
    me = get_ident()
    if me in _inside:
        return
    _inside.add(me)
    try:
        for call in calls:
            listener = call.listener
            if listener.broken is None:
                try:
                    listener.ended(kind, call, value)
                except Exception as error:
                    listener.broken = error
    finally:
        _inside.discard(me)


_inside: Final[set[int]] = set()
"""Threads on which a listener is at work. A step is not switched in the middle of one, so a thread is enough."""


class Instrument(Protocol):
    """How sites are put under functions. Not for two threads at a time."""

    def key(self, function: FunctionType) -> int:
        """What has one site: functions with the same key share it."""
        ...

    def put(self, site: Site) -> None:
        """Begin to tell a site, or look again at what it wants.

        Raises:
            Unfit: that cannot be done.
        """
        ...

    def take(self, site: Site) -> None:
        """Tell it no more; the function is as it was."""
        ...


def parameters(code: CodeType) -> tuple[str, ...]:
    """The names of a function's parameters: positional ones, keyword-only ones, `*rest`, `**more`."""
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[:count]
