"""A supervisor against a model of it: any sequence of ends and operations leaves both with the same children.

The model is a list of children with a status and a lifetime number; OTP's manual is its only source. It does not
look at the order of stops and starts: `tests/differential` does.
"""

import asyncio
import logging
from dataclasses import dataclass

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runtime import CallError, ChildError, ChildSpec, Node, Server, Stop, Supervisor
from tests.support.eventually import eventually

IDS = ("a", "b", "c", "d", "e")
names = st.sampled_from(IDS)
strategies = st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"])
limits = st.sampled_from([0, 1, 2, 5, 50, 50])
restarts = st.sampled_from(["permanent", "transient", "temporary"])
kinds = st.lists(restarts, max_size=5)
reasons = st.sampled_from(["normal", "shutdown", ("shutdown", "done"), "crash", "kill"])


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Hundreds of intended crashes are no news."""
    caplog.set_level(logging.CRITICAL, logger="observer")


class Worker(Server):
    def init(self):
        return "working"

    def handle_cast(self, reason, state):
        if reason == "crash":
            raise ValueError("a crash")
        return Stop(reason, state)


@dataclass
class Child:
    """What the model knows of one child; `lives` counts its starts."""

    name: str
    restart: str
    lives: int = 1
    running: bool = True

    def start(self):
        self.lives += 1
        self.running = True


class Model:
    """What the manual says that a supervisor does."""

    def __init__(self, strategy, limit, children):
        self.strategy = strategy
        self.left = limit
        self.children = children
        self.given_up = False

    def find(self, name):
        return next((child for child in self.children if child.name == name), None)

    def stop(self, child):
        child.running = False
        if child.restart == "temporary":
            self.children.remove(child)

    def end(self, child, reason):
        orderly = reason in {"normal", "shutdown", ("shutdown", "done")}
        if child.restart == "temporary" or (child.restart == "transient" and orderly):
            self.stop(child)
            return
        self.left -= 1
        if self.left < 0:
            self.given_up = True
            return
        place = self.children.index(child)
        group = {
            "one_for_one": [child],
            "one_for_all": list(self.children),
            "rest_for_one": self.children[place:],
        }
        for member in group[self.strategy]:
            if member.restart == "temporary":
                self.stop(member)
            else:
                member.start()


def still_going(machine):
    return machine.model is not None and not machine.model.given_up


class SupervisorMachine(RuleBasedStateMachine):
    """Drives a real supervisor and the model alike."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.node = Node("machine", introspection=False)
        self.runner.run(self.node.__aenter__())
        self.model = None
        self.supervisor = None
        self.pids = {}  # name → the pids of its lives so far

    def teardown(self):
        self.runner.run(self.node.__aexit__(None, None, None))
        self.runner.close()

    @initialize(strategy=strategies, limit=limits, kinds=kinds)
    def boot(self, strategy, limit, kinds):
        self.model = Model(strategy, limit, [Child(*pair) for pair in zip(IDS, kinds, strict=False)])
        self.pids = {}
        specs = [self.spec(child.name, child.restart) for child in self.model.children]
        tree = Supervisor(specs, strategy=strategy, max_restarts=limit, max_seconds=1000)
        self.supervisor = self.runner.run(
            self.start(ChildSpec("branch", tree, restart="temporary", register=False))
        )

    @rule(strategy=strategies, limit=limits, kinds=kinds)
    @precondition(lambda self: self.model is not None and self.model.given_up)
    def another_one_is_booted(self, strategy, limit, kinds):
        self.boot(strategy, limit, kinds)

    async def start(self, branch):
        top = await self.node.start(Supervisor([branch]))
        (child,) = await Supervisor.which_children(top)
        return child.pid

    def spec(self, name, restart):
        return ChildSpec(name, Worker, restart=restart, register=False)

    @rule(place=st.integers(0, 4), reason=reasons)
    @precondition(lambda self: still_going(self) and self.running())
    def a_child_ends(self, place, reason):
        running = self.running()
        child = running[place % len(running)]
        self.runner.run(self.end(self.pids[child.name][-1], reason))
        self.model.end(child, reason)

    def running(self):
        return [child for child in self.model.children if child.running]

    async def end(self, pid, reason):
        async def killer(process):
            process.exit(pid, "kill")

        if reason == "kill":
            self.node.spawn(killer)
        else:
            pid.cast(reason)
        await eventually(lambda: not pid.alive)

    @rule(name=names)
    @precondition(still_going)
    def a_child_is_terminated(self, name):
        child = self.model.find(name)
        self.ask(Supervisor.terminate_child(self.supervisor, name), "not_found" if child is None else None)
        if child is not None:
            self.model.stop(child)

    @rule(name=names)
    @precondition(still_going)
    def a_child_is_restarted(self, name):
        child = self.model.find(name)
        refused = "not_found" if child is None else "running" if child.running else None
        self.ask(Supervisor.restart_child(self.supervisor, name), refused)
        if refused is None:
            child.start()

    @rule(name=names)
    @precondition(still_going)
    def a_child_is_deleted(self, name):
        child = self.model.find(name)
        refused = "not_found" if child is None else "running" if child.running else None
        self.ask(Supervisor.delete_child(self.supervisor, name), refused)
        if refused is None:
            self.model.children.remove(child)

    @rule(name=names, restart=restarts)
    @precondition(still_going)
    def a_child_is_started(self, name, restart):
        child = self.model.find(name)
        refused = None if child is None else "already_started" if child.running else "already_present"
        self.ask(Supervisor.start_child(self.supervisor, self.spec(name, restart)), refused)
        if refused is None:
            self.model.children.append(Child(name, restart))
            self.pids[name] = []

    def ask(self, operation, refused):
        """The operation succeeds, or is refused for exactly this reason."""
        assert self.runner.run(self.answer(operation)) == refused

    async def answer(self, operation):
        try:
            await operation
        except ChildError as error:
            return error.reason
        return None

    @invariant()
    @precondition(still_going)
    def the_children_are_those_of_the_model(self):
        children = self.runner.run(Supervisor.which_children(self.supervisor))
        expected = [(child.name, child.running) for child in self.model.children]
        assert sorted((child.id, child.pid is not None) for child in children) == sorted(expected)
        for child in children:
            lives = self.pids.setdefault(child.id, [])
            if child.pid is not None and child.pid not in lives:
                lives.append(child.pid)
            assert len(lives) == self.model.find(child.id).lives

    @invariant()
    @precondition(still_going)
    def the_counts_are_those_of_the_model(self):
        counts = self.runner.run(Supervisor.count_children(self.supervisor))
        running = sum(child.running for child in self.model.children)
        assert (counts.specs, counts.active) == (len(self.model.children), running)
        assert (counts.supervisors, counts.workers) == (0, len(self.model.children))

    @invariant()
    @precondition(lambda self: self.model is not None and self.model.given_up)
    def a_supervisor_that_gave_up_is_gone_with_all_its_children(self):
        with pytest.raises(CallError):  # asked behind the child's end, it never comes to answer
            self.runner.run(Supervisor.which_children(self.supervisor))
        assert not self.supervisor.alive
        assert not any(pid.alive for lives in self.pids.values() for pid in lives)


TestSupervisorMachine = SupervisorMachine.TestCase
TestSupervisorMachine.settings = settings(
    max_examples=80,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
