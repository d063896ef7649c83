"""A port: opens, serves, counts, closes, and leaves nothing."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import time

import pytest

from runtime.port import keys, service
from runtime.port.client import Client, find, nodes
from runtime.port.contract import Code, Failure, Feed, Kill, NodeQuery, Ps, Role
from runtime.port.places import Place
from runtime.port.service import Port, PortError
from tests.runtime.port.fake_node import FakeNode
from tests.support.eventually import eventually_sync


def test_a_port_is_found_by_its_name_and_answers(port):
    with Client(find("bank")) as client:
        assert client.ask(Ps(limit=3)).total == 1


def test_a_port_has_no_tcp_unless_asked(open_port):
    port = open_port()
    assert port.address is None
    assert nodes()[0].port is None


def test_port_zero_takes_a_free_one_and_says_which(port):
    host, number = port.address
    assert (host, number > 0) == ("127.0.0.1", True)
    place = nodes()[0]
    assert (place.host, place.port, place.name, place.incarnation) == (host, number, "bank", "incarnation0")
    with Client(Place(host=host, port=number)) as client:
        assert client.node.name == "bank"


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_a_port_on_ipv6_loopback_answers(open_port):
    port = open_port(host="::1", port=0)
    with Client(find(f"[::1]:{port.address[1]}")) as client:
        assert client.ask(Ps()).total == 1


def test_a_name_that_cannot_be_a_files_is_refused(home):
    for name in ("", "a/b", "../x", ".a", "a b", "x" * 65, "ä@1"):
        with pytest.raises(PortError, match="no name for a node"):
            Port(FakeNode(), name=name, incarnation="i")
    with pytest.raises(PortError, match="incarnation"):
        Port(FakeNode(), name="bank", incarnation="a/b")


def test_a_port_that_cannot_open_leaves_nothing(home, open_port):
    first = open_port(port=0)
    before = threading.active_count()
    second = Port(FakeNode(), name="second", incarnation="i", port=first.address[1])
    with pytest.raises(PortError, match="in use"):
        second.start()
    assert threading.active_count() == before
    assert [place.name for place in nodes()] == ["bank"]
    assert len(list((home / "run").iterdir())) == 2
    second.stop()


def test_a_home_that_is_open_to_others_opens_no_port(home):
    keys.ensure_owner()
    (home / "keys").chmod(0o755)
    with pytest.raises(PortError, match="chmod 700"):
        Port(FakeNode(), name="bank", incarnation="i").start()


def test_beyond_loopback_there_is_no_port_without_tls(home):
    with pytest.raises(PortError, match="ssh -L"):
        Port(FakeNode(), name="bank", incarnation="i", host="0.0.0.0", port=0).start()
    assert nodes() == []


def test_the_first_start_makes_the_owner_key(port):
    assert keys.load("owner").role is Role.ADMIN


def test_a_key_file_that_is_ignored_is_named_in_the_log(open_port, home, caplog):
    keys.add("carol", Role.VIEWER).path.chmod(0o644)
    open_port()
    assert "a key is ignored" in caplog.text
    assert "carol" in caplog.text


def test_stopping_ends_connections_and_leaves_no_thread_socket_or_file(home, open_port):
    before = threading.active_count()
    port = open_port(port=0)
    clients = [Client(nodes()[0]), Client(Place(host="127.0.0.1", port=port.address[1]))]
    for client in clients:
        client.connect()
    address = port.address
    port.stop()
    assert threading.active_count() == before
    assert list((home / "run").iterdir()) == []
    assert port.connections == 0
    assert port.address is None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    for client in clients:
        with pytest.raises(Failure):
            client.ask(Ps())
        client.close()
    port.stop()  # once more is harmless


def test_a_port_can_take_the_same_number_again_at_once(open_port):
    first = open_port(port=0)
    number = first.address[1]
    with Client(Place(host="127.0.0.1", port=number)):
        first.stop()
    assert open_port(port=number).address[1] == number


def test_stopping_wakes_a_handler_that_waits_on_it(open_port):
    class Waits(FakeNode):
        def __call__(self, request, principal):
            waiting.set()
            port.stopping.wait(30)
            return super().__call__(NodeQuery(), principal)

    waiting = threading.Event()
    port = open_port(handler=Waits())
    client = Client(find("bank"))
    client.connect()
    asking = threading.Thread(target=asked_or_lost, args=(client, NodeQuery()))
    asking.start()
    assert waiting.wait(5)
    start = time.monotonic()
    port.stop()
    assert time.monotonic() - start < 2
    asking.join()
    client.close()


def test_a_handler_that_does_not_end_is_named_in_the_log(open_port, monkeypatch, caplog):
    monkeypatch.setattr(service, "STOP_S", 0.05)
    port = open_port()
    client = Client(find("bank"), timeout=0.1)
    with pytest.raises(Failure, match=r"did not answer feed within 0.1 s"):
        client.ask(Feed(wait_s=30), timeout=0.1)
    port.stop()
    assert "1 handlers were still at work" in caplog.text


def asked_or_lost(client, request):
    with contextlib.suppress(Failure):
        client.ask(request)


# --- who asks, and whether they may -----------------------------------------------------------------


def test_the_handler_learns_who_asks(port):
    keys.add("alice", Role.OPERATOR)
    with Client(find("bank"), key="alice") as client:
        client.ask(Ps())
    with Client(Place(host="127.0.0.1", port=port.address[1]), key="alice") as client:
        client.ask(Ps())
    local, remote = (who for _, who in port.handler.asked)
    assert (local.key, local.role, local.key_id) == ("alice", Role.OPERATOR, keys.load("alice").id)
    assert local.peer.startswith("unix uid ")
    assert remote.peer.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.VIEWER, False), (Role.OPERATOR, True), (Role.ADMIN, True)]
)
def test_a_role_may_what_it_may_and_no_more(port, role, allowed):
    keys.add("alice", role)
    with Client(find("bank"), key="alice") as client:
        assert client.ask(Ps()).total == 1
        if allowed:
            assert client.ask(Kill(process="x")).text == "killed"
            return
        with pytest.raises(
            Failure, match="kill needs the role operator; the key 'alice' is viewer"
        ) as refusal:
            client.ask(Kill(process="x"))
        assert refusal.value.code is Code.DENIED
        assert "observer key add NAME --role operator" in refusal.value.message
        assert client.ask(Ps()).total == 1, "a refusal does not end the connection"
    assert all(request.op == "ps" for request, _ in port.handler.asked)


def test_a_key_that_is_added_while_the_node_runs_counts_at_once(port):
    with pytest.raises(Failure):
        Client(find("bank"), key="alice").connect()
    keys.add("alice", Role.VIEWER)
    with Client(find("bank"), key="alice") as client:
        assert client.ask(Ps()).total == 1


# --- what handlers do -------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["exit", "interrupt", "crash"])
def test_whatever_a_handler_raises_is_one_answer_without_its_words(port, reason, caplog):
    with Client(find("bank")) as client:
        with pytest.raises(Failure) as refusal:
            client.ask(Kill(process="x", reason=reason))
        assert refusal.value.code is Code.INTERNAL
        assert "secret" not in refusal.value.message
        assert client.ask(Ps()).total == 1, "connection and node go on"
    assert "Traceback" in caplog.text, "the node's own log has it"


def test_a_handlers_refusal_reaches_the_client_as_it_is(port):
    from runtime.port.contract import Info

    with Client(find("bank")) as client, pytest.raises(Failure, match="no process 'x'") as refusal:
        client.ask(Info(process="x"))
    assert refusal.value.code is Code.NO_PROCESS


def test_an_answer_that_is_too_large_asks_for_less(port):
    with Client(find("bank"), timeout=20) as client:
        with pytest.raises(
            Failure, match=r"the answer to ps is larger than 16 MiB.*a lower limit"
        ) as refusal:
            client.ask(Ps(filter="huge", limit=2000))
        assert refusal.value.code is Code.BAD_REQUEST
        assert len(client.ask(Ps(filter="huge", limit=1000)).rows) == 1000


def test_two_connections_do_not_wait_for_each_other(port):
    slow, fast = Client(find("bank")), Client(find("bank"))
    waiting = threading.Thread(target=lambda: slow.ask(Feed(wait_s=30)))
    fast.connect()
    waiting.start()
    eventually_sync(lambda: port.handler.asked)
    assert fast.ask(Ps(), timeout=2).total == 1
    port.handler.let_go()
    waiting.join()
    slow.close()
    fast.close()


# --- limits and figures -----------------------------------------------------------------------------


def test_the_33rd_connection_is_refused_until_one_ends(port, monkeypatch):
    monkeypatch.setattr(service, "CONNECTIONS", 3)
    clients = [Client(find("bank")) for _ in range(3)]
    for client in clients:
        client.connect()
    with pytest.raises(Failure, match="no room") as refusal:
        Client(find("bank")).connect()
    assert refusal.value.code is Code.CANNOT_CONNECT
    clients.pop().close()
    eventually_sync(lambda: port.connections == 2)
    with Client(find("bank")) as client:
        assert client.ask(Ps()).total == 1
    for client in clients:
        client.close()


def test_a_client_that_says_nothing_for_long_is_closed_and_notices_nothing(port, monkeypatch):
    monkeypatch.setattr("runtime.port.session.IDLE_S", 0.05)
    with Client(find("bank")) as client:
        client.ask(Ps())
        eventually_sync(lambda: port.connections == 0)
        assert client.ask(Ps()).total == 1


def test_newcomers_that_do_not_end_when_told_are_not_joined_by_others(port, monkeypatch):
    monkeypatch.setattr(service, "NEWCOMERS", 1)
    monkeypatch.setattr(service, "ENDING_S", 0.05)
    monkeypatch.setattr("runtime.port.peer.shut", lambda sock: None)
    silent = [socket.create_connection(port.address) for _ in range(2)]
    eventually_sync(lambda: port.connections == 2)
    with socket.create_connection(port.address) as third:
        third.settimeout(2)
        assert third.recv(1) == b""
    assert port.connections == 2
    for sock in silent:
        sock.close()


def test_what_the_port_costs_is_counted(port):
    with Client(find("bank")) as client:
        for _ in range(20):
            client.ask(Ps(limit=500))
        while_connected = port.cpu_s
        assert while_connected > 0.001
    eventually_sync(lambda: port.connections == 0)
    assert port.cpu_s >= while_connected, "it is not forgotten when the connection ends"


def test_failed_handshakes_are_counted(port):
    assert port.denied == 0
    socket.create_connection(port.address).close()
    eventually_sync(lambda: port.denied == 1)


def test_running_out_of_files_does_not_end_the_port(port, monkeypatch, caplog):
    class Exhausted:
        def __init__(self, listener):
            self.listener = listener
            self.left = 2

        def accept(self):
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return self.listener.accept()

    real = port._accept_from
    exhausted: dict[object, Exhausted] = {}
    monkeypatch.setattr(port, "_accept_from", lambda sock: real(exhausted.setdefault(sock, Exhausted(sock))))
    with Client(find("bank")) as client:
        assert client.ask(Ps()).total == 1
    assert "Too many open files" in caplog.text


def test_running_out_of_threads_does_not_end_the_port(port, monkeypatch):
    start = threading.Thread.start

    def refuse(thread):
        if thread.name == "observer-peer":
            monkeypatch.setattr(threading.Thread, "start", start)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(Failure) as refusal:
        Client(find("bank")).connect()
    assert refusal.value.code is Code.CANNOT_CONNECT
    with Client(find("bank")) as client:
        assert client.ask(Ps()).total == 1


def test_the_handler_is_told_of_each_connection_that_is_over_and_which_it_was(open_port, monkeypatch):
    monkeypatch.setattr("runtime.port.session.IDLE_S", 0.2)
    left = []
    port = open_port(left=left.append)
    one, other = Client(find("bank")), Client(find("bank"))
    one.connect()
    one.ask(Ps())
    other.connect()
    other.ask(Ps())
    one.close()
    eventually_sync(lambda: len(left) == 1)
    assert left[0].key == "owner"
    eventually_sync(lambda: len(left) == 2)  # it has said nothing for too long
    assert left[0].connection != left[1].connection
    assert 0 not in {left[0].connection, left[1].connection}
    assert port.connections == 0
    other.close()


def test_a_peer_that_has_proven_nothing_has_left_nothing(open_port):
    left = []
    port = open_port(port=0, left=left.append)
    with socket.create_connection(port.address):
        pass
    eventually_sync(lambda: not port.connections)
    assert left == []


def test_letting_go_that_fails_closes_the_connection_all_the_same(open_port, caplog):
    def left(_principal):
        raise RuntimeError("no")

    port = open_port(left=left)
    with Client(find("bank")) as client:
        client.ask(Ps())
    eventually_sync(lambda: not port.connections)
    assert "could not be let go" in caplog.text
