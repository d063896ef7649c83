"""Plans, results and history of upgrades, as plain data: what a console shows and a port sends.

Everything here is text, numbers, booleans and tuples of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "Affected",
    "Caution",
    "Change",
    "Failure",
    "Guard",
    "ModuleInfo",
    "ModulePlan",
    "OldCode",
    "Pauses",
    "Plan",
    "Problem",
    "Step",
    "Upgrade",
]


@dataclass(frozen=True, slots=True)
class Change:
    """A function, class or value of a module that differs."""

    name: str
    kind: str
    """`function`, `class` or `value`."""
    how: Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class ModuleInfo:
    """A module that the node runs.

    Attributes:
        module: its name.
        version: of what runs: declared (`__version__`), or a hash of its source.
        hash: of the source that runs; None where that is not known.
        declared: whether the version is declared.
        path: its file.
        on_disk: hash of the file now; None where it is gone.
        stale: whether the file differs from what runs.
        processes: how many processes run its current code.
        on_old: how many run an older version of it.
        previous: the version that `rollback` would go back to; None for none.
        loaded_at: when the node took it over, in seconds since the epoch; None if it was never upgraded.
    """

    module: str
    version: str
    hash: str | None
    declared: bool
    path: str
    on_disk: str | None
    stale: bool
    processes: int
    on_old: int
    previous: str | None
    loaded_at: float | None


@dataclass(frozen=True, slots=True)
class OldCode:
    """A process that runs an older version of a module than the current one."""

    pid: str
    name: str | None
    behaviour: str
    module: str
    version: str
    why: str


@dataclass(frozen=True, slots=True)
class ModulePlan:
    """What would change in one module.

    Attributes:
        module: its name.
        old: the version that runs.
        new: the version that would.
        path: its file.
        diff: unified; empty where the source is the same, or the running one is not known.
        changes: functions, classes, values.
        asked: whether it was named; else it is a dependant.
    """

    module: str
    old: str
    new: str
    path: str
    diff: str
    changes: tuple[Change, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class Affected:
    """Processes of one behaviour that would be changed.

    Attributes:
        behaviour: `module:qualname`.
        kind: `server`, `state machine`, `coroutine` or `supervisor`.
        count: how many there are.
        pids: the first 100.
        busy: how many are in the middle of a step, which they finish on the old code.
        waiting: messages in their mailboxes.
        how: what happens to them.
        migration: where their states go through: `code_change`, `structure`, or `none` (they hold nothing of these modules).
    """

    behaviour: str
    kind: str
    count: int
    pids: tuple[str, ...]
    busy: int
    waiting: int
    how: str
    migration: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a plan cannot be applied: a promise of the old code that the new one breaks."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Caution:
    """What no machinery can undo, or follow.

    Attributes:
        kind: `side effect`, `module state`, `import`, `registry`, `messages`, `pickle`, `except`, `children`, `isolated`, …
        subject: what it is about.
        text: in words.
    """

    kind: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A state or a message that cannot be migrated."""

    pid: str
    name: str | None
    what: Literal["state", "message"]
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A dry run.

    Attributes:
        id: names the plan; `apply` takes it as well.
        at: when, in seconds since the epoch.
        kind: `upgrade` or `rollback`.
        modules: in the order in which they were executed.
        dependants: modules outside the transaction that hold names of these modules.
        affected: processes, by behaviour.
        children: what would be done to children of supervisors, in words.
        problems: why it cannot be applied; empty if it can.
        cautions: what nobody can undo or follow.
        failures: states and messages that cannot be migrated, the first 100.
        failed: how many there are.
        migrated: how many states were migrated, on copies.
        executed_s: seconds that executing the modules held the loop.
        migrated_s: seconds of all migrations together.
    """

    id: str
    at: float
    kind: Literal["upgrade", "rollback"]
    modules: tuple[ModulePlan, ...]
    dependants: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
    children: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cautions: tuple[Caution, ...] = ()
    failures: tuple[Failure, ...] = ()
    failed: int = 0
    migrated: int = 0
    executed_s: float = 0.0
    migrated_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether it can be applied."""
        return not self.problems and not self.failed

    @property
    def reason(self) -> str:
        """Why it cannot be applied, in one line; empty if it can."""
        if self.problems:
            first, more = self.problems[0], len(self.problems) + self.failed - 1
            text = f"{first.subject}: {first.text}"
        elif self.failed:
            failure, more = self.failures[0], self.failed - 1
            text = f"{failure.what} of {failure.name or failure.pid}: {failure.text}"
        else:
            return ""
        return f"{text} (and {more} more)" if more else text


@dataclass(frozen=True, slots=True)
class Guard:
    """Roll back by itself, if crashes rise after an upgrade.

    Attributes:
        crashes: how many crashes of the processes concerned are too many.
        seconds: how long after the upgrade they count.

    Raises:
        ValueError: it is none that could ever fire, or that would always.
    """

    crashes: int = 3
    seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.crashes < 1:
            raise ValueError(f"Guard(crashes={self.crashes!r}); it is a number of crashes, 1 or more")
        if not 0 < self.seconds < math.inf:
            raise ValueError(f"Guard(seconds={self.seconds!r}); it is seconds, more than 0")


@dataclass(frozen=True, slots=True)
class Step:
    """One module in an upgrade: from which version to which."""

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long processes could not begin a message because of the upgrade, in seconds."""

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An entry of the history.

    Attributes:
        id: that of its plan.
        at: when it was decided, in seconds since the epoch.
        by: who did it.
        kind: `upgrade` or `rollback`.
        done: whether it happened; else nothing has changed.
        steps: the modules.
        reason: why it did not happen, or why it was rolled back; empty for none.
        processes: how many processes were swapped.
        left: how many keep the old code, for now or until they end.
        messages: how many messages in mailboxes were migrated.
        took_s: seconds from the first look to the end.
        pauses: of the processes.
        notes: what happened besides, in words.
    """

    id: str
    at: float
    by: str
    kind: Literal["upgrade", "rollback"]
    done: bool
    steps: tuple[Step, ...]
    reason: str = ""
    processes: int = 0
    left: int = 0
    messages: int = 0
    took_s: float = 0.0
    pauses: Pauses = field(default_factory=Pauses)
    notes: tuple[str, ...] = ()
