"""What a plain supervisor is asked: its children have ids of their own, and keep their places.

As OTP's `supervisor`, which has an answer for each of these; tests/differential compares the two.
"""

from __future__ import annotations

from typing import Any

from ..caller import Caller
from ..errors import ChildError, StartError
from ..results import Reply
from .child import Child
from .child_spec import ChildSpec
from .engine import Answer, Engine, pid_of, refuse
from .family import Family
from .requests import DeleteChild, RestartChild
from .starting import failed, start

__all__ = ["SupervisorServer"]


class SupervisorServer(Engine):
    """The process of a `Supervisor`, or of a `PartitionSupervisor`."""

    def place(self, family: Family, spec: ChildSpec) -> Child | Exception:
        """A place under the spec's own id, which nobody has."""
        present = family.children.get(spec.id)
        if present is not None:
            return ChildError("already_started" if present.process else "already_present", spec.id)
        return Child(spec, family)

    def find(self, family: Family, which: Any) -> Child | None:
        """The child of this id."""
        return family.children.get(which)

    def operation(self, family: Family, caller: Caller[Any], message: Any) -> Any:
        """What only makes sense where a child that does not run keeps its place."""
        match message:
            case RestartChild(id_):
                return self._restart_child(family, caller, id_)
            case DeleteChild(id_):
                return self._delete_child(family, caller, id_)
            case _:
                return super().operation(family, caller, message)

    async def _restart_child(self, family: Family, caller: Caller[Any], id_: Any) -> Answer:
        child = family.children.get(id_)
        if child is None or child.process is not None or child.restarting:
            return refuse(family, caller, ChildError(_state(child), id_))
        outcome = await start(self._process, child)
        if failed(outcome):
            return refuse(family, caller, StartError(f"child {id_!r}", outcome))
        return Reply(pid_of(child), family)

    def _delete_child(self, family: Family, caller: Caller[Any], id_: Any) -> Answer:
        child = family.children.get(id_)
        if child is None or child.process is not None or child.restarting:
            return refuse(family, caller, ChildError(_state(child), id_))
        self.forget(family, child)
        return Reply(None, family)


def _state(child: Child | None) -> str:
    if child is None:
        return "not_found"
    return "restarting" if child.restarting else "running"
