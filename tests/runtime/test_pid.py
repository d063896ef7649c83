"""Pids, names and references: identities that print, compare, and can be sent."""

import copy
import pickle

import pytest

from runtime import ChildSpec, NoProcess, NotRegistered, Reply, Server
from runtime.pid import Address, Ref
from tests.support.clock import virtual_node, virtual_time
from tests.support.processes import end_of, serve


class Echo(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        return Reply(message, state)

    def handle_cast(self, message, state):
        self.exit(self.pid, "kill")
        return state


@virtual_time
async def test_a_pid_prints_as_three_numbers_of_which_the_second_is_its_own():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        assert str(pid) == repr(pid) == f"<0.{pid.number}.0>"


@virtual_time
async def test_two_pids_of_one_process_are_equal_and_hash_alike():
    async with virtual_node() as node:
        pid, other = await serve(node, Echo), await serve(node, Echo)
        again = pid._process.pid
        assert again == pid
        assert hash(again) == hash(pid)
        assert len({pid, again, other}) == 2
        assert pid != other
        assert pid != pid.number


@virtual_time
async def test_a_pid_can_be_sent_and_copied_but_not_pickled():
    async with virtual_node() as node:
        pid = await serve(node, Echo)
        assert await pid.call([pid]) == [pid]
        assert copy.copy(pid) is copy.deepcopy(pid) is pid
        with pytest.raises(TypeError, match="has a meaning only within its node"):
            pickle.dumps(pid)


@virtual_time
async def test_the_pids_of_two_nodes_differ_even_where_they_print_alike():
    async with virtual_node("a") as one, virtual_node("b") as two:
        first, second = await serve(one, Echo), await serve(two, Echo)
        assert str(first) == str(second)
        assert first != second


@virtual_time
async def test_a_stale_pid_never_reaches_a_stranger():
    async with virtual_node() as node:
        old = await serve(node, Echo)
        old.cast("die")
        assert await end_of(old) == "killed"
        for _ in range(300):  # more than a page of the table
            await serve(node, Echo)
        assert not old.alive
        with pytest.raises(NoProcess):
            await old.call("hello")


@virtual_time
async def test_a_name_resolves_at_every_send():
    async with virtual_node() as node:
        name = node.named("echo")
        with pytest.raises(NotRegistered, match="no process is registered as 'echo'"):
            await name.call("hello")
        pid = await node.start(ChildSpec("echo", Echo))
        assert await name.call("hello") == "hello"
        assert str(name) == "echo"
        assert repr(name) == "Name('echo')"
        assert node.whereis("echo") == pid


@virtual_time
async def test_names_compare_by_name_and_node_and_can_be_sent():
    async with virtual_node("a") as one, virtual_node("b") as two:
        assert one.named("x") == one.named("x")
        assert hash(one.named("x")) == hash(one.named("x"))
        assert one.named("x") != one.named("y")
        assert one.named("x") != two.named("x")
        pid = await serve(one, Echo)
        assert await pid.call([one.named("x")]) == [one.named("x")]
        assert copy.deepcopy(one.named("x")) == one.named("x")


def test_references_are_unique_and_can_be_copied():
    one, two = Ref(), Ref()
    assert one != two
    assert repr(one).startswith("#Ref<0.")
    assert copy.deepcopy(one) is one


def test_an_address_is_a_pid_or_a_name_and_nothing_else():
    with pytest.raises(TypeError, match="not an address"):
        Address()._missing()
