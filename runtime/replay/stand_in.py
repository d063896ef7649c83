"""The handle of a replay: `self` for the handlers of a class, with nobody behind it.

What a handler does with it is noted on the tape. What it asks the runtime for is a placeholder (a ref, a pid), or is in no record.
"""

# ruff: noqa: D102 - what they do stands in `Handle`
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false
# (it stands in for a handle, with shadows for what that has)

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..handle import Handle
from ..messages import share
from .identities import World
from .shadows import Answer, Outside, ShadowName, ShadowPid, ShadowTask, Unanswered, number_of

__all__ = ["StandIn", "shown_as", "stand_in"]


class StandIn:
    """What stands before the behaviour's own class."""

    __slots__ = ()
    _process: Outside
    _world: World
    _resources: dict[Any, Any]

    def __init_subclass__(cls) -> None:
        """No class of the user's is told of it."""

    @property
    def pid(self) -> ShadowPid:
        """The process of the record."""
        return self._world.pid

    @property
    def label(self) -> str | None:
        """Not kept."""
        return self._process.name

    @label.setter
    def label(self, text: str | None) -> None:
        self._world.tape.note("label", None, str(text))

    def named(self, name: str) -> ShadowName:
        """As on a handle; and so are all of these."""
        return ShadowName(self._world, name)

    def whereis(self, name: str) -> ShadowPid:
        raise Unanswered(
            f"it asks who has the name {name!r}, which no record has; send to self.named({name!r}) instead"
        )

    def send_after(self, seconds: float, message: object, to: Any = None) -> Any:
        return self._timer(f"in {seconds:g} s", message, to)

    def send_at(self, moment: float, message: object, to: Any = None) -> Any:
        return self._timer(f"at {moment:g}", message, to)

    def send_interval(self, seconds: float, message: object, to: Any = None) -> Any:
        return self._timer(f"every {seconds:g} s", message, to)

    def _timer(self, when: str, message: object, to: Any) -> Any:
        target = self.pid if to is None else self._address(to)
        self._world.tape.note("timer", number_of(target), f"{target} {when}", share(message))
        return self._world.ref()

    def read_timer(self, ref: Any) -> None:
        self._world.tape.assume(f"the timer {ref} has fired")

    def cancel_timer(self, ref: Any) -> None:
        self._world.tape.note("cancel", None, f"timer {ref}")
        self._world.tape.assume(f"the timer {ref} has fired")

    def monitor(self, target: Any) -> Any:
        return self._relation("monitor", target)

    def demonitor(self, ref: Any) -> bool:
        self._world.tape.note("demonitor", None, str(ref))
        return True

    def alias(self) -> Any:
        return self._world.alias()

    def unalias(self, alias: Any) -> bool:
        self._world.tape.note("unalias", None, str(alias))
        return True

    def link(self, target: Any) -> None:
        self._relation("link", target)

    def unlink(self, target: Any) -> None:
        self._relation("unlink", target)

    def _relation(self, kind: str, target: Any) -> Any:
        address = self._address(target)
        self._world.tape.note(kind, number_of(address), str(address))
        return self._world.ref() if kind == "monitor" else None

    def exit(self, target: Any, reason: Any) -> None:
        address = self._address(target)
        self._world.tape.note("exit", number_of(address), str(address), share(reason))

    def spawn(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Any:
        self._world.tape.note("spawn", None, getattr(function, "__qualname__", "a function"), share(args))
        return self._world.child()

    def start_child(self, supervisor: Any, spec: Any) -> Awaitable[Any]:
        address = self._address(supervisor)
        self._world.tape.note("call", number_of(address), f"{address}, to start {spec.id}")
        return Answer(self._world.child)

    def task(self, coroutine: Coroutine[Any, Any, Any], name: str | None = None) -> ShadowTask:
        called = name or str(getattr(coroutine, "__qualname__", "a coroutine"))
        coroutine.close()
        self._world.tape.note("task", None, called)
        return self._world.task(called)

    def progress(self, text: str) -> None:
        self._world.tape.note("progress", None, str(text)[:200])

    def count(self, name: str, amount: float = 1) -> None:
        declared: tuple[str, ...] | None = getattr(self, "counters", None)
        if declared is not None and name not in declared:
            raise ValueError(f"{type(self).__name__} declares no counter {name!r}")
        self._world.tape.note("count", None, name, amount)

    def wait(self, awaitable: Awaitable[Any]) -> Any:
        return at_once(awaitable)

    def call(self, target: Any, message: Any, timeout: float | None = 5.0) -> Any:  # noqa: ARG002 - as on a handle
        return self._world.tape.asked(self._address(target), share(message))

    def critical(self) -> AbstractContextManager[None]:
        return nullcontext()

    def resource(self, key: Any) -> Any:
        try:
            return self._resources[key]
        except KeyError:
            raise Unanswered(
                f"it uses the resource {key!r}, which no record has; give the replay one: resources={{{key!r}: …}}"
            ) from None

    def _address(self, target: Any) -> Any:
        return self.named(target) if isinstance(target, str) else target

    def __repr__(self) -> str:
        return f"<replay of {self._process}>"


def stand_in(kind: type[Any], world: World, resources: dict[Any, Any]) -> Any:
    """A handle for the handlers of `kind`."""
    space = {
        "__slots__": (), "__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__,
        "_world": world, "_resources": resources,
    }  # fmt: skip
    make: Any = type(kind)
    made: Any = object.__new__(make(kind.__name__, (StandIn, kind), space))
    object.__setattr__(made, "_process", world.outside)
    return made


def shown_as(kind: type[Any], handle: Handle) -> Any:
    """The same handle, of a process whose values are shown through the `redact` of `kind`."""
    redact: Any = getattr(kind, "redact", None)
    space: dict[str, Any] = {"redact": staticmethod(redact) if redact is not None else None}
    make: Any = type(type(handle))
    made: Any = object.__new__(make("Replay", (type(handle),), space))
    object.__setattr__(made, "_process", handle._process)
    return made


def at_once(awaitable: Awaitable[Any]) -> Any:
    """What an awaitable gives that has nothing to wait for; time does not pass.

    Raises:
        Unanswered: it waits for somebody outside.
        BaseException: what it raises.
    """
    if asyncio.isfuture(awaitable):
        if awaitable.done():
            return awaitable.result()
        raise Unanswered(_WAITS)
    steps: Any = awaitable if inspect.iscoroutine(awaitable) else awaitable.__await__()
    while True:
        try:
            future = steps.send(None)
        except StopIteration as done:
            return done.value
        if future is not None and not slept(steps, future):
            if inspect.iscoroutine(awaitable):
                awaitable.close()
            raise Unanswered(_WAITS)


_WAITS = "it stands still for something outside of the runtime, whose answer is in no record"


def slept(coroutine: Any, future: Any) -> bool:
    """Whether it waits in `asyncio.sleep`: then that is over now."""
    inner = coroutine
    while inspect.iscoroutine(getattr(inner, "cr_await", None)):
        inner = inner.cr_await
    if getattr(inner, "cr_code", None) is not asyncio.sleep.__code__ or inner.cr_frame is None:
        return False
    future._asyncio_future_blocking = False
    if not future.done():
        future.set_result(inner.cr_frame.f_locals.get("result"))
    return True
