"""Dynamic supervisors: children come and go by the thousands, each started by hand, none in any order.

    rooms = await node.start(DynamicSupervisor(name="rooms"))
    pid = await DynamicSupervisor.start_child(rooms, ChildSpec("room", Room, 17, register=False, restart="transient"))
    await DynamicSupervisor.terminate_child(rooms, pid)

As Elixir's DynamicSupervisor (OTP's simple_one_for_one): a child that has ended and is not restarted is forgotten, whatever
its restart type, and so is one whose init ignored; on shutdown all children are stopped at the same time.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any, ClassVar, Final

from ..errors import ChildError
from ..messages import ATOMS, share
from ..pid import Address, Pid
from . import stopping
from .child import Child
from .child_spec import ChildSpec
from .engine import Engine
from .family import Family
from .registration import is_by_id
from .requests import StartChild, Started, TerminateChild
from .specification import Specification, ask

__all__ = ["Crowd", "DynamicServer", "DynamicSupervisor"]


class DynamicServer(Engine):
    """The process of a `DynamicSupervisor`."""

    child: ClassVar[type[Child]] = Child

    async def stop_all(self, family: Family) -> None:
        """All at the same time."""
        await stopping.at_once(self._process, family.children.values(), "shutdown of its supervisor")

    def place(self, family: Family, spec: ChildSpec) -> Child | Exception:
        """A place under the spec's id, made unique with a number where another child has it."""
        crowd: Any = family.spec
        if crowd.max_children is not None and len(family.children) >= crowd.max_children:
            return ChildError("max_children", spec.id)
        if crowd.extra_arguments:
            spec = spec.varied(spec.id, *crowd.extra_arguments, *spec.args, register=spec.register)
        child = self.child(spec, family)
        present = family.children.get(spec.id)
        if present is None:
            return child
        if is_by_id(spec):  # a name belongs to one, and a key
            return ChildError("already_started", spec.id)
        child.id = (spec.id, self._process.sched.node.next_number())
        return child

    def find(self, family: Family, which: Any) -> Child | None:
        """The child of this pid, or, while it is being restarted, of one that it had."""
        child: Child | None = which._process.child if isinstance(which, Pid) else None
        if child is None or family.children.get(child.id) is not child:
            return None
        return child if child.process is which._process or child.restarting else None


class Crowd(Specification):
    """What `DynamicSupervisor` and `TaskSupervisor` have in common. Not for user code.

    Attributes:
        max_children: how many there may be at a time; None for no limit.
        extra_arguments: what every child is given before its own arguments.
    """

    __slots__ = ("extra_arguments", "max_children")
    engine = DynamicServer
    keeps = False

    def __init__(
        self,
        name: str | None,
        max_children: int | None,
        max_restarts: int,
        max_seconds: float,
        extra_arguments: Iterable[Any] = (),
    ) -> None:
        super().__init__((), "one_for_one", max_restarts, max_seconds, name)
        if max_children is not None and (type(max_children) is not int or max_children < 0):
            raise ValueError(
                f"max_children={max_children!r}; it is a whole number, 0 or more, or None for no limit"
            )
        self.max_children: Final = max_children
        self.extra_arguments: Final[tuple[Any, ...]] = share(tuple(extra_arguments))

    def check_child(self, spec: Any) -> None:
        """Raises TypeError or ValueError for what cannot be its child."""
        if isinstance(spec, ChildSpec) and spec.terms.significant:
            raise ValueError(
                f"child {spec.id!r}: significant=True; a {type(self).__name__} has no significant children"
            )
        super().check_child(spec)


class DynamicSupervisor(Crowd):
    """The specification of a dynamic supervisor. Immutable. Its strategy is one_for_one.

    Args:
        name: id and registered name of one that is given to `node.start` without a ChildSpec. Optional. Defaults to none.
        max_children: how many children it has at a time. Optional. Defaults to None, no limit.
        max_restarts: restarts allowed within `max_seconds`. Optional. Defaults to 3.
        max_seconds: seconds of the window. Optional. Defaults to 5.
        extra_arguments: what every child is given before its own arguments. Optional. Defaults to nothing.

    Raises:
        ValueError: an option has an illegal value.
        NotSendable: an extra argument is alive (a lock, a client, …).
    """

    __slots__ = ()

    def __init__(
        self,
        name: str | None = None,
        *,
        max_children: int | None = None,
        max_restarts: int = 3,
        max_seconds: float = 5,
        extra_arguments: Iterable[Any] = (),
    ) -> None:
        super().__init__(name, max_children, max_restarts, max_seconds, extra_arguments)

    @staticmethod
    def start_child(supervisor: Address, spec: ChildSpec) -> Coroutine[Any, Any, Started]:
        """Start a child. Its id need not be unique: which_children shows that of a second one with a number.

        A string is registered as a name, as everywhere; give `register=False`, a registry, or another id, where there will be many.

        Raises:
            ChildError: `max_children`, or `already_started`: a child with this name exists.
            StartError: the child did not start.
            ValueError: the child is significant.
        """
        return ask(supervisor, StartChild(spec))

    @staticmethod
    def terminate_child(supervisor: Address, pid: Pid) -> Coroutine[Any, Any, None]:
        """Stop a child, and forget it.

        Raises:
            ChildError: `not_found`.
        """
        return ask(supervisor, TerminateChild(pid))


ATOMS.add(DynamicSupervisor)
