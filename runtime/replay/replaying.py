"""A replay: recorded messages fed to a copy of a process's state, step by step, beside what the record says.

    replay(node, recording)                        on the code that is loaded today
    replay(node, recording, code="bank.py")        on changed code, which is executed aside

    a process of the node:  for each step   state, message ──> the handler, with a stand-in for `self` ──> outcome, effects
                                            the record's                                                  compared

    lock-step   each step begins with the record's state, so that each difference stands alone
    free        the replayed state goes on, so that what follows from a difference is seen

Nothing reaches the live process, or anybody else: pids, names and callers are shadows (`identities`), and what would reach outside of the node is
refused (`fence`). Handlers run for real, though: the clock, chance, and what a module keeps are not in the record. A coroutine process cannot
be replayed.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import asyncio
import inspect
import time
import traceback
import types
from collections.abc import Coroutine, Generator, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from tracing.records import Json

from .. import exits
from ..code.migration import NotMigrated
from ..code.planning import Breath
from ..crash import strip
from ..errors import CodeError, describe
from ..form import COMPILED
from ..introspection.values import walk
from ..mailbox import CONTINUE, HANDLERS
from ..pid import pid_text
from ..preemption.guards import boundary
from ..results import NOTHING
from ..signals import RUNTIME_SIGNALS
from ..state_machine.behaviour import StateAndData, StateMachine
from ..state_machine.events import (
    Call,
    Cast,
    Enter,
    EventTimeout,
    GenericTimeout,
    Info,
    Internal,
    StateTimeout,
)
from ..status import ENDED
from .changed import Code, changed_code, todays_code
from .fence import fenced
from .identities import World
from .judging import Judge, Show
from .outcome import Outcome, outcome_of, raised
from .packing import Unpackable, copied, unpacked
from .recording import Kept, Recording, Step, handler_of
from .report import Difference, Mode, Report, StepReport
from .shadows import Unanswered
from .stand_in import shown_as, slept, stand_in
from .tape import Asked, Effect, Tape

if TYPE_CHECKING:
    from ..node import Node

__all__ = ["replay"]

TOLD: Final = 100
"""Steps with differences that a report tells in full."""
FRAMES: Final = 20
_EVENTS: Final = frozenset({Call, Cast, Info, Internal, StateTimeout, EventTimeout, GenericTimeout, Enter})


async def replay(
    node: Node,
    recording: Recording,
    *,
    code: str | None = None,
    module: str | None = None,
    mode: Mode = "lock-step",
    seconds: float = 30.0,
    resources: Mapping[Any, Any] | None = None,
    outside: bool = False,
    show: Show | None = None,
) -> Report:
    """Replay a recording in a process of its own, which is killed when it takes too long.

    Args:
        node: where.
        recording: what.
        code: the file of changed code. Optional. Defaults to what is loaded.
        module: in whose place it is. Optional. Defaults to the module that has this file or its name, else to the behaviour's own.
        mode: `lock-step` or `free`. Optional. Defaults to lock-step.
        seconds: for all of it. Optional. Defaults to 30.
        resources: what handlers get from `self.resource(KEY)`. Optional. Defaults to none: a replay touches nothing that is live.
        outside: whether handlers may reach outside of the node: open connections, write files, start programs (`fence`). Then these are
            done again. Optional. Defaults to False.
        show: shows values. Optional. Defaults to the behaviour's own `redact` and the bounded walk.

    Raises:
        CodeError: there is no such code, or what was recorded is no server; or this is the compiled form of the runtime.
        ValueError: there is no such mode.
    """
    if COMPILED:
        raise CodeError(
            "the compiled form replays nothing: its calls take no stand-ins. Replay with the Python source"
        )
    if mode not in {"lock-step", "free"}:
        raise ValueError(f"a replay is `lock-step` or `free`; not {mode!r}")
    found = todays_code(recording) if code is None else changed_code(node, recording, code, module)
    job = _Job(recording, found, mode, dict(resources or {}), show)
    job.outside = outside
    began = time.monotonic()
    pid = node.spawn(job.begin)
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    process: Any = pid._process
    exits.watch(process, lambda reason: None if done.done() else done.set_result(reason))
    try:
        async with asyncio.timeout(seconds):
            reason = await done
        if reason != "normal":
            job.ended = f"the replay has ended in step {job.at}: {describe(reason)}"
    except TimeoutError:
        job.ended = f"it has not come beyond step {job.at} within {seconds:g} s"
    finally:
        exits.signal(process, "shutdown")  # it traps no exits; and no crash, which a kill is
    return job.report(time.monotonic() - began)


class _Job:
    """One replay."""

    def __init__(
        self, recording: Recording, code: Code, mode: Mode, resources: dict[Any, Any], show: Show | None
    ) -> None:
        self.recording: Final = recording
        self.at = 0
        self.outside = False
        self.ended = ""
        self._code: Final = code
        self._mode: Final[Mode] = mode
        self._world: Final = World(recording.number, recording.about.name, code.modules)
        self._judge: Final = Judge(self._world, show or self._show)
        self._handle: Final = stand_in(code.kind, self._world, resources)
        self._machine: Final = issubclass(code.kind, StateMachine)
        self._state: Any = NOTHING
        self._differing: list[StepReport] = []
        self._count = self._done = 0
        self._first: int | None = None
        self._notes: Final = list(recording.notes)
        if recording.about.version not in {"", code.version} and not code.modules:
            self._notes.append(
                f"it was recorded on other code ({recording.about.version}): its values are made with today's classes"
            )

    def _show(self, value: Any) -> Json:
        redact: Any = getattr(self._code.kind, "redact", None)
        try:
            shown: Json = walk(value if redact is None or value is NOTHING else redact(value)).value
        except Exception as error:
            return {"$text": f"`redact` of this behaviour raised {type(error).__name__}; nothing is shown"}
        return shown

    def report(self, seconds: float) -> Report:
        """What has been found."""
        about, recording = self.recording.about, self.recording
        return Report(
            pid_text(recording.number), about.name, about.behaviour, about.version, self._code.version, self._mode,
            len(recording.steps), self._done, self._done - self._count, self._first, tuple(self._differing), self._count,
            self.ended, tuple(sorted(recording.compared)), tuple(self._notes), seconds,
        )  # fmt: skip

    # --- the steps --------------------------------------------------------------------------------

    async def begin(self, handle: Any) -> None:
        """What its process runs. What is traced there is shown as what it replays: through that behaviour's `redact`."""
        handle.label = f"replay of {pid_text(self.recording.number)}"
        process: Any = handle._process
        process.handle = shown_as(self._code.kind, handle)
        await self._run(process)

    @boundary
    async def _run(self, process: Any) -> None:
        """Replay step by step, until the end of the record, or of the process that it replays."""
        breath = Breath()
        for step in self.recording.steps:
            self.at = step.number
            goes_on = await self._step(step, process)
            self._done += 1
            if not goes_on:
                break
            await breath()

    async def _step(self, step: Step, process: Any) -> bool:
        """Replay one step; whether there is a next one."""
        trace = ""
        was = now = None
        tape = self._world.tape = Tape([], self._judge.alike)
        try:
            message = self._code.message(self._value(step.message))
            tape = self._world.tape = Tape(self._asked(step), self._judge.alike)
            now = await self._handle_message(step, message, self._before(step), process)
            if now.how == "raises" and isinstance(now.reason, BaseException):
                trace = "".join(traceback.format_exception(now.reason, limit=-FRAMES))
                strip(now.reason)
            was = self._recorded(step, now)
            found = self._judge.step(was, now, self._deeds(step), tape.effects, self.recording.compared)
        except Unanswered as error:
            found = [Difference("unanswered", str(error))]
        except (Unpackable, NotMigrated) as error:
            found = [Difference("unreadable", str(error))]
        if found:
            self._differs(step, found, tape, trace)
        return self._next(step, was, now, same=not found)

    def _differs(self, step: Step, found: list[Difference], tape: Tape, trace: str) -> None:
        self._count += 1
        self._first = self._first or step.number
        if len(self._differing) >= TOLD:
            return
        shown: Json
        try:
            shown = self._judge.show(self._value(step.message))
        except Unpackable as error:
            shown = {"$text": str(error)}
        self._differing.append(
            StepReport(step.number, step.at, step.text, shown, tuple(found), tuple(tape.assumed), trace)
        )

    def _next(self, step: Step, was: Outcome | None, now: Outcome | None, *, same: bool) -> bool:
        """Make ready for the next step; whether there is one."""
        if self._mode == "lock-step":
            self._state = was.state if was is not None else NOTHING
            return True
        if now is None:
            self.ended = f"step {step.number} could not be replayed, so nothing is known of what follows; lock-step goes on behind it"
            return False
        if now.how != "goes on" and step.number < len(self.recording.steps):
            self.ended = (
                f"the process would have ended in step {step.number}: it {now.how} ({describe(now.reason)})"
            )
            return False
        if same and was is not None:
            self._state = was.state  # the same, with the names that the record has
            return True
        try:
            self._state = copied(now.state, self._world)
        except Unpackable as error:
            self.ended = f"the state after step {step.number} cannot be handed on: {error}"
            return False
        return True

    # --- what the record says ---------------------------------------------------------------------

    def _value(self, kept: Kept | None) -> Any:
        if not kept:
            return NOTHING
        if isinstance(kept, str):
            raise Unpackable(kept)
        return unpacked(kept, self._world)

    def _before(self, step: Step) -> Any:
        if (self._mode == "free" or not step.before) and self._state is not NOTHING:
            return self._state
        if not step.before:
            raise Unpackable(
                "the record has no state before it: only a recording has states, and a dump has none"
            )
        return self._code.state(self._value(step.before))

    def _asked(self, step: Step) -> list[Asked]:
        turn = self._code.value
        return [
            Asked(
                one.peer,
                turn(self._value(one.message)),
                turn(self._value(one.answer)),
                one.answer is not None,
            )
            for one in step.asks
        ]

    def _deeds(self, step: Step) -> list[Effect]:
        return [
            Effect(one.kind, one.peer or None, pid_text(one.peer), self._code.value(self._value(one.value)))
            if one.kind != "count"
            else Effect("count", None, one.text, self._code.value(self._value(one.value)))
            for one in step.deeds
            if one.kind in self.recording.compared
        ]

    def _recorded(self, step: Step, now: Outcome) -> Outcome:
        """What became of it; where the record does not tell how it ended, that is no difference."""
        state = self._code.state(self._value(step.state)) if step.state else now.state
        if step.raised is not None:
            same = now.state if now.how == "raises" else state  # nothing has become of it
            return Outcome(same, now.reply, "raises", self._code.value(self._value(step.raised)))
        reply = self._code.value(self._value(step.reply))
        if not step.reply and now.reply is None:
            reply = None  # a record may have neither for both
        if step.ended is not None:
            return Outcome(state, reply, "stops", self._code.value(self._value(step.ended)))
        if step.number == len(self.recording.steps) and now.how == "stops":
            return Outcome(state, reply, "stops", NOTHING)
        return Outcome(state, reply)

    # --- the handler ------------------------------------------------------------------------------

    async def _handle_message(self, step: Step, message: Any, before: Any, process: Any) -> Outcome:
        handler = self._handler(step, message)
        state = before
        if type(message) is Enter and self._machine:
            state = self._entered(step, before)
        arguments = (message, self._world.caller(), state) if handler == "handle_call" else (message, state)
        try:
            with nullcontext() if self.outside else fenced():
                result: Any = self._enter(handler, arguments)
                if inspect.iscoroutine(result):
                    result = await _driven(result)
            return outcome_of(self._code.kind, handler, message, state, result, self._world.tape)
        except BaseException as error:
            if process.status == ENDED or isinstance(error, Unanswered):
                raise
            return raised(before, error)

    @boundary
    def _enter(self, handler: str, arguments: tuple[Any, ...]) -> Any:
        return getattr(self._handle, handler)(*arguments)

    def _entered(self, step: Step, before: StateAndData) -> StateAndData:
        """The state that is being entered: in the record, the process is still in the one before."""
        if self._state is not NOTHING:
            return self._state  # type: ignore[no-any-return]  # a machine's
        after = self._code.state(self._value(step.state)) if step.state else before
        return StateAndData(after.state, before.data)

    def _handler(self, step: Step, message: Any) -> str:
        if self._machine and type(message) in _EVENTS:
            return HANDLERS[CONTINUE]
        named = handler_of(step.text)
        if named is not None:
            return named
        if self._value(step.reply) is not NOTHING and step.raised is None:
            return "handle_call"
        return "handle_info" if type(message) in RUNTIME_SIGNALS else "handle_cast"


@types.coroutine
def _driven(coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run a handler's coroutine; `asyncio.sleep` takes no time."""
    error: BaseException | None = None
    while True:
        try:
            future = coroutine.send(None) if error is None else coroutine.throw(error)
        except StopIteration as done:
            return done.value
        error = None
        if future is None or not slept(coroutine, future):
            try:
                yield future
            except BaseException as thrown:
                error = thrown
