"""What hostile peers say, and what is expected in return."""

from __future__ import annotations

import contextlib
import json
import struct
import time

import pytest
from rpyc.core import brine, consts

from runtime.port import dial
from runtime.port.contract import Failure

LIMIT_S = 3.0
"""Within which a hostile peer has to be rid of."""
SLACK_S = 1.0


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


def frame(document):
    body = json.dumps(document).encode()
    return struct.pack("!LB", len(body), 0) + body + b"\n"


def rpyc_message(handler, package, number=0, kind=consts.MSG_REQUEST):
    return bytes([kind]) + brine.dump((number, (handler, package)))
