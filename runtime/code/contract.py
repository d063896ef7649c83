"""Whether the new code keeps the promises of the old: handlers, hooks, child specs, `accepts`, counters, mailboxes."""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (classes of any kind)

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from ..server import Server
from ..state_machine.behaviour import StateMachine
from .affected import behaviour_of
from .records import Caution, Problem
from .schema import why_not

if TYPE_CHECKING:
    from ..process import Process
    from .draft import Draft

__all__ = ["Contract"]

_HANDLERS: Final = {
    "handle_call": 3,
    "handle_cast": 2,
    "handle_info": 2,
    "handle_continue": 2,
    "terminate": 2,
}
_HOOKS: Final = ("code_change", "code_change_down", "message_change", "redact")


class Contract:
    """Looks at behaviours that run, one process after the other.

    Attributes:
        problems: what is broken.
        cautions: what one should know.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft: Final = draft
        self._seen: set[Any] = set()
        self.problems: Final[list[Problem]] = []
        self.cautions: Final[list[Caution]] = []

    def look(self, process: Process) -> None:
        """Look at what a process runs, and at how it would be started again."""
        old, child = behaviour_of(process), process.child
        if old not in self._seen:
            self._seen.add(old)
            self.problems.extend(_behaviour(self._draft, old))
            self.cautions.extend(_promises(self._draft, old))
        if child is not None:
            key = (old, len(child.args), *child.options)
            if key not in self._seen:
                self._seen.add(key)
                self.problems.extend(_start(self._draft, process, old))


def _behaviour(draft: Draft, old: Any) -> Iterator[Problem]:
    name = f"{old.__module__}:{old.__qualname__}"
    if not draft.concerns(old):
        bases = [base.__qualname__ for base in old.__mro__ if draft.concerns(base)]
        yield Problem(
            name, f"inherits from {', '.join(bases)}; plan {old.__module__} as well (dependants=True)"
        )
        return
    new = draft.new_of(old)
    if new is None:
        yield Problem(name, "processes run it, and the new code has no such name; end them first, or keep it")
    elif not isinstance(old, type):
        if not inspect.iscoroutinefunction(new):
            yield Problem(name, "processes run it as an async function, and it is none in the new code")
    elif not (isinstance(new, type) and issubclass(new, Server)):
        yield Problem(name, "it was a Server, and is none in the new code")
    elif issubclass(old, StateMachine) != issubclass(new, StateMachine):
        yield Problem(
            name, "a Server cannot become a StateMachine, nor the other way round, under a process that runs"
        )
    else:
        yield from _handlers(name, old, new)


def _handlers(name: str, old: Any, new: Any) -> Iterator[Problem]:
    machine = issubclass(new, StateMachine)
    for handler, count in _HANDLERS.items():
        had, has = _overrides(old, handler), _overrides(new, handler)
        if had and not has:
            yield Problem(name, f"{handler} is gone; messages that the old code handled would find nothing")
        if has and not _takes(getattr(new, handler), count + 1 + (machine and handler == "terminate")):
            yield Problem(name, f"{handler} does not take its {count} arguments")
    if machine and _overrides(new, "handle_event") and not _takes(new.handle_event, 4):
        yield Problem(name, "handle_event does not take (event, state, data)")
    for hook in _HOOKS:
        found = inspect.getattr_static(new, hook, None)
        if found is not None and not isinstance(found, staticmethod | classmethod):
            yield Problem(name, f"{hook} has to be a @staticmethod: it runs before there is a self")


def _overrides(kind: Any, handler: str) -> bool:
    return getattr(kind, handler, None) not in {
        getattr(Server, handler, None),
        getattr(StateMachine, handler, None),
    }


def _takes(function: Any, count: int) -> bool:
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # no signature to be had
        return True
    return True


def _start(draft: Draft, process: Process, old: Any) -> Iterator[Problem]:
    """Whether a restart would work: the child spec's arguments, and the new `init`."""
    new, child = draft.new_of(old), process.child
    if new is None or child is None or child.terms.restart_args is not None:
        return
    start = getattr(new, "init", None) if isinstance(new, type) else new
    if start is None:
        yield Problem(f"{old.__module__}:{old.__qualname__}", "it has no init(…)")
        return
    try:
        inspect.signature(start).bind(None, *child.args, **child.options)
    except TypeError as error:
        yield Problem(f"child {child.id!r}", f"{start.__qualname__} does not take its arguments: {error}")
    except ValueError:
        return


def _promises(draft: Draft, old: Any) -> Iterator[Caution]:
    new: Any = draft.new_of(old)
    if not (isinstance(old, type) and isinstance(new, type) and issubclass(new, Server)):
        return
    name = f"{old.__module__}:{old.__qualname__}"
    before: Any = old
    kept = {each.__qualname__: each for each in new.accepts}
    for message in before.accepts:
        if message.__qualname__ not in kept:
            yield Caution("accepts", name, f"operators may no longer send {message.__qualname__}")
        elif (why := why_not(message, kept[message.__qualname__], drop=True)) is not None:
            yield Caution("accepts", name, f"{message.__qualname__} has another form: {why}")
    gone = [counter for counter in before.counters if counter not in new.counters]
    if gone:
        yield Caution("counters", name, f"no longer declared: {', '.join(gone)}")
    if (before.mailbox_limit, before.mailbox_policy) != (new.mailbox_limit, new.mailbox_policy):
        yield Caution(
            "mailbox", name, "mailbox_limit and mailbox_policy change when a process is restarted, not before"
        )
