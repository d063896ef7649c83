"""What a replay has found, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from tracing.changes import Change
from tracing.records import Json

__all__ = ["Difference", "Mode", "Report", "StepReport", "What"]

Mode: TypeAlias = Literal["lock-step", "free"]
What: TypeAlias = Literal["state", "reply", "end", "effects", "unanswered", "unreadable"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a step has gone otherwise than in the record.

    Attributes:
        what: `state`, `reply`, `end` (stopping or raising), `effects`; `unanswered`: it wants to know what is in no record;
            `unreadable`: the record's values cannot be made, or migrated.
        text: in a sentence.
        changes: from the record to the replay, field by field.
    """

    what: What
    text: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step with differences.

    Attributes:
        number: of the step, from 1 on.
        at: when it was, in seconds since the epoch.
        handler: `handle_call` and the like, or a state machine's state.
        message: as an operator may see it.
        differences: one at least.
        assumed: what it was told that is in no record.
        traceback: of what it has raised, if it has.
    """

    number: int
    at: float
    handler: str
    message: Json
    differences: tuple[Difference, ...]
    assumed: tuple[str, ...] = ()
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay has found.

    Attributes:
        pid: of the process of the record.
        name: its name or label, or None.
        behaviour: `module:qualname`.
        recorded: version of the code that was recorded; empty where it is not known.
        replayed: version of the code that it was replayed on.
        mode: `lock-step`: each step begins with the record's state; `free`: the replayed state goes on.
        steps: of the record.
        done: that were replayed.
        same: without a difference.
        first: the number of the first step with a difference; None if there is none.
        differing: the steps with differences, the first 100.
        differences: how many steps have some.
        ended: why it was not replayed to the end; empty if it was.
        compared: kinds of effects that were compared, beside states, replies and ends.
        notes: what has to be known to judge it.
        seconds: how long it took.
    """

    pid: str
    name: str | None
    behaviour: str
    recorded: str
    replayed: str
    mode: Mode
    steps: int
    done: int
    same: int
    first: int | None
    differing: tuple[StepReport, ...]
    differences: int
    ended: str
    compared: tuple[str, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def identical(self) -> bool:
        """Whether all of it was replayed, and nothing differs."""
        return self.done == self.steps and self.differences == 0

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    def lines(self) -> list[str]:
        """As text, for people."""
        head = f"{self.name or ''} {self.pid} {self.behaviour}".strip()
        code = (
            self.replayed if self.replayed == self.recorded else f"{self.recorded or '?'} -> {self.replayed}"
        )
        found = [f"{head}  code {code}  {self.mode}"]
        found.append(
            f"{self.done} of {self.steps} steps replayed, {self.same} as recorded, {self.differences} differ"
        )
        found += [f"  {self.ended}"] if self.ended else []
        for step in self.differing:
            found.append(f"step {step.number}  {step.handler}")
            for one in step.differences:
                found.append(f"  {one.what}: {one.text}")
                found += [
                    f"    {change.path or '(all)'}: {change.before!r} -> {change.after!r}"
                    for change in one.changes
                ]
        found += [f"note: {note}" for note in self.notes]
        return found
