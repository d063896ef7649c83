"""What a supervisor is asked; `Supervisor`'s static methods send these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from ..messages import ATOMS
from ..pid import Pid
from ..results import Request
from .child_spec import ChildSpec

__all__ = [
    "REQUESTS", "ChildCounts", "ChildInfo", "CountChildren", "DeleteChild", "RestartChild", "StartChild", "Started", "TerminateChild",
    "WhichChildren",
]  # fmt: skip

Started: TypeAlias = Pid
"""The pid of a child that was started; None where its init returned `Ignore()` (`if not pid:`).

Type checkers are told of the pid alone: nearly no init ignores, and all the others need not look."""


class ChildInfo(NamedTuple):
    """One child, as `which_children` answers it. `pid` is None for a child that is not running."""

    id: Any
    pid: Pid | Literal["restarting"] | None
    kind: Literal["supervisor", "worker"]


class ChildCounts(NamedTuple):
    """How many children there are, as `count_children` answers it."""

    specs: int
    active: int
    supervisors: int
    workers: int


@dataclass(frozen=True, slots=True)
class WhichChildren(Request[list[ChildInfo]]):
    """All children, in order of start."""


@dataclass(frozen=True, slots=True)
class CountChildren(Request[ChildCounts]):
    """How many of each kind."""


@dataclass(frozen=True, slots=True)
class StartChild(Request[Started]):
    """Add a child and start it."""

    spec: ChildSpec


ATOMS.add(StartChild)  # as its spec is


@dataclass(frozen=True, slots=True)
class RestartChild(Request[Started]):
    """Start a child that is not running."""

    id: Any


@dataclass(frozen=True, slots=True)
class TerminateChild(Request[None]):
    """Stop a child and keep its spec (a temporary one is deleted). Of a dynamic supervisor, `id` is a pid."""

    id: Any


@dataclass(frozen=True, slots=True)
class DeleteChild(Request[None]):
    """Delete the spec of a child that is not running."""

    id: Any


REQUESTS: Final = frozenset(
    {WhichChildren, CountChildren, StartChild, RestartChild, TerminateChild, DeleteChild}
)
"""Their classes: what nobody but a supervisor understands."""
