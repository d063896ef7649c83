"""One call over rpyc, and nothing else."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
from rpyc.core import brine, consts

from runtime.port.channel import BadFrame, BoundedChannel
from runtime.port.pipe import AnsweringEnd, CallingEnd

VALUE = consts.LABEL_VALUE


@pytest.fixture
def served():
    """The client's end, and the texts that reached the node's."""
    left, right = socket.socketpair()
    seen: list[str] = []
    end = AnsweringEnd(BoundedChannel(right), lambda text: seen.append(text) or text.upper())

    def serve():
        with contextlib.suppress(EOFError, OSError):
            while end.serve(5):
                pass
        end.close()

    thread = threading.Thread(target=serve)
    thread.start()
    caller = CallingEnd(BoundedChannel(left))
    yield caller, seen
    caller.close()
    thread.join()


def test_a_text_goes_there_and_another_comes_back(served):
    caller, seen = served
    assert caller.call("hällo", 5) == "HÄLLO"
    assert seen == ["hällo"]


@pytest.mark.parametrize(
    "text", ["", "a", "ab", "abc", "abcd", "abcde", "x" * 255, "x" * 256, "x" * 1_000_000]
)
def test_texts_of_every_length_pass(served, text):
    assert served[0].call(text, 5) == text.upper()


def test_call_numbers_of_every_size_pass(served):
    caller, _ = served
    for number in (0, 159, 160, 999, 1000, 10**6, 10**10, 10**18):
        caller._pipe._seqcounter = iter([number])
        assert caller.call("a", 5) == "A", number


def test_a_ping_is_echoed_without_reaching_the_node(served):
    caller, seen = served
    assert 0 < caller.ping(5) < 5
    assert seen == []


def request(handler, package, number=1):
    return b"\x01" + brine.dump((number, (handler, package)))


TEXT = (VALUE, ("text",))
NETREF = (consts.LABEL_REMOTE_REF, ("builtins.str", 1, 2))
LOCAL = (consts.LABEL_LOCAL_REF, ("builtins.str", 1, 2))

HOSTILE = {
    **{
        f"handler {handler}": request(handler, TEXT)
        for handler in range(-1, 30)
        if handler not in {consts.HANDLE_PING, consts.HANDLE_CALL}
    },
    "a reference of theirs": request(consts.HANDLE_CALL, (consts.LABEL_TUPLE, (NETREF,))),
    "a reference of theirs as arguments": request(consts.HANDLE_CALL, NETREF),
    "a reference of ours": request(consts.HANDLE_CALL, (consts.LABEL_TUPLE, (LOCAL,))),
    "no arguments": request(consts.HANDLE_CALL, (VALUE, ())),
    "two arguments": request(consts.HANDLE_CALL, (VALUE, ("a", "b"))),
    "a number for a text": request(consts.HANDLE_CALL, (VALUE, (7,))),
    "bytes for a text": request(consts.HANDLE_CALL, (VALUE, (b"text",))),
    "None for a text": request(consts.HANDLE_CALL, (VALUE, (None,))),
    "a set for a text": request(consts.HANDLE_CALL, (VALUE, (frozenset([1]),))),
    "a text that is a set underneath": b"\x01\x11\x51\x11\x57\x11\x51\x10\x08\x1a\x10\x51",
    "a number of many digits": b"\x01" + brine.dump((10**4000, (consts.HANDLE_CALL, TEXT))),
    "a number whose length lies": b"\x01\x11\x16\xff100\x11\x57\x11\x51\x10\x08\x0aa",
    "a text that is not UTF-8": b"\x01\x11\x51\x11\x57\x11\x51\x10\x08\x0a\xff",
    "a text for a call number": b"\x01" + brine.dump(("x", (consts.HANDLE_CALL, TEXT))),
    "nested tuples": b"\x01" + b"\x10" * 10_000,
    "a reply": b"\x02" + brine.dump((0, (VALUE, "text"))),
    "an exception": b"\x03" + brine.dump((0, (("builtins", "SystemExit"), (), (), ""))),
    "an unknown message": b"\x09" + brine.dump((0, (consts.HANDLE_CALL, TEXT))),
    "nothing": b"",
    "noise": bytes(range(256)),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_request_of_any_other_shape_ends_the_connection(data):
    left, right = socket.socketpair()
    seen: list[str] = []
    with left, right:
        end = AnsweringEnd(BoundedChannel(right), lambda text: seen.append(text) or text)
        peer = BoundedChannel(left)
        peer.send(data)
        with contextlib.suppress(EOFError):
            assert not end.serve(1), "the connection goes on"
        assert seen == []
        end.close()


REPLIES = {
    "an exit": b"\x03" + brine.dump((0, (("builtins", "SystemExit"), (3,), (), ""))),
    "stop iteration": b"\x03" + brine.dump((0, consts.EXC_STOP_ITERATION)),
    "a reference": b"\x02" + brine.dump((0, NETREF)),
    "a number": b"\x02" + brine.dump((0, (VALUE, 7))),
    "a request": request(consts.HANDLE_CALL, TEXT),
    "a ping": request(consts.HANDLE_PING, TEXT),
}


@pytest.mark.parametrize("data", REPLIES.values(), ids=REPLIES.keys())
def test_a_reply_of_any_other_shape_ends_the_connection_and_never_the_client(data):
    left, right = socket.socketpair()
    with left, right:
        caller = CallingEnd(BoundedChannel(left))
        BoundedChannel(right).send(data)
        with pytest.raises(BadFrame):
            caller.call("text", 1)
        caller.close()


def test_a_call_that_is_not_answered_gives_up_in_time():
    left, right = socket.socketpair()
    with left, right:
        caller = CallingEnd(BoundedChannel(left))
        with pytest.raises(TimeoutError):
            caller.call("text", 0.05)
        caller.close()


def test_half_an_answer_gives_up_in_time():
    left, right = socket.socketpair()
    with left, right:
        caller = CallingEnd(BoundedChannel(left))
        right.sendall(b"\0\0\1\0\0half")
        with pytest.raises(TimeoutError):
            caller.call("text", 0.05)
        caller.close()


def test_a_silent_client_is_given_up():
    left, right = socket.socketpair()
    with left, right:
        end = AnsweringEnd(BoundedChannel(right), str)
        assert not end.serve(0.05)
        end.close()


def test_an_end_knows_that_the_other_has_gone(served):
    caller, _ = served
    assert not caller.is_stale()
    caller._pipe._channel._stream.sock.shutdown(socket.SHUT_RDWR)
    assert caller.is_stale()
