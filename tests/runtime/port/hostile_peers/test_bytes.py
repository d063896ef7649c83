"""Bytes and messages that are none: before the handshake, and after it by somebody who has a key."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import subprocess
import sys
import time

import pytest
from rpyc.core import brine, consts

from runtime.port import dial, keys
from runtime.port.contract import CONTRACT, Ps, Role
from tests.runtime.port.hostile_peers.tools import (
    LIMIT_S,
    SLACK_S,
    assert_closed,
    document_of,
    frame,
    read_until_closed,
    rpyc_message,
)
from tests.support.eventually import eventually_sync

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
