"""Child specs: what a child is, checked before anything is started."""

import math
import threading

import pytest

from runtime import ChildSpec, NotSendable, Reply, Server, Supervisor
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, quiet


class Worker(Server):
    def init(self, *args, **options):
        return (args, options)

    def handle_call(self, message, caller, state):
        return Reply(state, state)


async def worker(process):
    """A coroutine process."""


def test_the_defaults_are_permanent_five_seconds_and_registered():
    spec = ChildSpec("a", Worker)
    assert (spec.restart, spec.shutdown, spec.register, spec.args, spec.options) == (
        "permanent",
        5.0,
        True,
        (),
        {},
    )
    assert spec.name == "a"


def test_a_supervisor_is_given_all_the_time_that_it_needs_to_shut_down():
    assert ChildSpec("a", Supervisor([])).shutdown == math.inf
    assert ChildSpec("a", Supervisor([]), shutdown=3).shutdown == 3


def test_only_a_string_is_a_name():
    assert ChildSpec("a", Worker, register=False).name is None
    assert ChildSpec(("a", 1), Worker).name is None
    assert ChildSpec(7, Worker).name is None


@pytest.mark.parametrize(
    "behaviour", [Worker, worker, Supervisor([])], ids=["server", "coroutine", "supervisor"]
)
def test_a_behaviour_is_a_server_an_async_function_or_a_supervisor(behaviour):
    assert ChildSpec("a", behaviour).is_supervisor == isinstance(behaviour, Supervisor)


@pytest.mark.parametrize(
    "behaviour", [object, print, 7, "Worker", lambda process: None, None, Supervisor], ids=repr
)
def test_anything_else_is_refused_with_the_three_legal_forms(behaviour):
    with pytest.raises(
        TypeError, match="give a Server class, an async function whose first parameter is the process, or a"
    ):
        ChildSpec("a", behaviour)


@pytest.mark.parametrize("restart", ["always", "", None, "Permanent"])
def test_a_restart_type_is_one_of_three(restart):
    with pytest.raises(
        ValueError, match=r"child 'a': restart=.*; it is one of permanent, transient, temporary"
    ):
        ChildSpec("a", Worker, restart=restart)


@pytest.mark.parametrize("shutdown", [0, 0.5, 10, math.inf, "brutal_kill"])
def test_a_shutdown_is_a_time_or_brutal_kill(shutdown):
    assert ChildSpec("a", Worker, shutdown=shutdown).shutdown == shutdown


@pytest.mark.parametrize("shutdown", [-1, math.nan, "kill", None, True, "5"])
def test_any_other_shutdown_is_refused(shutdown):
    with pytest.raises(ValueError, match=r'it is seconds \(0 or more\), math\.inf or "brutal_kill"'):
        ChildSpec("a", Worker, shutdown=shutdown)


def test_a_supervisor_takes_its_arguments_itself():
    with pytest.raises(
        ValueError, match=r"a Supervisor takes no arguments here; give them to Supervisor\(…\)"
    ):
        ChildSpec("a", Supervisor([]), 1)
    with pytest.raises(ValueError, match="takes no arguments here"):
        ChildSpec("a", Supervisor([]), key=1)


def test_arguments_are_sendable():
    with pytest.raises(NotSendable):
        ChildSpec("a", Worker, threading.Lock())
    with pytest.raises(NotSendable):
        ChildSpec("a", Worker, client=[threading.Lock()])


def test_an_id_can_be_hashed():
    with pytest.raises(TypeError, match="unhashable"):
        ChildSpec(["a"], Worker)


def test_a_spec_cannot_be_changed():
    spec = ChildSpec("a", Worker)
    with pytest.raises(AttributeError, match="a ChildSpec is immutable; make a new one to change restart"):
        spec.restart = "temporary"


def test_a_spec_prints_what_it_is():
    assert (
        repr(ChildSpec("a", Worker, 1, restart="transient")) == "ChildSpec('a', Worker, restart='transient')"
    )


@virtual_time
async def test_what_a_child_does_to_its_arguments_its_successor_does_not_see():
    class Eats(Server):
        def init(self, food, *, drink):
            self.resource("meals").append((list(food), dict(drink)))
            food.clear()
            drink["cup"] = "empty"
            return 0

    food, drink, meals = ["bread"], {"cup": "full"}, []
    async with virtual_node(resources={"meals": meals}) as node:
        spec = ChildSpec("e", Eats, food, drink=drink)
        food.append("added after the spec was made")
        await node.start(spec)
        for _ in range(2):
            pid = node.whereis("e")
            pid.cast("no handler: a crash")
            await end_of(pid)
            await quiet(node)
    assert meals == [(["bread"], {"cup": "full"})] * 3
    assert spec.args == (["bread"],)
    assert drink == {"cup": "full"}


@virtual_time
async def test_arguments_that_share_a_part_are_given_to_two_children_apart():
    class Adds(Server):
        def init(self, items):
            items.append("mine")
            return tuple(items)

        def handle_call(self, message, caller, state):
            return Reply(state, state)

    shared = []
    async with virtual_node() as node:
        await node.start(Supervisor([ChildSpec("a", Adds, shared), ChildSpec("b", Adds, shared)]))
        assert await node.named("a").call("x") == await node.named("b").call("x") == ("mine",)


def test_a_supervisor_checks_its_children_and_its_options():
    with pytest.raises(ValueError, match="two children have the id 'a'; ids are unique"):
        Supervisor([ChildSpec("a", Worker), ChildSpec("a", worker)])
    with pytest.raises(TypeError, match=r"a supervisor's children are ChildSpec\(id, behaviour, …\); got"):
        Supervisor([Worker])
    with pytest.raises(ValueError, match="it is one of one_for_one, one_for_all, rest_for_one"):
        Supervisor([], strategy="simple")
    for wrong in (-1, 1.5, None):
        with pytest.raises(ValueError, match="it is a whole number, 0 or more"):
            Supervisor([], max_restarts=wrong)
    for wrong in (0, -1, math.inf, math.nan, None):
        with pytest.raises(ValueError, match="it is a number of seconds above 0"):
            Supervisor([], max_seconds=wrong)


def test_the_defaults_of_a_supervisor_are_one_for_one_and_three_restarts_in_five_seconds():
    spec = Supervisor([])
    assert (spec.strategy, spec.max_restarts, spec.max_seconds) == ("one_for_one", 3, 5)
    assert repr(spec) == "Supervisor(0 children, one_for_one, 3 in 5 s)"


def test_a_supervisor_of_a_hundred_thousand_children_is_checked_in_linear_time():
    specs = [ChildSpec(n, Worker) for n in range(2)]
    children = [specs[0], *(ChildSpec(n, worker) for n in range(1, 50_000))]
    assert len(Supervisor(children).children) == 50_000
