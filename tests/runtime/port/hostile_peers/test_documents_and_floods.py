"""Documents that are no requests, and too much of everything."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time

import pytest
from rpyc.core import brine, consts

from runtime.port import dial, keys
from runtime.port.client import Client
from runtime.port.contract import Ps
from tests.runtime.port.hostile_peers.tools import (
    LIMIT_S,
    rpyc_message,
)
from tests.support.eventually import eventually_sync

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
