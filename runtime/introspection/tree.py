"""The supervision trees, read from the supervisors' own records."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from runtime.port.contract import Code, Failure, Tree, TreeNode, TreeQuery
from runtime.status import ENDED
from runtime.supervision.engine import Family

from .lookup import behaviour_of, find, now, pid_text, status_of
from .values import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process
    from runtime.supervision.child import Child

__all__ = ["supervision_tree"]


def supervision_tree(node: Node, request: TreeQuery, busy: dict[int, float]) -> Tree:
    """The trees below the node's root, or the one that `request` names.

    Raises:
        Failure: there is no such process, or it is no supervisor.
    """
    reader = _Reader(node, request.children, busy)
    if request.process is None:
        family = _family(node.root)
        roots = (
            [reader.child(child) for child in list(family.children.values())] if family is not None else []
        )
        return Tree(at=now(), processes=len(node.table), roots=roots)
    process = find(node, request.process)
    if _family(process) is None:
        raise Failure(
            Code.REFUSED, f"{pid_text(process.number)} is no supervisor but {behaviour_of(process)}"
        )
    root = reader.child(process.child) if process.child is not None else reader.root(process)
    return Tree(at=now(), processes=len(node.table), roots=[root])


def _family(process: Process | None) -> Family | None:
    state = process.state if process is not None and process.status != ENDED else None
    return state if isinstance(state, Family) else None


class _Reader:
    """Reads one tree; busy shares and counters are summed upwards."""

    def __init__(self, node: Node, limit: int, busy: dict[int, float]) -> None:
        self._node = node
        self._limit = limit
        self._clock = node.scheduler.clock()
        self._busy: dict[int, float] = {}
        for number, share in busy.items():
            process = node.table.get(number)
            for ancestor in (number, *(process.ancestors if process is not None else ())):
                self._busy[ancestor] = self._busy.get(ancestor, 0.0) + share
        self._counters = list(node.ledger.counters.items())

    def root(self, process: Process) -> TreeNode:
        """A supervisor that is nobody's child."""
        return TreeNode(
            pid=pid_text(process.number), id=self._node.name, kind="supervisor", status=status_of(process),
            behaviour=behaviour_of(process), busy=self._busy.get(process.number, 0.0), **self._supervisor(process),
        )  # fmt: skip

    def child(self, child: Child) -> TreeNode:
        """A child, and what hangs below it."""
        process = child.process
        alive = process is not None and process.status != ENDED
        ends = child.ends
        last = ends[-1] if ends else None
        known: dict[str, Any] = {}
        if process is not None and alive:
            extra = process.extra
            known = {
                "pid": pid_text(process.number),
                "status": status_of(process),
                "behaviour": behaviour_of(process),
                "busy": self._busy.get(process.number, 0.0),
                "mailbox": len(process.mailbox or ()),
                "doing": clean(extra.doing, 200) if extra is not None and extra.doing is not None else None,
            }
        else:
            known = {
                "pid": None,
                "status": "restarting" if child.restarting or process is not None else "ended",
            }
        spec = child.spec
        return TreeNode(
            id=clean(str(spec.id) if type(spec.id) in {str, int} else type(spec.id).__name__, 200),
            kind="supervisor" if spec.is_supervisor else "worker",
            restart=spec.restart,
            restarts=child.restarts,
            counters=self._sum(child.path),
            last_reason=last.kind if last is not None else None,
            last_restart_s=max(0.0, time.time() - last.at) if last is not None else None,
            **known,
            **(self._supervisor(process) if alive else self._stopped(child)),
        )

    def _supervisor(self, process: Process | None) -> dict[str, Any]:
        family = _family(process)
        if family is None:
            return {}
        children = list(family.children.values())
        return {
            "strategy": family.spec.strategy,
            "max_restarts": family.spec.max_restarts,
            "max_seconds": float(family.spec.max_seconds),
            "used": family.intensity.used(self._clock),
            "children": [self.child(child) for child in children[: self._limit]],
            "more": max(0, len(children) - self._limit),
        }

    @staticmethod
    def _stopped(child: Child) -> dict[str, Any]:
        """What is known of a supervisor that does not run."""
        spec: Any = child.spec.behaviour
        if not child.spec.is_supervisor:
            return {}
        return {
            "strategy": spec.strategy,
            "max_restarts": spec.max_restarts,
            "max_seconds": float(spec.max_seconds),
        }

    def _sum(self, path: tuple[Any, ...]) -> dict[str, float]:
        depth = len(path)
        total: dict[str, float] = {}
        for other, counters in self._counters:
            if other[:depth] == path:
                for name, amount in counters.copy().items():
                    total[name] = total.get(name, 0) + amount
        return total
