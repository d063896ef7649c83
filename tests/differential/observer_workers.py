"""The workers of this runtime's side. They do, line by line, what the callbacks in `otp_side.erl` do."""

import asyncio
import math
from dataclasses import dataclass, replace

from runtime import (
    AlreadyRegistered,
    CallError,
    ChildError,
    ChildSpec,
    DynamicSupervisor,
    Ignore,
    Reply,
    Server,
    StartError,
    Stop,
    Supervisor,
)
from tests.differential.observer_record import RECORD, UNANSWERED, class_of, reason_of
from tests.differential.observer_society import KEYS, Society, heard, settle_in

__all__ = ["operate", "root_of", "status_of"]


@dataclass(frozen=True)
class Life:
    """A worker's state."""

    name: str
    incarnation: int
    hangs: bool
    leaving: bool = False


class Worker(Server):
    """A worker that does not trap exits."""

    def init(self, child):
        return self.slowly(child) if child["slow"] else self.begin(child)

    async def slowly(self, child):
        await asyncio.sleep(0.002)
        life = self.begin(child)
        return await life if asyncio.iscoroutine(life) else life

    def begin(self, child):
        record = self.resource(RECORD)
        name = child["id"]
        left = record.failures.setdefault(name, child["fails"])
        record.failures[name] = max(0, left - 1)
        record.attempts[name] += 1
        incarnation = record.attempts[name]
        if left > 0:
            record.trace.append(["start_failed", name, incarnation])
            if name in record.meanwhile:
                return self.fail_asking(record, record.meanwhile.pop(name))
            raise RuntimeError("boom")
        if record.ignoring[name] > 0:
            record.ignoring[name] -= 1
            record.trace.append(["ignored", name, incarnation])
            return Ignore()
        record.trace.append(["start", name, incarnation])
        record.workers[self.pid] = (name, incarnation)
        settle_in(self, record, child)
        return Life(name, incarnation, child["hangs"])

    async def fail_asking(self, record, operation):
        """Put a request, or a sibling's end, into the supervisor's mailbox: what it sees first after this failure."""
        if operation[0] == "kill":
            record.failures[operation[1]] = 1
            for pid in [pid for pid, life in record.workers.items() if life[0] == operation[1] and pid.alive]:
                self.exit(pid, "kill")
            raise RuntimeError("boom")
        place = len(record.answers)
        record.answers.append(UNANSWERED)

        async def ask(supervisor):
            record.answers[place] = await operate(supervisor, operation)

        record.asking.append(asyncio.create_task(ask(self._process.parent.pid)))
        await asyncio.sleep(0)
        raise RuntimeError("boom")

    def handle_call(self, message, caller, life):
        match message:
            case "who":
                return Reply([life.name, life.incarnation], life)
            case ("act", verb, what):
                return Reply(Society(self, self.resource(RECORD)).act(verb, what), life)
            case _:
                raise NotImplementedError

    def handle_cast(self, message, life):
        match message:
            case ("leave", "error"):
                raise RuntimeError("boom")
            case ("leave", reason):
                return Stop(reason_of(reason), replace(life, leaving=True))
            case _:
                raise NotImplementedError

    def handle_info(self, message, life):
        heard(self, self.resource(RECORD), message)
        return life

    async def terminate(self, reason, life):
        record = self.resource(RECORD)
        record.trace.append(["stop", life.name, life.incarnation, class_of(reason)])
        if life.hangs and reason == "shutdown" and not life.leaving:
            await asyncio.Event().wait()


class Trapping(Worker):
    """A worker that traps exits."""

    trap_exits = True


async def operate(supervisor, operation):
    """An operation on a supervisor, and its outcome in the words that both sides have in common."""
    try:
        match operation:
            case ["which_children"]:
                return [[child.id, status_of(child)] for child in await Supervisor.which_children(supervisor)]
            case ["start_child", child]:
                await Supervisor.start_child(supervisor, spec_of(child))
            case ["terminate_child", name] if is_dynamic(supervisor):
                await Supervisor.terminate_child(supervisor, oldest_called(supervisor, name))
            case [_, _] if is_dynamic(supervisor):
                return "simple_one_for_one"
            case [verb, name]:
                await getattr(Supervisor, verb)(supervisor, name)
    except ChildError as error:
        return error.reason
    except StartError as error:
        return "already_started" if isinstance(error.reason, AlreadyRegistered) else "failed"
    except ValueError:
        return "failed"
    except CallError:
        return "no_process"
    return "ok"


def is_dynamic(supervisor):
    """Whether its children have pids and no ids."""
    family = supervisor._process.state
    return family is not None and isinstance(getattr(family, "spec", None), DynamicSupervisor)


def oldest_called(supervisor, name):
    """The living worker of this name that was started first."""
    record = supervisor._process.sched.node.resources[RECORD]
    living = [(life[1], pid) for pid, life in record.workers.items() if life[0] == name and pid.alive]
    return min(living, key=lambda one: one[0])[1] if living else name


def status_of(child):
    """What `which_children` says about a child."""
    return {None: "undefined", "restarting": "restarting"}.get(child.pid, "alive")


def spec_of(child):
    """The child specification of a script's child."""
    options = {
        "restart": child["restart"],
        "shutdown": _shutdown(child["shutdown"]),
        "significant": child["significant"],
        "register": _place(child.get("place", "none")),
    }
    if child["kind"] == "supervisor":
        return ChildSpec(child["id"], supervisor_of(child), **options)
    return ChildSpec(child["id"], Trapping if child["traps"] else Worker, child, **options)


def root_of(tree):
    """The root of a script, as a child of the node that is never restarted."""
    return ChildSpec(tree["id"], supervisor_of(tree), restart="temporary", register=False)


def supervisor_of(child):
    """The supervisor of a script's supervisor."""
    if child["template"]:
        return DynamicSupervisor(max_restarts=child["max_restarts"], max_seconds=1000)
    return Supervisor(
        [spec_of(below) for below in child["children"]],
        strategy=child["strategy"],
        max_restarts=child["max_restarts"],
        max_seconds=1000,
        auto_shutdown=child["auto_shutdown"],
    )


def _place(place):
    return {"none": False, "name": True}.get(place, (KEYS, place))


def _shutdown(value):
    match value:
        case "infinity":
            return math.inf
        case int():
            return value / 1000
        case _:
            return value
