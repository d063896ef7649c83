"""Wrong keys, revoked keys, relays, squatters."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import threading
import time
from dataclasses import replace

import pytest

from runtime.port import keys
from runtime.port.client import Client, find
from runtime.port.contract import CONTRACT, Code, Failure, Ps, Role
from runtime.port.places import Place
from tests.runtime.port.hostile_peers.tools import (
    LIMIT_S,
    denial,
    frame,
)
from tests.support.eventually import eventually_sync

# --- keys -------------------------------------------------------------------------------------------


def test_a_wrong_secret_and_an_unknown_key_are_denied_alike(place, port):
    owner = keys.load("owner")
    wrong = denial(place, replace(owner, secret=os.urandom(32)))
    unknown = denial(place, replace(owner, id="0" * 16))
    assert wrong.code is unknown.code is Code.DENIED
    assert wrong.message == unknown.message
    eventually_sync(lambda: port.denied == 2)


def test_a_key_that_claims_a_higher_role_is_denied(place):
    viewer = keys.add("mallory", Role.VIEWER)
    assert denial(place, replace(viewer, role=Role.ADMIN)).code is Code.DENIED


def test_a_key_revoked_before_is_denied(place):
    key = keys.add("mallory", Role.ADMIN)
    keys.revoke("mallory")
    assert denial(place, key).code is Code.DENIED


def test_a_key_revoked_during_a_connection_is_denied_at_its_next_request_and_put_out(place, port):
    keys.add("mallory", Role.ADMIN)
    with Client(place, key="mallory") as client:
        assert client.ask(Ps()).total == 1
        keys.revoke("mallory")
        asked = len(port.handler.asked)
        with pytest.raises(Failure, match="the key 'mallory' was revoked") as refusal:
            client.ask(Ps())
        assert refusal.value.code is Code.DENIED
        assert len(port.handler.asked) == asked
        eventually_sync(lambda: port.connections == 1, within=LIMIT_S)
        with pytest.raises(Failure) as refusal:
            client.ask(Ps())
        assert refusal.value.code is Code.DENIED


# --- relays and squatters ---------------------------------------------------------------------------


class Relay:
    """Listens, and passes everything on to `target`; `change` may rewrite what the client sends."""

    def __init__(self, target, *, host="127.0.0.1", port=0, change=lambda data: data):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = socket.create_server((host, port), family=family)
        self._target, self._change = target, change
        self.place = Place(host=host, port=self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._thread.start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client, socket.create_connection(self._target) as node:
                    self._pass_on(client, node)

    def _pass_on(self, client, node):
        while True:
            for sock in select.select([client, node], [], [])[0]:
                data = sock.recv(65536)
                if not data:
                    return
                if sock is client:
                    node.sendall(self._change(data))
                else:
                    client.sendall(data)

    def close(self):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=5)


def test_a_relay_from_another_port_is_refused_by_the_node(port):
    relay = Relay(port.address)
    failure = denial(relay.place, keys.load("owner"))
    assert failure.code is Code.CANNOT_CONNECT
    assert "something passes your connection on" in failure.message
    relay.close()


def test_a_relay_that_corrects_the_address_cannot_make_the_proof_fit(port):
    def correct(data):
        document = json.loads(data[5:-1])
        if "address" in document:
            document["address"] = f"tcp 127.0.0.1 port {port.address[1]}"
        return frame(document)

    relay = Relay(port.address, change=correct)
    assert denial(relay.place, keys.load("owner")).code is Code.DENIED
    relay.close()


def test_a_relay_at_the_same_port_of_another_address_is_refused(port):
    relay = Relay(port.address, host="127.0.0.2", port=port.address[1])
    assert denial(relay.place, keys.load("owner")).code is Code.CANNOT_CONNECT
    relay.close()


def test_a_relay_to_another_node_is_refused(open_port):
    """The client means one node, and something at its port leads to another that knows the same key."""
    other = open_port(name="other", port=0)
    relay = Relay(other.address)
    assert denial(relay.place, keys.load("owner")).code is Code.CANNOT_CONNECT
    relay.close()


def test_another_node_behind_a_nodes_socket_is_refused(open_port):
    other = open_port(name="other")
    swapped = find("bank").model_copy(update={"socket": find("other").socket})
    failure = denial(swapped, keys.load("owner"))
    assert failure.code is Code.CANNOT_CONNECT
    assert "the node 'other'" in failure.message
    assert other.connections <= 1


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
def test_a_relay_that_looks_like_a_tunnel_can_pass_on_but_not_change(port, place):
    """With the same port number at both ends a relay is what `ssh -L` is. It cannot put words in."""
    seen = []

    def change(data):
        seen.append(data)
        return data if len(seen) < 4 else data.replace(b'"limit": 100', b'"limit": 999')

    relay = Relay(port.address, host="::1", port=port.address[1], change=change)
    with Client(relay.place) as client:
        assert len(client.ask(Ps()).rows) == 100, "passed on, as through a tunnel"
        asked = len(port.handler.asked)
        with pytest.raises(Failure) as refusal:
            client.ask(Ps())
        assert refusal.value.code is Code.CANNOT_CONNECT
        assert len(port.handler.asked) == asked, "what was changed is not handled"
    relay.close()


@pytest.mark.parametrize(
    "says",
    [
        b"",
        os.urandom(10),
        b"\xff" * 6,
        b"\0\0\0\2\0{}\n",
        b"\0\0\0\x05\x01bomb!\n",
        frame({"contract": CONTRACT, "name": "bank", "incarnation": "x", "nonce": "0" * 64})
        + frame({"proof": "0" * 64}),
    ],
)
def test_a_squatting_server_learns_nothing_and_hurts_nobody(says):
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard = []

        def squat():
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):  # the client may leave at any moment
                client.sendall(says)
                while data := client.recv(65536):
                    heard.append(data)

        squatter = threading.Thread(target=squat)
        squatter.start()
        start = time.monotonic()
        with pytest.raises(Failure) as refusal:
            Client(Place(host="127.0.0.1", port=server.getsockname()[1]), timeout=1).connect()
        assert time.monotonic() - start < LIMIT_S
        squatter.join()
    assert refusal.value.code in {Code.CANNOT_CONNECT, Code.DENIED, Code.TIMEOUT}
    secret = keys.load("owner").secret
    assert secret not in b"".join(heard)
    assert secret.hex().encode() not in b"".join(heard)
