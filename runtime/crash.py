"""What is kept of a crash: OTP's crash report, with the last good state.

The traceback is kept as text in the making (`TracebackException`): no frames, hence nothing that they hold, and the
cost of formatting is paid by who reads it.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it walks values of any type)

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from traceback import FrameSummary, TracebackException
from typing import TYPE_CHECKING, Any, Final

from .errors import describe, kind_of
from .mailbox import CONTINUE
from .messages import is_constant
from .preemption.guards import to_its_end
from .signals import is_orderly
from .trace.before import last_events

if TYPE_CHECKING:
    from tracing.records import Event

    from .process import Process

__all__ = ["CrashReport", "TextTrace", "report", "strip"]

SAMPLE: Final = 10
"""Messages of the mailbox that a report keeps."""
FRAMES: Final = 40
_FILE: Final = re.compile(r'^ *File "(.+)", line \d', re.MULTILINE)
_RUNTIME: Final = (
    str(Path(__file__).parent) + os.sep,
    "runtime" + os.sep,
)  # compiled code has no absolute path


class TextTrace:
    """A traceback that is text already: it has come from another OS process."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def format(self) -> list[str]:
        """The text."""
        return [self._text]


@dataclass(frozen=True, slots=True)
class CrashReport:
    """Why a process ended, and what it was doing.

    Attributes:
        at: when, in seconds since the epoch.
        number: of its pid.
        name: registered name, or None.
        label: its label, or None.
        path: ids from the top supervisor down to this child; empty for others.
        behaviour: `module:qualname`.
        reason: the exit reason.
        trace: the traceback in the making; None where the process was ended from outside.
        last_message: what it was handling; None if nothing.
        last_state: the last state that a handler returned.
        half_changed: whether that state is mutable, so that a handler may have changed a part of it.
        mailbox_sample: the oldest messages that it had not handled.
        lost: how many messages its mailbox held.
        ancestors: pid numbers, parent first.
        links: pid numbers.
        lived_s: seconds from start to end.
        redact: the behaviour's own `redact`, through which values are shown; None if it has none.
        before: the last events of the process, and of the story that it was in, as the flight recorder had them.
    """

    at: float
    number: int
    name: str | None
    label: str | None
    path: tuple[Any, ...]
    behaviour: str
    reason: Any
    trace: TracebackException | TextTrace | None
    last_message: Any
    last_state: Any
    half_changed: bool
    mailbox_sample: tuple[Any, ...]
    lost: int
    ancestors: tuple[int, ...]
    links: tuple[int, ...]
    lived_s: float
    redact: Callable[[Any], Any] | None
    before: list[Event]

    @property
    def text(self) -> str:
        """The reason, in words."""
        return describe(self.reason)

    @property
    def kind(self) -> str:
        """The reason without values."""
        return kind_of(self.reason)

    @property
    def traceback(self) -> str:
        """The traceback as text; empty where there is none."""
        return "".join(self.trace.format()) if self.trace is not None else ""

    @property
    def frames(self) -> list[FrameSummary]:
        """Where it was raised: the frames of the user's code, innermost last; none where there is no traceback, or only its text."""
        trace = self.trace
        if not isinstance(trace, TracebackException):
            return []
        return [frame for frame in trace.stack if not frame.filename.startswith(_RUNTIME)]

    @property
    def places(self) -> frozenset[str]:
        """Whose code it was: the module of the behaviour, and the files that the traceback goes through, causes included."""
        found = {self.behaviour.partition(":")[0]}
        traces = [self.trace]
        while traces:
            trace = traces.pop()
            if isinstance(trace, TextTrace):
                found.update(_FILE.findall(self.traceback))
            elif trace is not None:
                found.update(frame.filename for frame in trace.stack)
                traces += [trace.__cause__, trace.__context__]
        return frozenset(found)


@to_its_end
def report(process: Process, reason: Any, error: BaseException | None) -> CrashReport | None:
    """The crash report of a process that ends with `reason`; None for an orderly end."""
    if is_orderly(reason):
        return None
    mailbox = [entry for entry in process.mailbox or () if entry[0] != CONTINUE]
    state = process.state
    return CrashReport(
        at=time.time(),
        number=process.number,
        name=process.name,
        label=process.extra.label if process.extra is not None else None,
        path=process.child.path if process.child is not None else (),
        behaviour=process.behaviour,
        reason=reason,
        trace=_trace(error),
        last_message=process.current[1] if process.current is not None else None,
        last_state=state,
        half_changed=_may_change(state),
        mailbox_sample=tuple(entry[1] for entry in mailbox[:SAMPLE]),
        lost=len(mailbox),
        ancestors=process.ancestors,
        links=tuple(sorted(other.number for other in process.linked())),
        lived_s=process.sched.clock() - process.started,
        redact=getattr(type(process.handle), "redact", None),
        before=last_events(process),
    )


def _may_change(state: Any) -> bool:
    try:
        return not is_constant(state)
    except Exception:  # a state whose class cannot even be walked
        return True


def _trace(error: BaseException | None) -> TracebackException | None:
    if error is None:
        return None
    try:
        trace = TracebackException.from_exception(error, limit=-FRAMES, lookup_lines=False, compact=True)
    except Exception:  # a __str__ of the user's that raises
        return None
    frames = trace.stack
    first = next((index for index, frame in enumerate(frames) if not frame.filename.startswith(_RUNTIME)), 0)
    del frames[:first]  # how the runtime came to the handler is the same every time
    strip(error)
    return trace


def strip(error: BaseException) -> None:
    """Cut the frames off an exception and its causes: as a reason it travels far, and frames hold states alive."""
    seen: set[int] = set()
    stack: list[BaseException | None] = [error]
    while stack:
        item = stack.pop()
        if item is None or id(item) in seen:
            continue
        seen.add(id(item))
        item.__traceback__ = None
        stack += [item.__cause__, item.__context__]
        if isinstance(item, BaseExceptionGroup):
            stack += item.exceptions
