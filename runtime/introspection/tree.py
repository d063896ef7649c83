"""The supervision trees, read from the supervisors' own records."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any

from runtime.code.listing import mark_of
from runtime.port.contract import Code, Failure, Tree, TreeNode, TreeQuery
from runtime.status import ENDED
from runtime.supervision.family import Family

from .lookup import behaviour_text, doing, find, id_text, now, pid_text, status_of, wait_s
from .pace import breathe, rested, settled
from .text import clean

if TYPE_CHECKING:
    from runtime.node import Node
    from runtime.process import Process
    from runtime.supervision.child import Child

__all__ = ["supervision_tree"]

Path = tuple[Any, ...]


def supervision_tree(node: Node, request: TreeQuery, busy: dict[int, float]) -> Tree:
    """The trees below the node's root, or the one that `request` names.

    Raises:
        Failure: there is no such process, or it is no supervisor.
    """
    reader = _Reader(node, request, busy)
    if request.process is None:
        family = _family(node.root)
        tops = _children(family, request.limit) if family is not None else []
        more = max(0, len(family.children) - len(tops)) if family is not None else 0
        return Tree(at=now(), processes=len(node.table), roots=reader.tops(tops), more=more)
    process = find(node, request.process)
    if _family(process) is None:
        raise Failure(
            Code.REFUSED,
            f"{pid_text(process.number)} is no supervisor but {behaviour_text(process.behaviour)}",
        )
    root = reader.child(process.child) if process.child is not None else reader.root(process)
    return Tree(at=now(), processes=len(node.table), roots=[root])


def _family(process: Process | None) -> Family | None:
    """What a supervisor knows of its children; None for everything else."""
    state = process.state if process is not None and process.status != ENDED else None
    return state if type(state) is Family else None


def _children(family: Family, limit: int) -> list[Child]:
    return settled(lambda: list(islice(family.children.values(), limit)))


class _Reader:
    """Reads one tree; busy shares and counters are summed upwards."""

    def __init__(self, node: Node, request: TreeQuery, busy: dict[int, float]) -> None:
        self._node = node
        self._width = request.children
        self._left = request.limit
        self._clock = node.scheduler.clock()
        self._busy: dict[int, float] = {}
        for number, share in busy.items():
            process = node.table.get(number)
            for ancestor in (number, *(process.ancestors if process is not None else ())):
                self._busy[ancestor] = self._busy.get(ancestor, 0.0) + share
        self._counters = _sums(node)
        gone = settled(lambda: list(node.ledger.given_up.values()))
        self._given_up = {_key(item.path): clean(item.text, 300) for item in gone}

    def root(self, process: Process) -> TreeNode:
        """A supervisor that is nobody's child."""
        return TreeNode(
            id=self._node.name,
            kind="supervisor",
            counters=self._counters.get((), {}),
            **self._living(process),
            **self._supervisor(process),
        )

    def tops(self, children: list[Child]) -> list[TreeNode]:
        """The top of each tree. They have their rows before anything below them has."""
        self._left -= len(children)
        roots: list[TreeNode] = []
        for child in children:
            self._left += 1
            roots.append(self.child(child))
        return roots

    def child(self, child: Child) -> TreeNode:
        """A child, and what hangs below it."""
        self._left -= 1
        breathe()
        process, spec, ends = child.process, child.spec, child.ends
        last = ends[-1] if ends else None
        known = (
            {**self._living(process), **self._supervisor(process)}
            if process is not None and process.status != ENDED
            else self._stopped(child)
        )
        return TreeNode(
            id=id_text(spec.id),
            kind="supervisor" if spec.is_supervisor else "worker",
            restart=spec.restart,
            restarts=child.restarts,
            wait_s=wait_s(child, self._clock),
            significant=spec.terms.significant,
            counters=self._counters.get(_key(child.path), {}),
            last_reason=last.kind if last is not None else None,
            last_restart_s=max(0.0, time.time() - last.at) if last is not None else None,
            **(known if "children" in known else {**known, "children": []}),
        )

    def _living(self, process: Process) -> dict[str, Any]:
        return {
            "pid": pid_text(process.number),
            "status": status_of(process),
            "behaviour": behaviour_text(process.behaviour),
            "busy": self._busy.get(process.number, 0.0),
            "mailbox": process.letters,
            "code": mark_of(process),
            "doing": doing(process),
        }

    def _stopped(self, child: Child) -> dict[str, Any]:
        """What is known of a child that does not run."""
        known = _stopped(child)
        if known["status"] == "ended":
            known["gave_up"] = self._given_up.get(_key(child.path))
        return known

    def _supervisor(self, process: Process) -> dict[str, Any]:
        family = _family(process)
        if family is None:
            return {}
        listed = [
            self.child(child) for child in _children(family, min(self._width, self._left)) if self._left > 0
        ]
        return {
            "strategy": family.spec.strategy,
            "auto_shutdown": family.spec.auto_shutdown,
            "max_restarts": family.spec.max_restarts,
            "max_seconds": float(family.spec.max_seconds),
            "used": family.intensity.used(self._clock),
            "children": listed,
            "more": max(0, len(family.children) - len(listed)),
        }


def _stopped(child: Child) -> dict[str, Any]:
    """What its own records say of a child that does not run."""
    spec: Any = child.spec.behaviour
    ending = (
        child.process is not None and child.spec.restart == "permanent"
    )  # its supervisor has yet to hear of it
    known: dict[str, Any] = {"pid": None, "status": "restarting" if child.restarting or ending else "ended"}
    if child.spec.is_supervisor:
        known |= {
            "strategy": spec.strategy,
            "max_restarts": spec.max_restarts,
            "max_seconds": float(spec.max_seconds),
        }
    return known


def _sums(node: Node) -> dict[Path, dict[str, float]]:
    """Counters by the key of a path: a child's own, and those of all below it."""
    sums: dict[Path, dict[str, float]] = {}
    for path, counters in rested(settled(lambda: list(node.ledger.counters.items()))):
        key = _key(path)
        for depth in range(len(key) + 1):
            total = sums.setdefault(key[:depth], {})
            for name, amount in counters.copy().items():
                total[name] = total.get(name, 0) + amount
    return sums


def _key(path: Path) -> Path:
    """A path to look up by: an id may be of any class, whose `__hash__` does not run here."""
    return tuple(item if type(item) is str or type(item) is int else ("", id(item)) for item in path)
