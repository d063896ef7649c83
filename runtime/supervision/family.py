"""What a running supervisor knows of its children, and the process that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..server_process import ServerProcess
from .child import Child
from .intensity import Intensity

if TYPE_CHECKING:
    from ..process import Process
    from .specification import Specification

__all__ = ["Family", "SupervisorProcess"]


class Family:
    """The state of a running supervisor."""

    __slots__ = ("children", "intensity", "links", "path", "process", "spec")

    def __init__(self, spec: Specification, process: Process, path: tuple[Any, ...]) -> None:
        self.spec = spec
        self.process: Final = process
        self.path: Final = path
        """Ids from the top supervisor down to this one."""
        self.links: Final = (process,)
        """The links of a child that has no others: one tuple for all."""
        self.children: dict[Any, Child] = {}
        """By id, in order of start."""
        self.intensity = Intensity(spec.max_restarts, spec.max_seconds)

    def renew(self, spec: Specification) -> None:
        """It goes on under another specification. Its children are whoever calls this's to bring in line."""
        if (spec.max_restarts, spec.max_seconds) != (self.spec.max_restarts, self.spec.max_seconds):
            self.intensity = Intensity(spec.max_restarts, spec.max_seconds)
        self.spec = spec

    def of(self, process: Process) -> Child | None:
        """The child that `process` is."""
        child = process.child
        return child if child is not None and child.family is self and child.process is process else None

    def keeps(self, child: Child) -> bool:
        """Whether a child that does not run, and is not restarted, keeps its place."""
        return self.spec.keeps and child.terms.restart != "temporary"

    def shuts_down_with(self, child: Child) -> bool:
        """Whether the supervisor shuts down because `child` has ended of itself, and is not restarted."""
        auto = self.spec.auto_shutdown
        if auto == "never" or not child.terms.significant:
            return False
        return auto == "any_significant" or not any(
            other.terms.significant and (other.process is not None or other.restarting)
            for other in self.children.values()
        )


class SupervisorProcess(ServerProcess):
    """The process of a supervisor. It keeps no links with its children: that they are its children says it."""

    __slots__ = ()

    def linked(self) -> list[Process]:
        """Its links, and its children, but for those that have undone the link."""
        family = self.state
        if not isinstance(family, Family):
            return super().linked()
        children = [child.process for child in list(family.children.values())]
        linked = [child for child in children if child is not None and child.alive and self in child.links]
        return list(dict.fromkeys((*self.links, *linked)))
