"""The client: connects, asks, reconnects, and says what is wrong."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time

import pytest

from runtime.port import keys
from runtime.port.client import Client, find
from runtime.port.contract import Code, Failure, Feed, Kill, Ps, Role
from runtime.port.home import directory
from runtime.port.places import Place
from tests.support.eventually import eventually_sync


@pytest.fixture(autouse=True)
def _owner(home):
    """The key of every test that says nothing else."""
    keys.ensure_owner()


def failure_of(place, **options):
    with pytest.raises(Failure) as refusal:
        Client(place, **options).connect()
    return refusal.value


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_the_first_question_connects(port):
    client = Client(find("bank"))
    assert client.node is None
    assert client.ask(Ps()).total == 1
    assert (client.node.name, client.node.incarnation) == ("bank", "incarnation0")
    client.close()


def test_a_ping_measures_a_round_trip(port):
    with Client(find("bank")) as client:
        assert 0 < client.ping() < 5
    assert port.handler.asked == []


def test_many_questions_go_over_one_connection(port):
    with Client(find("bank")) as client:
        for _ in range(50):
            client.ask(Ps())
        assert port.connections == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nothing_listening_is_told_with_the_next_step(home, host):
    failure = failure_of(Place(host=host, port=free_port()))
    assert failure.code is Code.CANNOT_CONNECT
    assert "nothing listens at" in failure.message
    assert "observer nodes" in failure.message


def test_a_socket_that_is_gone_is_told(home):
    failure = failure_of(Place(socket=f"{home}/run/gone.sock"))
    assert failure.code is Code.CANNOT_CONNECT
    assert "gone.sock" in failure.message


def test_a_host_that_is_none_is_told(home):
    failure = failure_of(Place(host="nowhere.invalid", port=1))
    assert failure.code is Code.CANNOT_CONNECT
    assert "nowhere.invalid:1" in failure.message


def test_another_machine_without_tls_is_refused_with_the_tunnel(home, monkeypatch):
    monkeypatch.setattr("ipaddress.IPv4Address.is_loopback", False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        failure = failure_of(Place(host="127.0.0.1", port=server.getsockname()[1]))
        peer, _ = server.accept()
        with peer:
            assert peer.recv(1) == b"", "not a byte was sent"
    assert failure.code is Code.CANNOT_CONNECT
    assert "ssh -L" in failure.message
    assert "--fingerprint" in failure.message


def test_something_that_listens_and_says_nothing_times_out(home):
    with socket.create_server(("127.0.0.1", 0)) as server:
        start = time.monotonic()
        failure = failure_of(Place(host="127.0.0.1", port=server.getsockname()[1]), timeout=0.2)
    assert failure.code is Code.TIMEOUT
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("noise", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_something_else_that_listens_is_told_from_a_node(home, noise):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def speak():
            peer, _ = server.accept()
            with peer, contextlib.suppress(OSError):  # the client may leave at any moment
                peer.sendall(noise)
                peer.shutdown(socket.SHUT_WR)
                peer.recv(4096)

        speaker = threading.Thread(target=speak)
        speaker.start()
        failure = failure_of(Place(host="127.0.0.1", port=server.getsockname()[1]))
        speaker.join()
    assert failure.code is Code.CANNOT_CONNECT
    assert "no Observer node" in failure.message


def test_a_restarted_node_is_not_taken_for_the_old_one(open_port):
    place = find("bank") if open_port() else None
    failure = failure_of(place.model_copy(update={"incarnation": "older"}))
    assert failure.code is Code.CANNOT_CONNECT
    assert "restarted or replaced" in failure.message


def test_a_socket_of_another_users_process_is_refused(port, monkeypatch):
    place = find("bank")
    monkeypatch.setattr("runtime.port.peer.is_same_user", lambda sock: False)
    assert failure_of(place).code is Code.DENIED
    eventually_sync(lambda: port.denied == 1)


def test_an_answer_that_does_not_come_times_out_and_the_next_question_reconnects(port):
    with Client(find("bank")) as client:
        with pytest.raises(Failure, match=r"bank did not answer feed within 0.1 s") as refusal:
            client.ask(Feed(wait_s=10), timeout=0.1)
        assert refusal.value.code is Code.TIMEOUT
        assert client.ask(Ps()).total == 1


def test_a_question_may_take_as_long_as_it_itself_allows(port):
    with Client(find("bank"), timeout=0.2) as client:
        assert client.ask(Feed(wait_s=0.5)).events == []


def test_a_node_that_goes_away_while_it_is_asked_is_told(open_port):
    port = open_port()
    with Client(find("bank")) as client:
        stopper = threading.Thread(target=lambda: (eventually_sync(lambda: port.handler.asked), cut(port)))
        stopper.start()
        with pytest.raises(Failure, match="lost the connection to bank") as refusal:
            client.ask(Feed(wait_s=30))
        stopper.join()
        assert refusal.value.code is Code.CANNOT_CONNECT


def cut(port):
    for session in list(port._sessions):
        session.cut()


def test_a_node_that_was_restarted_at_its_port_is_asked_anew(open_port):
    first = open_port(port=0)
    with Client(Place(host="127.0.0.1", port=first.address[1])) as client:
        client.ask(Ps())
        assert client.node.incarnation == "incarnation0"
        number = first.address[1]
        first.stop()
        open_port(port=number)
        assert client.ask(Ps()).total == 1
        assert client.node.incarnation == "incarnation1"


def test_a_remote_exit_does_not_end_the_client(port):
    with Client(find("bank")) as client:
        with pytest.raises(Failure):
            client.ask(Kill(process="x", reason="exit"))
        assert client.ask(Ps()).total == 1


def test_an_abort_from_another_thread_ends_a_question_at_once(port):
    with Client(find("bank")) as client:
        aborter = threading.Thread(
            target=lambda: (eventually_sync(lambda: port.handler.asked), client.abort())
        )
        aborter.start()
        start = time.monotonic()
        with pytest.raises(Failure) as refusal:
            client.ask(Feed(wait_s=30))
        aborter.join()
        assert refusal.value.code is Code.CANNOT_CONNECT
        assert time.monotonic() - start < 5
        client.close()
        client.abort()  # nothing to end


def test_an_interrupted_question_leaves_no_answer_for_the_next(port, monkeypatch):
    with Client(find("bank")) as client:
        client.connect()
        monkeypatch.setattr(client._end, "call", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            client.ask(Ps())
        assert client.ask(Ps()).total == 1


def test_a_key_that_is_not_there_names_those_that_are(port):
    keys.add("alice", Role.VIEWER)
    failure = failure_of(find("bank"), key="bob")
    assert failure.code is Code.DENIED
    assert "there are: alice, owner" in failure.message


def test_listing_nodes_imports_no_rpyc_and_no_tls(home):
    script = "import sys, runtime.port.client as c; c.nodes(); print([m for m in ('rpyc', 'ssl', 'asyncio') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


# --- a client on another machine: a home of its own, and TCP ------------------------------------------


@pytest.fixture
def elsewhere(tmp_path):
    return tmp_path / "elsewhere"


def remote(port):
    return Place(host="127.0.0.1", port=port.address[1])


def copied(name, elsewhere):
    """Copy a key as a user would."""
    path = directory("keys", elsewhere) / name
    path.write_bytes(keys.load(name).path.read_bytes())
    path.chmod(0o600)


def test_a_copied_key_is_used_without_being_named(port, elsewhere):
    keys.add("alice", Role.VIEWER)
    assert failure_of(remote(port), home=elsewhere).code is Code.DENIED
    copied("alice", elsewhere)
    with Client(remote(port), home=elsewhere) as client:
        client.ask(Ps())
    assert [who.key for _, who in port.handler.asked] == ["alice"]
    assert [path.name for path in (elsewhere / "keys").iterdir()] == ["alice"]


def test_a_refused_key_is_named_with_the_others_to_try(port, elsewhere):
    keys.add("alice", Role.VIEWER)
    keys.ensure_owner(elsewhere)
    assert "used was 'owner', the only one" in failure_of(remote(port), home=elsewhere).message
    copied("alice", elsewhere)
    failure = failure_of(remote(port), home=elsewhere)
    assert failure.code is Code.DENIED
    assert "used was 'owner'; others in" in failure.message
    assert failure.message.endswith("alice (--key NAME)")
    with Client(remote(port), key="alice", home=elsewhere) as client:
        assert client.ask(Ps()).total == 1
