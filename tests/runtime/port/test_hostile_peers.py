"""Peers that mean harm, or know no better: each gets one refusal or a close within 3 s, and hurts nobody.

Every test runs beside an honest client that was connected before; at the end it is still served over the
same connection, a new one is let in, and no thread of the port is left over.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from rpyc.core import brine, consts

from runtime.port import dial, keys
from runtime.port.client import Client, find
from runtime.port.contract import CONTRACT, Code, Failure, Ps, Role
from runtime.port.places import Place
from tests.support.eventually import eventually_sync

LIMIT_S = 3.0
"""Within which a hostile peer has to be rid of."""
SLACK_S = 1.0


@pytest.fixture(autouse=True)
def honest(port):
    """An honest client, served before, during and after."""
    with Client(find("bank")) as client:
        client.ask(Ps())
        yield client
        start = time.monotonic()
        assert client.ask(Ps()).total == 1
        assert time.monotonic() - start < 1
        with Client(find("bank")) as another:
            assert another.ask(Ps()).total == 1
        eventually_sync(lambda: port.connections == 1)
        assert sum(thread.name == "observer-peer" for thread in threading.enumerate()) == 1


@pytest.fixture
def place(port):
    return Place(host="127.0.0.1", port=port.address[1])


@pytest.fixture
def stranger(port):
    """A TCP connection that has proven nothing."""
    with socket.create_connection(port.address) as sock:
        yield sock


@pytest.fixture
def insider(place):
    """The channel of somebody who has proven a viewer's key, and now leaves the path."""
    key = keys.add("mallory", Role.VIEWER)
    line = dial.dial(place, key, time.monotonic() + 5)
    channel = line.end._channel
    channel.deadline = time.monotonic() + LIMIT_S + SLACK_S
    yield channel
    line.end.close()


def read_until_closed(sock):
    """What the node still says; fails if it does not close in time."""
    sock.settimeout(LIMIT_S + SLACK_S)
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while part := sock.recv(65536):
            received += part
    return received


def document_of(frame):
    """The JSON document of an unsealed frame."""
    length, compressed = struct.unpack("!LB", frame[:5])
    assert (compressed, len(frame)) == (0, length + 6), "one frame"
    return json.loads(frame[5:-1])


def assert_closed(channel):
    with pytest.raises(EOFError):
        channel.recv()


def denial(place, key):
    with pytest.raises(Failure) as refusal:
        dial.dial(place, key, time.monotonic() + 5)
    return refusal.value


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


def frame(document):
    body = json.dumps(document).encode()
    return struct.pack("!LB", len(body), 0) + body + b"\n"


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


# --- bytes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        struct.pack("!LB", 0xFFFFFFFF, 0) + b"x" * 1000,
        struct.pack("!LB", 4096 + 33, 0) + b"x" * 1000,
        struct.pack("!LB", 5, 1) + b"bomb!\n",
        os.urandom(4096),
    ],
    ids=["http", "tls", "4 GiB", "just too large", "compressed", "noise"],
)
def test_bytes_that_are_no_handshake_are_closed_upon(stranger, data):
    with contextlib.suppress(OSError):
        stranger.sendall(data)
    read_until_closed(stranger)


@pytest.mark.parametrize(
    "document", [{}, {"contract": CONTRACT}, {"contract": CONTRACT, "key": ["x"]}, {"op": "ps"}]
)
def test_a_document_that_is_no_handshake_gets_one_refusal(stranger, document):
    stranger.sendall(frame(document))
    assert document_of(read_until_closed(stranger))["refused"] == "bad_request"


def test_a_request_before_the_handshake_is_never_handled(stranger, port):
    asked = len(port.handler.asked)
    body = b"\x01" + brine.dump((0, (consts.HANDLE_CALL, (consts.LABEL_VALUE, (Ps().document(),)))))
    stranger.sendall(struct.pack("!LB", len(body), 0) + body + b"\n")
    read_until_closed(stranger)
    assert len(port.handler.asked) == asked


def test_who_is_slow_in_every_way_is_put_out_in_time(port, insider):
    """Silent, half a frame, a byte now and then; before the handshake and, with half a frame, after it."""
    silent, half, drip = (socket.create_connection(port.address) for _ in range(3))
    half.sendall(struct.pack("!LB", 100, 0) + b"half")
    insider._stream.sock.sendall(struct.pack("!LB", 100, 0) + b"half")
    waiting = {silent, half, drip, insider._stream.sock}
    start = time.monotonic()
    while waiting:
        assert time.monotonic() - start < LIMIT_S + SLACK_S
        for sock in select.select(waiting, [], [], 0.2)[0]:
            with contextlib.suppress(ConnectionResetError):
                if sock.recv(4096):
                    continue
            waiting.discard(sock)
        with contextlib.suppress(OSError):
            drip.send(b"\0")
    for sock in (silent, half, drip):
        sock.close()


def test_who_does_not_read_its_answers_is_put_out_in_time(port, insider):
    sock = insider._stream.sock
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    document = Ps(filter="huge", limit=1500).document()
    insider.send(b"\x01" + brine.dump((0, (consts.HANDLE_CALL, (consts.LABEL_VALUE, (document,))))))
    eventually_sync(lambda: port.connections == 1, within=LIMIT_S + SLACK_S + 1)


# --- rpyc ---------------------------------------------------------------------------------------------


STOCK = """
import sys, rpyc

def root(c): return c.root
def ping(c): c.ping()
def module(c): return c.root.getmodule("os")
def attribute(c): return c.root.__class__
def walk_out(c): raise EOFError

for connect in (rpyc.connect, rpyc.classic.connect):
    for use in (root, ping, module, attribute, walk_out):
        try:
            connection = connect("127.0.0.1", int(sys.argv[1]))
            connection._config["sync_request_timeout"] = 2
            use(connection)
        except Exception:
            continue
        sys.exit(f"{connect} {use}")
"""


def test_a_stock_rpyc_client_gets_nowhere(port):
    asked = len(port.handler.asked)
    ran = subprocess.run(
        [sys.executable, "-c", STOCK, str(port.address[1])], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert len(port.handler.asked) == asked
    eventually_sync(lambda: port.denied >= 10)


def rpyc_message(handler, package, number=0, kind=consts.MSG_REQUEST):
    return bytes([kind]) + brine.dump((number, (handler, package)))


def colliding_numbers(count):
    """Numbers of one hash: a set of them takes quadratic time to build."""
    return tuple((2**61 - 1) * number for number in range(1, count))


REFERENCE = (consts.LABEL_REMOTE_REF, ("builtins.str", 1, 1))
INSIDE_JOBS = {
    "the root": rpyc_message(consts.HANDLE_GETROOT, (consts.LABEL_VALUE, ())),
    "an attribute": rpyc_message(consts.HANDLE_GETATTR, (consts.LABEL_VALUE, ("x", "__class__"))),
    "setting an attribute": rpyc_message(consts.HANDLE_SETATTR, (consts.LABEL_VALUE, ("x", "a", 1))),
    "calling an attribute": rpyc_message(consts.HANDLE_CALLATTR, (consts.LABEL_VALUE, ("x", "upper", ()))),
    "pickle": rpyc_message(consts.HANDLE_PICKLE, (consts.LABEL_VALUE, ("x", 2))),
    "inspect": rpyc_message(consts.HANDLE_INSPECT, (consts.LABEL_VALUE, (("builtins.str", 1, 1),))),
    "dir": rpyc_message(consts.HANDLE_DIR, (consts.LABEL_VALUE, ("x",))),
    "a netref as request": rpyc_message(consts.HANDLE_CALL, (consts.LABEL_TUPLE, (REFERENCE,))),
    "a local reference": rpyc_message(consts.HANDLE_CALL, (consts.LABEL_LOCAL_REF, ("x", 1, 1))),
    "a reply": rpyc_message(0, REFERENCE, kind=consts.MSG_REPLY),
    "an exception": rpyc_message("builtins", "SystemExit", kind=consts.MSG_EXCEPTION),
    "a set that takes minutes": rpyc_message(
        consts.HANDLE_CALL, (consts.LABEL_VALUE, (frozenset(colliding_numbers(2000)),))
    ),
    "nested tuples": b"\x01" + b"\x10" * 500_000,
    "nothing": b"",
}


@pytest.mark.parametrize("message", INSIDE_JOBS.values(), ids=INSIDE_JOBS.keys())
def test_an_insider_who_speaks_rpyc_is_put_out(insider, port, message):
    asked = len(port.handler.asked)
    with contextlib.suppress(EOFError):  # it may be put out before all is sent
        insider.send(message)
    assert_closed(insider)
    assert len(port.handler.asked) == asked


def test_an_insiders_huge_frame_and_bomb_are_refused(place):
    key = keys.add("mallory", Role.VIEWER)
    for header in (
        struct.pack("!LB", 0xFFFFFFFF, 0),
        struct.pack("!LB", 2 << 20, 0),
        struct.pack("!LB", 9, 1),
    ):
        line = dial.dial(place, key, time.monotonic() + 5)
        line.socket.settimeout(5)
        line.socket.sendall(header)
        assert read_until_closed(line.socket) == b""
        line.end.close()


# --- documents --------------------------------------------------------------------------------------

DOCUMENTS = [
    "",
    "not json",
    "null",
    "[]",
    '"ps"',
    "{}",
    '{"op": "no such operation"}',
    '{"op": ["ps"]}',
    '{"op": {"ps": 1}}',
    '{"op": null, "args": {}}',
    '{"op": "ps", "args": []}',
    '{"op": "ps", "args": {"limit": "many"}}',
    '{"op": "ps", "args": {"limit": -1}}',
    '{"op": "ps", "args": {"limit": 1e999}}',
    '{"op": "ps", "args": {"limit": ' + "9" * 5000 + "}}",
    '{"op": "ps", "args": {"filter": "' + "x" * 300 + '"}}',
    '{"op": "ps", "args": {"filter": "\\ud800"}}',
    '{"op": "ps", "args": {"limitt": 5}}',
    '{"op": "__class__", "args": {}}',
    "[" * 100_000,
    '{"op": "ps", "args": ' + '{"a":' * 50_000,
    '{"op": "ps", "args": {"keep": ' + "[" * 100 + "]" * 100 + "}}",
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text[:40])
def test_a_document_that_is_no_request_gets_one_error_document(place, document):
    line = dial.dial(place, keys.load("owner"), time.monotonic() + 5)
    start = time.monotonic()
    answer = json.loads(line.end.call(document, LIMIT_S))
    assert time.monotonic() - start < LIMIT_S
    assert (answer["ok"], answer["code"]) == (False, "bad_request")
    assert len(answer["message"]) < 1000
    assert json.loads(line.end.call(Ps().document(), LIMIT_S))["ok"], "and the connection goes on"
    line.end.close()


# --- floods -----------------------------------------------------------------------------------------


def test_a_flood_of_silent_connections_keeps_no_honest_client_out(port, place):
    flood = [socket.create_connection(port.address) for _ in range(200)]
    with Client(place) as newcomer:
        assert newcomer.ask(Ps()).total == 1, "over the flooded socket"
    assert sum(thread.name == "observer-peer" for thread in threading.enumerate()) <= 70
    for sock in flood:
        sock.close()
    eventually_sync(lambda: port.connections == 1)


def test_a_flood_of_connections_without_pause_keeps_no_honest_client_out(port, place):
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            with contextlib.suppress(OSError), socket.create_connection(port.address, timeout=1) as sock:
                sock.sendall(b"\0\0\0\2\0{}\n")

    flooders = [threading.Thread(target=flood) for _ in range(3)]
    for thread in flooders:
        thread.start()
    try:
        with Client(place) as newcomer:
            assert newcomer.ask(Ps()).total == 1
    finally:
        stop.set()
        for thread in flooders:
            thread.join()
    assert port.denied > 0


def test_a_flood_of_requests_leaves_time_for_the_others(port, place, honest):
    stop = threading.Event()

    def flood():
        with Client(place) as client:
            while not stop.is_set():
                client.ask(Ps(limit=1))

    flooders = [threading.Thread(target=flood) for _ in range(8)]
    for thread in flooders:
        thread.start()
    try:
        slowest, began, asked = 0.0, time.monotonic(), len(port.handler.asked)
        for _ in range(20):
            start = time.monotonic()
            honest.ask(Ps())
            slowest = max(slowest, time.monotonic() - start)
        assert slowest < 1.0
        answered, lasted = len(port.handler.asked) - asked, time.monotonic() - began
        assert answered < 500 * lasted + 20, "all together get 500 answers a second"
    finally:
        stop.set()
        for thread in flooders:
            thread.join()


def test_requests_sent_without_waiting_are_answered_one_after_the_other(insider, port):
    for number in range(50):
        package = (consts.LABEL_VALUE, (Ps(limit=0).document(),))
        insider.send(rpyc_message(consts.HANDLE_CALL, package, number))
    for number in range(50):
        reply = insider.recv()
        answered, _ = brine.load(reply[1:])
        assert (reply[0], answered) == (consts.MSG_REPLY, number)
