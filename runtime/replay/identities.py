"""Who is who in a replay: nobody. Pids, names, callers and tasks of the record are shadows, which note what is sent to them.

    in the record         in the replay
    <0.42.0>              a shadow of it: `cast` and `send` are noted, `call` is answered from the record
    a ref, a new child    a placeholder: what the runtime would have made; it stands for whatever the record has in its place

A placeholder is bound the first time it is compared with the record, and is written down as that from then on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..caller import Caller
from ..code.translation import named
from ..pid import Alias, Name, Pid, Ref
from ..process import Process
from ..registry.registry import KeyAddress
from ..results import NOTHING
from ..tasks import TaskRef
from .shadows import (
    PLACEHOLDERS,
    Outside,
    ShadowAlias,
    ShadowCaller,
    ShadowKey,
    ShadowName,
    ShadowPid,
    ShadowTask,
    Unanswered,
    key_of,
)

if TYPE_CHECKING:
    from .tape import Tape

__all__ = ["Names", "World"]


class Names:
    """How identities are called in a record. One object for each record, since callers have no names of their own."""

    behind = None

    def __init__(self) -> None:
        self._callers: dict[int, tuple[int, Caller[Any]]] = {}

    def refer(self, item: Any) -> tuple[Any, ...]:
        """What an identity is called."""
        match item:
            case Pid() | Process():
                return "pid", item.number
            case Name():
                return "name", item.name
            case KeyAddress():
                return "key", item.registry, item.key
            case Alias():
                return "alias", item.number, item._owner.number
            case Ref():
                return "ref", item.number
            case TaskRef():
                return "task", item.number, item.name
            case _ if item is NOTHING:
                return ("nothing",)
            case _:
                caller: Caller[Any] = item
                return "caller", self._callers.setdefault(id(caller), (len(self._callers) + 1, caller))[0]

    def resolve(self, *_reference: Any) -> Any:
        """Nothing is read here."""
        raise TypeError("a record is read in a replay")


class World:
    """The identities of one replay.

    Args:
        number: of the process.
        name: its name in the record, or None.
        modules: those that are executed aside, by name. Optional. Defaults to none.

    Attributes:
        outside: what stands in the place of every process.
        tape: what the record has for the step that is replayed, and what that does.
    """

    behind = None
    tape: Tape

    def __init__(
        self, number: int, name: str | None = None, modules: Mapping[str, ModuleType] | None = None
    ) -> None:
        self._modules: Final = modules or {}
        self.outside: Final = Outside(number, name)
        self.pid: Final = ShadowPid(self, number)
        self._numbers = itertools.count(PLACEHOLDERS)
        self._bound: dict[tuple[str, int], int] = {}
        self._one: dict[tuple[str, int], Any] = {}

    def aside(self, item: type | FunctionType) -> bool:
        """Whether a class or a function is of the modules that are executed aside."""
        module = self._modules.get(item.__module__)
        return bool(module is not None and named(module, item.__qualname__) is item)

    # --- placeholders -------------------------------------------------------------------------------

    def ref(self) -> Ref:
        """A new monitor or timer."""
        return Ref(next(self._numbers))

    def child(self) -> ShadowPid:
        """A new process."""
        return ShadowPid(self, next(self._numbers))

    def alias(self) -> ShadowAlias:
        """A new alias of this process."""
        return ShadowAlias(self, next(self._numbers), self.outside.number)

    def caller(self) -> ShadowCaller:
        """Whoever has sent the call that is handled."""
        number = next(self._numbers)
        made = self._one["caller", number] = ShadowCaller(self, number)
        return made

    def task(self, name: str) -> ShadowTask:
        """A new task."""
        number = next(self._numbers)
        made = self._one["task", number] = ShadowTask(self, number, name)
        return made

    def same(self, recorded: Any, replayed: Any) -> bool:
        """Whether two identities are one; a placeholder becomes the one that it is first compared with."""
        kind, here = key_of(replayed)
        other, there = key_of(recorded)
        if kind != other:
            return False
        if kind in {"name", "key"}:
            return bool(recorded == replayed)
        if here < PLACEHOLDERS:
            return bool(here == there)
        taken = (number for (sort, _), number in self._bound.items() if sort == kind)
        if (kind, here) not in self._bound and there not in taken:
            self._bound[kind, here] = there
        return bool(self._bound.get((kind, here)) == there)

    @contextmanager
    def trial(self) -> Generator[Callable[[], None]]:
        """Compare, and bind what that binds only if the function that is given is called."""
        before, kept = dict(self._bound), False

        def keep() -> None:
            nonlocal kept
            kept = True

        yield keep
        if not kept:
            self._bound = before

    # --- copying ------------------------------------------------------------------------------------

    def refer(self, item: Any) -> tuple[Any, ...]:
        """What an identity is called in a copy; what a placeholder stands for, where that is known."""
        match item:
            case ShadowKey():
                return "key", item.registry, item.key
            case ShadowName():
                return "name", item.name
            case ShadowAlias():
                return "alias", self._now("alias", item.number), item.pid
            case ShadowTask():
                return "task", self._now("task", item.number), item.name
            case Ref() | ShadowPid() | ShadowCaller():
                kind, number = key_of(item)
                return kind, self._now(kind, number)
            case _ if item is NOTHING:
                return ("nothing",)
            case _:
                raise Unanswered(f"it uses the live {item!r}, and not one that it was given")

    def _now(self, kind: str, number: int) -> int:
        return self._bound.get((kind, number), number)

    def resolve(self, kind: str, *what: Any) -> Any:
        """The shadow of what is called so."""
        match kind:
            case "pid":
                return ShadowPid(self, what[0])
            case "name":
                return ShadowName(self, what[0])
            case "key":
                return ShadowKey(self, *what)
            case "alias":
                return ShadowAlias(self, *what)
            case "ref":
                return Ref(what[0])
            case "task":
                return self._one.setdefault((kind, what[0]), ShadowTask(self, *what))
            case "caller":
                return self._one.setdefault((kind, what[0]), ShadowCaller(self, *what))
            case "code":
                return named(self._modules[what[0]], what[1])
            case _:
                return NOTHING
