"""What the type checkers make of the embedding API. Read by mypy and pyright in `make check`, and never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_type

from runtime import (
    Call,
    Caller,
    CancelTimeout,
    Cast,
    ChildSpec,
    Continue,
    CoroutineHandle,
    Event,
    GenericTimeout,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Node,
    NoReply,
    Pid,
    Postpone,
    RepeatState,
    Reply,
    ReplyTo,
    Request,
    Server,
    StateMachine,
    StateMachineResult,
    StateTimeout,
    Stop,
    Supervisor,
    TaskDone,
    system,
)


@dataclass(frozen=True)
class Deposit(Request[int]):
    amount: int


class Account(Server[int]):
    def init(self, owner: str) -> int:
        return 0

    # The state may be called what it is; the message may be narrowed.
    def handle_call(
        self, message: Deposit, caller: Caller[int], balance: int, /
    ) -> Reply[int] | Stop[int] | Continue[int]:
        if message.amount < 0:
            return Stop("overdrawn", balance, reply=balance)
        if message.amount == 0:
            return Continue("audit", balance)
        return Reply(balance + message.amount, balance + message.amount)

    async def handle_cast(self, message: object, balance: int, /) -> int:
        return balance

    def handle_info(self, message: TaskDone, balance: int, /) -> int | NoReply[int]:
        return NoReply(balance)

    async def terminate(self, reason: Any, balance: int, /) -> None:
        self.progress(f"closing with {balance}")


class Door(StateMachine[int]):
    state_enter = True

    def init(self) -> NextState[int]:
        return NextState("shut", 0, StateTimeout("nobody", after=10))

    def shut(self, event: Event, opened: int) -> NextState[int] | KeepState[int]:
        match event:
            case Call("open", caller):
                return NextState("open", opened + 1, ReplyTo(caller, "welcome"), NextEvent(Internal("ring")))
            case Call():
                return KeepState(opened, Postpone())
            case StateTimeout(why):
                return KeepState(opened, GenericTimeout("again", why, after=1), reply=None)
            case _:
                return KeepState(opened, CancelTimeout(GenericTimeout("again")))

    async def open(self, event: Event, opened: int) -> RepeatState[int] | Stop[int]:
        return RepeatState(opened) if isinstance(event, Cast) else Stop("normal", opened)

    def handle_event(self, event: Event, state: str, opened: int, /) -> StateMachineResult[int]:
        return super().handle_event(event, state, opened)

    def terminate(self, reason: Any, state: str, opened: int, /) -> None:
        assert_type(self.read_timer(self.send_interval(1.0, "tick")), float | None)


async def worker(process: CoroutineHandle, times: int) -> None:
    for _ in range(times):
        await process.receive(match=(int, str), timeout=1.0)


async def use(node: Node) -> None:
    pid = await node.start(Supervisor([ChildSpec("alice", Account, "Alice")], strategy="rest_for_one"))
    assert_type(pid, Pid)
    assert_type(await node.named("alice").call(Deposit(10)), int)
    assert_type(await pid.call(Deposit(10), timeout=None), int)
    assert_type(await pid.call("anything"), Any)
    assert_type(node.whereis("alice"), Pid | None)
    assert_type(node.spawn(worker, 3), Pid)


async def asks_of_sys(pid: Pid) -> None:
    """What every process can be asked."""
    assert_type(await system.suspend(pid), None)
    assert_type(await system.get_status(pid), system.Status)
    assert_type(await system.statistics(pid, "get", timeout=None), system.Statistics | None)
    await system.replace_state(pid, lambda state: state)
    await system.statistics(pid, "reset")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
