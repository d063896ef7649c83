"""What a process sees of itself: `self` in a server, the first argument of a coroutine process.

A handle has one slot, the process; everything else stands in `Process` and in the state. Setting any attribute on it
is refused, because what stands on `self` is lost at a restart and seen by nobody.
"""

from __future__ import annotations

import asyncio
import sys
from abc import ABCMeta
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from . import exits
from .messages import share
from .pid import Address, Alias, Name, Pid, Ref
from .preemption.guards import open_to_switches
from .preemption.waiting import call, critical, wait
from .process import Process
from .sending import request
from .status import ENDED
from .tasks import TaskRef, start_task
from .threads.marshal import on_loop
from .timers import cancel_timer, read_timer, send_after, send_at, send_interval
from .trace.telling import tell

if TYPE_CHECKING:
    from .supervision.child_spec import ChildSpec

__all__ = ["Handle"]

T = TypeVar("T")
Target = Address | str
_LARGEST: Final = sys.float_info.max


def _words(text: object) -> str:
    """Text that others read, from other threads too: exactly `str`, whose methods are nobody's own."""
    return str.__getitem__(str(text), slice(200))


class _Slotted(ABCMeta):
    """Gives every subclass empty slots, so that a handle stays 40 bytes and has nowhere to hide state."""

    def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> Any:
        namespace.setdefault("__slots__", ())
        return super().__new__(mcs, name, bases, namespace, **options)

    def __call__(cls, *_args: Any, **_options: Any) -> Any:
        raise TypeError(
            f"{cls.__name__} is not called: the runtime makes its processes. "
            f"Start one with node.start(ChildSpec(id, {cls.__name__}, …)), or put the ChildSpec under a Supervisor"
        )


class Handle(metaclass=_Slotted):
    """A process's handle on itself and on its node."""

    __slots__ = ("_process",)
    _process: Process
    redact: ClassVar[Any] = None
    """A behaviour's own, where it has one (see `Server`): here, so that asking for it costs no search that fails."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in cls.__dict__:
            raise TypeError(
                f"{cls.__name__} defines __init__; a process begins with init(…), which returns its first state"
            )

    def __setattr__(self, name: str, value: object) -> None:
        settable = isinstance(getattr(type(self), name, None), property)
        if not settable:
            raise AttributeError(
                f"self.{name} cannot be set: a process keeps nothing on self. What lasts belongs into the state that the "
                "handler returns; a live object into Node(resources={…}), read with self.resource(KEY)"
            )
        super().__setattr__(name, value)

    @property
    def pid(self) -> Pid:
        """This process's pid."""
        return self._process.pid

    @property
    def label(self) -> str | None:
        """What lists show for a process without a name. Settable."""
        extra = self._process.extra
        return extra.label if extra is not None else None

    @label.setter
    def label(self, text: str | None) -> None:
        self._process.more().label = None if text is None else _words(text)

    def named(self, name: str) -> Name:
        """An address that finds whoever is registered as `name` at each send."""
        return self._process.sched.node.named(name)

    def whereis(self, name: str) -> Pid | None:
        """The pid registered as `name` now; None if there is none."""
        return self._process.sched.node.whereis(name)

    @on_loop
    @open_to_switches
    def send_after(self, seconds: float, message: object, to: Target | None = None) -> Ref:
        """Send `message` (for `handle_info` or `receive`) in `seconds`, to oneself unless `to` says otherwise.

        The timer ends with this process. `to` may be a name: it is looked up when the timer fires.
        """
        return send_after(self._process, seconds, message, self._to(to))

    @on_loop
    @open_to_switches
    def send_at(self, moment: float, message: object, to: Target | None = None) -> Ref:
        """As `send_after`, at a moment of `time.monotonic()`: at a caller's deadline, say. At once, if it has passed."""
        return send_at(self._process, moment, message, self._to(to))

    @on_loop
    @open_to_switches
    def send_interval(self, seconds: float, message: object, to: Target | None = None) -> Ref:
        """As `send_after`, again and again: every `seconds`, without drift, until `cancel_timer` or the end of either process."""
        return send_interval(self._process, seconds, message, self._to(to))

    @on_loop
    def read_timer(self, ref: Ref) -> float | None:
        """The seconds until a timer of this process fires; None if it has fired, was cancelled, or was never set."""
        return read_timer(self._process, ref)

    @on_loop
    def cancel_timer(self, ref: Ref) -> float | None:
        """Stop a timer. The seconds that were left; None if it had fired or was never set."""
        return cancel_timer(self._process, ref)

    @on_loop
    def monitor(self, target: Target) -> Ref:
        """Get a `Down(ref, pid, reason)` when `target` ends; at once, with `noproc`, if it is not alive."""
        return exits.monitor(self._process, self._find(target))

    @on_loop
    def demonitor(self, ref: Ref) -> bool:
        """Stop monitoring; a `Down` that has already come is taken out of the mailbox. Whether there was such a monitor."""
        return exits.demonitor(self._process, ref)

    @on_loop
    def alias(self) -> Alias:
        """An address of this process for the time being: an answer that comes after `unalias` is dropped (OTP's alias).

        For requests by `cast` and `send`. A call needs none: its late answer is dropped anyway.
        """
        return Alias(self._process)

    @on_loop
    def unalias(self, alias: Alias) -> bool:
        """Let an alias of this process reach it no more. Whether it still did."""
        if alias._holder is not self._process:
            return False
        alias._holder = None
        return True

    @on_loop
    def link(self, target: Target) -> None:
        """Link with `target`: when one ends abnormally, the other gets an exit signal."""
        other = self._find(target)
        if other is None:
            exits.signal(self._process, "noproc")
        elif other is not self._process:
            exits.link(self._process, other)

    @on_loop
    def unlink(self, target: Target) -> None:
        """Undo `link`. An `Exit` of it that has already come is taken out of the mailbox: nothing of it arrives any more."""
        other = self._find(target)
        if other is not None:
            exits.unlink(self._process, other)
            exits.flush(self._process, other)

    @on_loop
    @open_to_switches
    def exit(self, target: Target, reason: Any) -> None:
        """Send an exit signal (Erlang's `exit/2`); `"kill"` cannot be trapped.

        Raises:
            NotSendable: the reason holds what cannot be shared.
        """
        other = self._find(target)
        if other is not None:
            exits.signal(other, share(reason), self._process)

    @on_loop
    @open_to_switches
    def spawn(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> Pid:
        """Start a coroutine process that runs `function(process, *args)`, not linked to this one."""
        return self._process.sched.node.spawn_from(self._process, function, args).pid

    @on_loop
    def start_child(self, supervisor: Target, spec: ChildSpec) -> Awaitable[Pid]:
        """Ask a supervisor to start a child. The request is sent now; the answer may be awaited, or not.

        Raises (when awaited):
            ChildError: a child of this id exists.
            StartError: the child did not start.
        """
        from .supervision.requests import StartChild  # noqa: PLC0415 - the supervisor is itself a server

        address = self._address(supervisor)
        answer = request(address, address._process, StartChild(spec))
        answer.add_done_callback(self._note_failure)
        return answer

    def _note_failure(self, answer: asyncio.Future[Any]) -> None:
        error = None if answer.cancelled() else answer.exception()
        if error is not None and self._process.status != ENDED:
            self._process.note(f"start_child failed: {error}")

    @on_loop
    def task(self, coroutine: Coroutine[Any, Any, Any], name: str | None = None) -> TaskRef:
        """Run a coroutine beside this process, which stays answerable.

        Its end arrives as `TaskDone(ref, value)` or `TaskFailed(ref, reason)`. It dies with this process.
        """
        return start_task(self._process, coroutine, name)

    def progress(self, text: str) -> None:
        """Say what this process is doing; shown at once in the console's DOING column."""
        self._process.more().doing = _words(text)

    def count(self, name: str, amount: float = 1) -> None:
        """Add to a declared counter of this process (`counters = ("tokens",)` on its class).

        Counters are kept across restarts under the child's id, and summed up the tree.

        Raises:
            ValueError: the counter is not declared, or would no longer be a finite number.
            TypeError: the amount is no number.
        """
        declared: tuple[str, ...] | None = getattr(self, "counters", None)
        if declared is not None and name not in declared:
            raise ValueError(
                f"{type(self).__name__} declares no counter {name!r}; declared: {', '.join(declared) or 'none'}. "
                f'Add it: counters = ("{name}",)'
            )
        counters = self._process.sched.node.ledger.counters_of(self._process)
        if not isinstance(amount, int | float):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"self.count({name!r}, …) takes a number; got {amount!r}")
        total = counters.get(name, 0) + (
            float.__float__(amount) if isinstance(amount, float) else int.__int__(amount)
        )
        if not -_LARGEST <= total <= _LARGEST:
            raise ValueError(
                f"self.count({name!r}, …): a counter is a finite number; it would be {total!r:.40}"
            )
        counters[str.__str__(name)] = total
        if self._process.sched.tap is not None:
            tell(self._process, "count", str.__str__(name), values=(amount,))

    def wait(self, awaitable: Awaitable[T]) -> T:
        """In a plain handler: stand still until the awaitable is done, and return its result. In an async one: `await` it.

        The process handles no other message meanwhile; its neighbours go on. About 10 µs.

        Raises:
            RuntimeError: this is no plain handler of this process, or it may not stand still here.
            TypeError: it cannot be awaited.
            BaseException: what the awaitable raised.
        """
        return wait(self._process, awaitable)

    def call(self, target: Target, message: Any, timeout: float | None = 5.0) -> Any:
        """In a plain handler: send a request and wait for its answer; `Pid.call` for handlers that cannot await.

        Raises:
            RuntimeError: this is no plain handler of this process, or it may not stand still here.
            CallError: as `Pid.call`, and so is the rest.
        """
        return call(self._process, self._address(target), message, timeout)

    def critical(self) -> AbstractContextManager[None]:
        """`with self.critical():` nobody comes between: the step is not parked inside.

        For 20 ms at most; a step that stays longer is interrupted. It may not wait inside, and an `await` there ends it.

        Raises:
            RuntimeError: this is no step of this process.
        """
        return critical(self._process)

    def resource(self, key: Any) -> Any:
        """A live object (a client, a connection) that the host gave as `Node(resources={key: …})`.

        Raises:
            LookupError: the node has no such resource.
        """
        resources = self._process.sched.node.resources
        try:
            return resources[key]
        except KeyError:
            known = ", ".join(str(item) for item in resources) or "none"
            raise LookupError(
                f"no resource {key!r}; this node has: {known}. Give it as Node(resources={{…}})"
            ) from None

    def _to(self, target: Target | None) -> Address:
        return self.pid if target is None else self._address(target)

    def _address(self, target: Target) -> Address:
        return self.named(target) if isinstance(target, str) else target

    def _find(self, target: Target) -> Process | None:
        if isinstance(target, Address):
            process: Process | None = target._process
            return process.found() if process is not None else None
        if isinstance(target, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            return self._find(self.named(target))
        raise TypeError(f"not a process: {target!r}; give a Pid, node.named(NAME) or a name")

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__} {self._process}>"
