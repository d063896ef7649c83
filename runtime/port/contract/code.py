"""Code upgrade: which modules a node runs, what an upgrade would do, doing it, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .base import DEFAULT_LIMIT, Model, PortRequest, Role

__all__ = [
    "AffectedProcesses", "Caution", "CodeChange", "CodeMark", "CodePlan", "Module", "ModulePlan", "Modules", "ModulesQuery", "NotMigrated", "OldCode",
    "Pauses", "PlanUpgrade", "Problem", "ProcessCode", "Reload", "Rollback", "Upgrade", "UpgradeStep", "Upgrades", "UpgradesQuery",
]  # fmt: skip

MOST_MODULES = 50


class Module(Model):
    """A module whose code processes run, or that was upgraded."""

    module: str
    version: str
    """Of what runs: declared (`__version__`), or the first twelve digits of a hash of its source."""
    declared: bool = False
    path: str = ""
    on_disk: str | None = None
    """Hash of the file as it is now; None where it is gone."""
    stale: bool = False
    """Whether the file is not what runs."""
    processes: int = 0
    on_old: int = 0
    """How many processes run an older version of it."""
    previous: str | None = None
    """The version that a rollback goes back to."""
    loaded_at: datetime | None = None
    """When the node took this version over; None if it was never upgraded."""


CodeMark = Literal["stale", "old"]
"""Of a process's code: the file on disk is newer; or so is what the node has in place."""


class ProcessCode(Model):
    """Whose code a process runs."""

    module: str
    version: str
    current: str
    """The version that is in place, and that a new process would run."""
    mark: CodeMark | None = None
    why: str = ""
    """Why it keeps an older one."""


class OldCode(Model):
    """A process that runs an older version of a module than the current one."""

    pid: str
    name: str | None = None
    behaviour: str
    module: str
    version: str
    why: str


class Modules(Model):
    """The modules of a node."""

    at: datetime
    modules: list[Module]
    total: int
    on_old: list[OldCode] = []
    """The first hundred."""
    on_old_total: int = 0
    busy: str | None = None
    """The transaction that is under way: `plan`, `upgrade` or `rollback`."""


class ModulesQuery(PortRequest[Modules]):
    """The modules of the node, by name."""

    op = "modules"
    answer = Modules
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=5000)


class CodeChange(Model):
    """A function, class or value of a module that differs."""

    name: str
    kind: str
    how: Literal["added", "removed", "changed"]


class ModulePlan(Model):
    """What would change in one module."""

    module: str
    old: str
    new: str
    path: str
    diff: str = ""
    """Unified; empty where the source is the same, or the running one is not known. Cut at 200,000 characters."""
    changes: list[CodeChange] = []
    asked: bool = True
    """Whether it was named; else it comes along as a dependant."""


class AffectedProcesses(Model):
    """Processes of one behaviour that would be changed."""

    behaviour: str
    kind: str
    count: int
    pids: list[str] = []
    """The first hundred."""
    busy: int = 0
    """How many are in the middle of a step, which they finish on the old code."""
    waiting: int = 0
    """Messages in their mailboxes."""
    how: str
    migration: str
    """What their states go through."""


class Problem(Model):
    """A promise of the old code that the new one breaks: the plan cannot be applied."""

    subject: str
    text: str


class Caution(Model):
    """What no machinery can undo, or follow."""

    kind: str
    subject: str
    text: str


class NotMigrated(Model):
    """A live state, or a message, that does not come through, as found on a copy."""

    pid: str
    name: str | None = None
    what: Literal["state", "message"]
    text: str


class CodePlan(Model):
    """A dry run. Nothing was touched; the modules were executed, aside."""

    id: str
    """What `Reload` takes, until four newer plans were made."""
    at: datetime
    kind: Literal["upgrade", "rollback"]
    ok: bool
    reason: str = ""
    """Why it cannot be applied, in one line."""
    modules: list[ModulePlan]
    dependants: list[str] = []
    """Modules outside of the plan that hold names of these."""
    affected: list[AffectedProcesses] = []
    children: list[str] = []
    """What would be done to children of supervisors, in words."""
    problems: list[Problem] = []
    cautions: list[Caution] = []
    failures: list[NotMigrated] = []
    """The first hundred."""
    failed: int = 0
    migrated: int = 0
    """States that came through, on copies."""
    executed_s: float = 0.0
    migrated_s: float = 0.0


class PlanUpgrade(PortRequest[CodePlan]):
    """What would an upgrade of these modules to what stands on the node's disk do; or a rollback of them?

    It is the admin's, since the modules are executed.
    """

    op = "plan"
    role = Role.ADMIN
    answer = CodePlan
    action = True
    modules: list[str] = Field(min_length=1, max_length=MOST_MODULES)
    rollback: bool = False
    dependants: bool = False
    """Whether modules that have imported names of these come along."""
    deadline_s: float = Field(default=30.0, gt=0, le=600)


class UpgradeStep(Model):
    """One module in an upgrade."""

    module: str
    old: str
    new: str


class Pauses(Model):
    """How long processes could not begin a message because of the upgrade, in seconds."""

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    longest: float = 0.0


class Upgrade(Model):
    """An upgrade or a rollback, or one that was refused."""

    id: str
    at: datetime
    by: str
    kind: Literal["upgrade", "rollback"]
    done: bool
    """Else nothing has changed."""
    steps: list[UpgradeStep]
    reason: str = ""
    """Why it did not happen, or why it was rolled back."""
    processes: int = 0
    left: int = 0
    """How many keep the old code, for now or until they end."""
    messages: int = 0
    took_s: float = 0.0
    pauses: Pauses = Pauses()
    notes: list[str] = []


class _Transaction(PortRequest[Upgrade]):
    """What upgrade and rollback have in common."""

    op = ""
    role = Role.ADMIN
    answer = Upgrade
    action = True
    deadline_s: float = Field(default=5.0, gt=0, le=600)
    """Seconds that steps under way have to end on the old code."""
    overdue: Literal["refuse", "kill"] = "refuse"
    """What becomes of those that do not: the upgrade is refused, or the process is killed."""


class Reload(_Transaction):
    """Upgrade modules to what stands on the node's own disk: all of it, or nothing."""

    op = "reload"
    plan: str | None = None
    """A plan's id; else `modules`, which are planned first."""
    modules: list[str] = Field(default=[], max_length=MOST_MODULES)
    dependants: bool = False
    guard_crashes: int | None = Field(default=None, ge=1, le=1_000_000)
    """Roll back by itself when so many of the processes concerned have crashed …"""
    guard_s: float = Field(default=60.0, gt=0, le=86_400)
    """… in so many seconds."""


class Rollback(_Transaction):
    """Back to the version before, with whatever was upgraded in the same transaction."""

    op = "rollback"
    modules: list[str] = Field(min_length=1, max_length=MOST_MODULES)


class Upgrades(Model):
    """The history of upgrades, newest first."""

    at: datetime
    total: int
    upgrades: list[Upgrade]


class UpgradesQuery(PortRequest[Upgrades]):
    """What was upgraded when, and by whom."""

    op = "upgrades"
    answer = Upgrades
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=100)
