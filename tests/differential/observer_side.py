"""This runtime's side of the differential tests: runs a script on a node, and says what was observed.

The twin of `otp_side.erl`: the same steps, the same entries, the same rule for when a tree is at rest. The script
runs inside a process of the node, which monitors and signals like any other.
"""

import asyncio
from typing import Any

from runtime import CallError, Down, Node, Pid, StartError, Supervisor
from tests.differential.observer_record import RECORD, UNANSWERED, Record, class_of, reason_of
from tests.differential.observer_society import GROUPS, ask, places
from tests.differential.observer_workers import operate, root_of, status_of
from tests.differential.script import Script
from tests.support.eventually import eventually

__all__ = ["observe"]

PATIENCE = 5.0  # s for anything that must happen
Entry = dict[str, Any]
Tree = dict[str, tuple[list[Any], Any]]  # supervisor id → its children and counts


async def observe(script: Script) -> list[Entry]:
    """What this runtime does with the script, entry by entry."""
    record = Record()
    async with Node("differential", introspection=False, resources={RECORD: record}) as node:
        outcome = asyncio.get_running_loop().create_future()

        async def run(process):
            try:
                outcome.set_result(await _Run(node, process, record, script).entries())
            except Exception as error:
                outcome.set_exception(error)

        node.spawn(run)
        return await outcome


class _Run:
    """One script on one node, seen from the process that runs it."""

    def __init__(self, node: Node, process: Any, record: Record, script: Script) -> None:
        self._node = node
        self._process = process
        self._record = record
        self._script = script
        self._root: Any = None
        self._root_id = script["tree"]["id"]
        self._watched: dict[Any, tuple[str, Any]] = {}  # pid → id, monitor
        self._seen: dict[str, list[Any]] = {}  # supervisor id → its pids so far

    async def entries(self) -> list[Entry]:
        """The boot, the steps, and the stop of the root; none after the one in which the root ended."""
        try:
            self._root = await self._node.start(root_of(self._script["tree"]))
        except StartError:
            await self._nobody()
            return [
                {
                    "step": "boot",
                    "result": "failed",
                    "ended": [],
                    "tree": {},
                    "root": "failed",
                    **self._drained(),
                }
            ]
        entries = [await self._entry("boot", "ok")]
        for step in self._script["steps"]:
            entries.append(await self._entry(step, await self._perform(step)))
            if entries[-1]["root"] != "alive":
                return entries
        await Supervisor.terminate_child(self._node.root.pid, self._root_id)
        return [*entries, await self._entry("stop", "ok")]

    # --- observing --------------------------------------------------------------------------------

    async def _entry(self, step: Any, result: Any) -> Entry:
        """What is to be seen once the tree is at rest; from then on its processes are watched."""
        tree = await self._at_rest()
        over = [watch for pid, watch in self._watched.items() if not pid.alive]
        ended = sorted([[name, class_of(await self._down(ref))] for name, ref in over])
        self._watched = {pid: watch for pid, watch in self._watched.items() if pid.alive}
        for name, pid in self._inside(tree):
            if pid not in self._watched:
                self._watched[pid] = (name, self._process.monitor(pid))
        return {
            "step": step,
            "result": result,
            "ended": ended,
            "tree": {name: self._shown(*seen) for name, seen in tree.items()},
            "root": "alive" if self._root.alive else dict(ended)[self._root_id],
            **self._drained(),
        }

    def _drained(self) -> Entry:
        """What was recorded since the last look."""
        record = self._record
        recorded = {"trace": [*record.trace], "answers": [*record.answers], "heard": [*record.heard]}
        for kept in (record.trace, record.answers, record.heard):
            kept.clear()
        return {**recorded, "places": places(self._node, record)}

    def _shown(self, children: list[Any], counts: Any) -> Entry:
        shown = [[child.id, status_of(child), child.kind, self._incarnation(child)] for child in children]
        return {
            "children": shown,
            "counts": [counts.specs, counts.active, counts.supervisors, counts.workers],
        }

    def _incarnation(self, child: Any) -> int:
        """A worker's is its number of starts; a supervisor's, how many of its pids were seen at rest."""
        if child.pid is None:
            return 0
        if child.kind == "worker":
            return self._record.workers[child.pid][1]
        seen = self._seen.setdefault(child.id, [])
        if child.pid not in seen:
            seen.append(child.pid)
        return len(seen)

    # --- waiting until nothing is left to happen --------------------------------------------------

    async def _at_rest(self) -> Tree:
        """What every supervisor has; {} once the root has ended and its workers with it."""
        async with asyncio.timeout(PATIENCE):
            while self._root.alive:
                try:
                    tree = await self._walk(self._root_id, self._root)
                except CallError:
                    tree = {}
                if tree and self._is_at_rest(tree) and await self._settled(tree):
                    return tree
                await asyncio.sleep(0.001)
        await self._nobody()
        return {}

    def _is_at_rest(self, tree: Tree) -> bool:
        inside = {pid for _, pid in self._inside(tree)}
        restarting = any(child.pid == "restarting" for children, _ in tree.values() for child in children)
        return all(pid.alive for pid in inside) and not (
            restarting or self._unanswered() or self._strays(inside)
        )

    async def _settled(self, tree: Tree) -> bool:
        """Whether all live once they have dealt with what has been sent so far."""
        inside = [pid for _, pid in self._inside(tree)]
        try:
            for pid in inside:
                if pid in self._record.workers:
                    await pid.call("who")
        except CallError:
            return False
        return all(pid.alive for pid in inside)

    async def _walk(self, name: str, pid: Any) -> Tree:
        children = await self._children(name, pid)
        tree = {name: (children, await Supervisor.count_children(pid))}
        for child in children:
            if child.kind == "supervisor" and isinstance(child.pid, Pid):
                tree |= await self._walk(child.id, child.pid)
        return tree

    async def _children(self, name: str, pid: Any) -> list[Any]:
        """What it has; a dynamic supervisor knows no ids, so its workers say them."""
        children = await Supervisor.which_children(pid)
        if not name.endswith("dyn"):
            return children
        workers = self._record.workers
        known = [child._replace(id=workers[child.pid][0]) for child in children if child.pid in workers]
        rest = [child for child in children if child.pid not in workers]
        return [*sorted(known, key=lambda child: workers[child.pid]), *rest]

    def _inside(self, tree: Tree) -> list[tuple[str, Any]]:
        below = [(child.id, child.pid) for children, _ in tree.values() for child in children]
        return (
            [(self._root_id, self._root), *(pair for pair in below if isinstance(pair[1], Pid))]
            if tree
            else []
        )

    def _strays(self, inside: set[Any]) -> list[Any]:
        """Living processes that no supervisor has: what a killed one left behind, on its way out."""
        supervisors = (pid for pids in self._seen.values() for pid in pids)
        return [pid for pid in (*self._record.workers, *supervisors) if pid.alive and pid not in inside]

    def _unanswered(self) -> bool:
        return UNANSWERED in self._record.answers

    async def _nobody(self) -> None:
        """The root has ended: all below it end, and who asked it for something learns that it is gone."""
        await eventually(lambda: not self._strays(set()) and not self._unanswered(), within=PATIENCE)

    async def _down(self, ref: Any) -> Any:
        down = await self._process.receive(
            match=lambda m: isinstance(m, Down) and m.ref is ref, timeout=PATIENCE
        )
        return down.reason

    # --- steps ------------------------------------------------------------------------------------

    async def _perform(self, step: list[Any]) -> Any:
        verb, name, *rest = step
        match verb:
            case "fail_next":
                self._record.failures[name] = rest[0]
                return "ok"
            case "ignore_next":
                self._record.ignoring[name] = rest[0]
                return "ok"
            case "fail_asking":
                self._record.failures[name] = 1
                self._record.meanwhile[name] = rest
                return "ok"
            case "ask":
                return await ask(self._node, name, rest[0])
            case "tell":
                GROUPS.broadcast(self._node, name, ("told", name))
                return "ok"
        pid = await self._find(name)
        if pid is None:
            return "no_process"
        match verb:
            case "do":
                return await self._do(pid, *rest)
            case "exit":
                return await self._ending(pid, lambda: pid.cast(("leave", rest[0])))
            case "kill":
                return await self._ending(pid, lambda: self._process.exit(pid, "kill"))
            case "signal":
                self._process.exit(pid, reason_of(rest[0]))
                return await self._taken(pid)
            case "kill_together":
                return await self._kill_together(name, pid, rest[0])
            case _:
                return await operate(pid, [verb, *rest])

    async def _find(self, name: str) -> Any:
        tree = await self._walk(self._root_id, self._root)
        return next((pid for known, pid in self._inside(tree) if known == name), None)

    async def _do(self, pid: Any, verb: str, what: Any) -> Any:
        if verb in {"link", "unlink", "monitor", "demonitor"}:
            what = await self._find(what) or self._last(what)
            if what is None:
                return "no_process"
        try:
            return await pid.call(("act", verb, what))
        except CallError:
            return "ended"

    def _last(self, name: str) -> Any:
        """The last process that was the worker of this name."""
        workers = self._record.workers
        return max((pid for pid in workers if workers[pid][0] == name), key=workers.__getitem__, default=None)

    async def _ending(self, pid: Any, act: Any) -> str:
        ref = self._process.monitor(pid)
        act()
        await self._down(ref)
        return "ok"

    async def _kill_together(self, supervisor: str, pid: Any, names: list[str]) -> str:
        """No await between the kills: the supervisor has no turn before the last."""
        children = await self._children(supervisor, pid)
        for name in names:
            for child in children:
                if child.id == name and isinstance(child.pid, Pid):
                    self._process.exit(child.pid, "kill")
        return "ok"

    async def _taken(self, pid: Any) -> str:
        """The signal has been dealt with once an answer to a later message is there, or the process has ended."""
        try:
            await (pid.call("who") if pid in self._record.workers else Supervisor.count_children(pid))
        except CallError:
            return "ended"
        return "survived"
