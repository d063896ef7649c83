"""Whom a pattern means: whether a process is one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .tree import Whom

__all__ = ["Resolve", "Subject", "Whose", "scope"]


class Subject(Protocol):
    """What is asked of a process. A runtime's own record of it may be one."""

    @property
    def number(self) -> int:
        """Its number, or 0 for the node itself."""
        ...

    @property
    def name(self) -> str | None:
        """The name under which it is registered."""
        ...

    @property
    def behaviour(self) -> str:
        """What it runs, as `module:qualname`."""
        ...

    @property
    def started(self) -> float:
        """When it was made, in seconds of the monotonic clock."""
        ...

    @property
    def ancestors(self) -> tuple[int, ...]:
        """The numbers of its parent, its parent's parent, and so on."""
        ...


Resolve = Callable[[str], int | None]
"""The number of the process that has a name now."""
Whose = Callable[[Subject], bool]


def scope(whom: tuple[Whom, ...], resolve: Resolve, since: float) -> Whose | None:
    """Whether a process is one of `whom`; None if each is.

    Args:
        whom: of a pattern.
        resolve: finds a name. Asked each time, since whoever has it is restarted under another number.
        since: what is made from then on is new, in seconds of the monotonic clock.
    """
    if any(one.form == "all" for one in whom):
        return None
    tests = [_test(one, resolve, since) for one in whom]
    if len(tests) == 1:
        return tests[0]
    return lambda subject: any(test(subject) for test in tests)


def _test(one: Whom, resolve: Resolve, since: float) -> Whose:
    name, number = one.name, one.number
    match one.form:
        case "pid":
            return lambda subject: subject.number == number
        case "name":
            return lambda subject: subject.name == name
        case "new":
            return lambda subject: subject.number != 0 and subject.started >= since
        case "behaviour" if ":" in name:
            return lambda subject: subject.behaviour == name
        case "behaviour":
            return lambda subject: _last(subject.behaviour) == name or subject.behaviour == name
        case _:
            return lambda subject: _below(subject, number or resolve(name) or -1)


def _last(behaviour: str) -> str:
    return behaviour.replace(":", ".").rpartition(".")[2]


def _below(subject: Subject, top: int) -> bool:
    return subject.number == top or top in subject.ancestors
