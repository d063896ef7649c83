"""Servers: callback processes (OTP's gen_server). A class says what to do; the state is a value that handlers return.

    User class                               Runtime
    ----------                               -------
    init(*args)              <--------       start
      -> state
       | Continue(message, state)            handle_continue runs before any message
       | Stop(reason, state)                 the start fails
       | Ignore()                            no process is wanted, and that is no failure

    handle_call(message,     <--------       pid.call(message)
                caller, state)
      -> Reply(value, state)
       | NoReply(state)                      caller.reply(value) later, from anywhere
       | Continue(message, state, reply=…)
       | Stop(reason, state, reply=…)

    handle_cast(message, state)      <----   pid.cast(message)
    handle_info(message, state)      <----   pid.send(message), Down, Exit, TaskDone, TaskFailed, timers
    handle_continue(message, state)  <----   Continue
      -> state
       | NoReply(state)
       | Continue(message, state)
       | Stop(reason, state)

    terminate(reason, state)         <----   Stop; a handler raised; the parent's exit signal, if exits are trapped

Every handler may be plain or `async`. A server handles one message at a time either way. A handler that raises
leaves the last state untouched, which goes into the crash report. None is never a state.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, Union, get_args

from .code.versions import seen
from .errors import BadReturn, describe
from .handle import Handle
from .results import Continue, Ignore, NoReply, Reply, Stop

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .caller import Caller

__all__ = ["Server"]

State = TypeVar("State")
Policy = Literal["refuse", "drop_oldest", "block"]


class Server(Handle, Generic[State]):
    """Base class of servers. Override the handlers that you need; the file's head lists every legal return.

    Class attributes:
        accepts: message classes that an operator may send. Optional. Defaults to none.
        counters: names that `self.count` takes. Optional. Defaults to none.
        trap_exits: whether exit signals arrive as `Exit(pid, reason)` in `handle_info`, and `terminate` runs when the
            supervisor shuts the process down. Optional. Defaults to False.
        strict: whether a state that is mutable is refused. Optional. Defaults to False.
        mailbox_limit: how many messages may wait. Optional. Defaults to None: any number.
        mailbox_policy: what becomes of one too many: `refuse` (its sender gets `MailboxFull`), `drop_oldest`, or `block` (its
            sender waits); see `bounded`. Optional. Defaults to refuse.

    Methods that are not declared here, because their form is yours:
        init(self, *args, **options): returns the first state; it gets the arguments of the ChildSpec.
        redact(value), a static method: gets a state, a message or a reply before an operator sees it, and returns what may
            be shown. It runs on the loop. Optional. Defaults to redaction by the names of fields.
        code_change(old_version, state), a static method: gets the state that older code has left (with plain data in the place of
            instances of classes of the module), and returns the state that this code goes on with. Optional. Defaults to the
            same state, its instances rebuilt with the same fields. `code_change_down(version, state)` for the way back.
        message_change(old_version, message), a static method: as `code_change`, for messages in the mailbox.
    """

    accepts: ClassVar[tuple[type, ...]] = ()
    counters: ClassVar[tuple[str, ...]] = ()
    trap_exits: ClassVar[bool] = False
    strict: ClassVar[bool] = False
    mailbox_limit: ClassVar[int | None] = None
    mailbox_policy: ClassVar[Policy] = "refuse"
    by_hand: ClassVar[bool] = False
    """Whether the first step of an async handler runs without a task: for the runtime's own servers, which await nothing
    that asks for the current task."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        seen(cls.__module__)
        limit, policy = cls.mailbox_limit, cls.mailbox_policy
        if limit is not None and not (type(limit) is int and limit > 0):
            raise ValueError(
                f"{cls.__name__}.mailbox_limit = {limit!r}; it is a number of messages, 1 or more, or None"
            )
        if policy not in get_args(Policy):
            raise ValueError(
                f"{cls.__name__}.mailbox_policy = {policy!r}; it is one of {', '.join(get_args(Policy))}"
            )

    def handle_call(self, message: Any, caller: Caller[Any], state: State, /) -> CallResult[State]:
        """Answer a call. Without an override, any call is a crash."""
        raise TypeError(f"{type(self).__name__} has no handle_call, and got {describe(message)}")

    def handle_cast(self, message: Any, state: State, /) -> Result[State]:
        """Handle a cast. Without an override, any cast is a crash."""
        raise TypeError(f"{type(self).__name__} has no handle_cast, and got {describe(message)}")

    def handle_info(self, message: Any, state: State, /) -> Result[State]:
        """Handle any other message. Without an override it stands in the process's events, and is dropped."""
        self._process.note(f"dropped, for want of handle_info: {type(message).__name__}")
        return state

    def handle_continue(self, message: Any, state: State, /) -> Result[State]:
        """Go on after `Continue`. Without an override, a crash."""
        raise TypeError(f"{type(self).__name__} has no handle_continue, and got {describe(message)}")

    def terminate(self, reason: Any, state: State, /) -> Awaitable[None] | None:
        """Clean up before the end. Its result is ignored. It does not run when the process is killed."""


Result = Union[  # noqa: UP007 - an alias that begins with a type variable is none to mypy
    State, NoReply[State], Stop[State], Continue[State],
    Coroutine[Any, Any, Union[State, NoReply[State], Stop[State], Continue[State]]],  # noqa: UP007
]  # fmt: skip
"""What `handle_cast`, `handle_info` and `handle_continue` return."""
CallOutcome = Reply[State] | NoReply[State] | Stop[State] | Continue[State]
CallResult = CallOutcome[State] | Coroutine[Any, Any, CallOutcome[State]]
"""What `handle_call` returns."""


def bad_return(handler: str, result: Any) -> BadReturn:
    """The error of a handler that returned what it may not."""
    if handler == "handle_call":
        legal = "return Reply(value, state), NoReply(state), Continue(message, state) or Stop(reason, state)"
    elif handler == "init":
        legal = "return the first state"
    else:
        legal = "return the next state"
    if type(result) in {Reply, NoReply, Continue} and result.state is None:
        return BadReturn(
            f"{handler} returned a {type(result).__name__} whose state is None; None is never a state"
        )
    text = (
        repr(result)
        if result is None or isinstance(result, int | str | Ignore)
        else f"a {type(result).__name__}"
    )
    return BadReturn(f"{handler} returned {text[:80]}; {legal}")
