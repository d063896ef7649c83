"""Frames: their limits of size and time, and the seal."""

from __future__ import annotations

import socket
import struct
import threading
import time
import zlib

import pytest

from runtime.port import channel as channel_module
from runtime.port.channel import BadFrame, BoundedChannel


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    with left, right:
        yield BoundedChannel(left), BoundedChannel(right)


@pytest.fixture
def raw():
    """A channel, and the plain socket at its other end."""
    left, right = socket.socketpair()
    with left, right:
        yield BoundedChannel(left), right


def test_what_is_sent_arrives(pair):
    left, right = pair
    left.send(b"one")
    left.send(b"")
    assert (right.recv(), right.recv()) == (b"one", b"")


def test_a_frame_larger_than_a_chunk_arrives_whole(pair):
    left, right = pair
    right.limit = 1 << 20
    body = bytes(range(256)) * 4000
    sender = threading.Thread(target=left.send, args=(body,))
    sender.start()
    assert right.recv() == body
    sender.join()


def test_a_frame_over_the_limit_is_refused_from_its_header(raw):
    channel, peer = raw
    peer.sendall(struct.pack("!LB", 0xFFFFFFFF, 0))
    with pytest.raises(BadFrame, match="a frame of 4294967295 bytes; at most 4096"):
        channel.recv()


def test_a_compressed_frame_is_refused_before_anything_is_inflated(raw):
    channel, peer = raw
    bomb = zlib.compress(b"\0" * 3_000_000, 9)
    peer.sendall(struct.pack("!LB", len(bomb), 1) + bomb + b"\n")
    with pytest.raises(BadFrame, match="compressed"):
        channel.recv()


def test_large_frames_are_not_compressed_on_their_way_out(raw):
    channel, peer = raw
    channel.send(b"a" * 4000)
    assert peer.recv(8192).count(b"a") == 4000


def test_half_a_frame_holds_nobody_for_long(raw, monkeypatch):
    monkeypatch.setattr(channel_module, "FRAME_S", 0.1)
    channel, peer = raw
    peer.sendall(struct.pack("!LB", 100, 0) + b"half")
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.recv()
    assert 0.1 <= time.monotonic() - start < 1


def test_a_drip_of_bytes_does_not_extend_the_time(raw, monkeypatch):
    monkeypatch.setattr(channel_module, "FRAME_S", 0.3)
    channel, peer = raw
    stop = threading.Event()

    def drip():
        peer.sendall(struct.pack("!LB", 100, 0))
        while not stop.wait(0.02):
            peer.send(b"x")

    dripper = threading.Thread(target=drip)
    dripper.start()
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        channel.recv()
    assert time.monotonic() - start < 1
    stop.set()
    dripper.join()


def test_a_deadline_covers_several_frames(pair):
    left, right = pair
    right.deadline = time.monotonic() + 0.2
    left.send(b"one")
    assert right.recv() == b"one"
    with pytest.raises(TimeoutError):
        right.recv()
    with pytest.raises(TimeoutError):
        right.send(b"too late")


def test_a_peer_that_does_not_read_holds_nobody_for_long(raw, monkeypatch):
    monkeypatch.setattr(channel_module, "FRAME_S", 0.1)
    channel, _ = raw
    with pytest.raises(TimeoutError):
        channel.send(b"x" * (8 << 20))


def test_a_peer_that_reads_by_the_byte_is_given_up_after_a_while(raw, monkeypatch):
    monkeypatch.setattr(channel_module, "SEND_S", 0.3)
    channel, peer = raw
    stop = threading.Event()

    def sip():
        while not stop.wait(0.01):
            peer.recv(10)

    sipper = threading.Thread(target=sip)
    sipper.start()
    with pytest.raises(TimeoutError):
        channel.send(b"x" * (8 << 20))
    stop.set()
    sipper.join()


def test_a_peer_that_has_gone_is_the_end(raw):
    channel, peer = raw
    peer.close()
    with pytest.raises(EOFError):
        channel.recv()


# --- the seal -------------------------------------------------------------------------------------


@pytest.fixture
def sealed(pair):
    left, right = pair
    left.seal(b"a" * 32, b"b" * 32)
    right.seal(b"b" * 32, b"a" * 32)
    return left, right


def test_sealed_channels_understand_each_other_both_ways(sealed):
    left, right = sealed
    for number in range(3):
        left.send(b"question %d" % number)
        assert right.recv() == b"question %d" % number
        right.send(b"answer")
        assert left.recv() == b"answer"


def captured(key_out, *bodies):
    """The frames that a sealed channel would send."""
    left, right = socket.socketpair()
    with left, right:
        sender = BoundedChannel(left)
        sender.seal(key_out, b"")
        frames = []
        for body in bodies:
            sender.send(body)
            frames.append(right.recv(8192))
    return frames


@pytest.mark.parametrize(
    "tamper",
    [
        lambda one, two: one[:-2] + b"X\n",
        lambda one, two: one[:5] + bytes(32) + one[37:],
        lambda one, two: two,
        lambda one, two: struct.pack("!LB", 3, 0) + b"hey\n",
    ],
    ids=["changed", "untagged", "dropped", "short"],
)
def test_a_frame_that_was_tampered_with_is_refused(raw, tamper):
    channel, peer = raw
    channel.seal(b"", b"k" * 32)
    peer.sendall(tamper(*captured(b"k" * 32, b"one", b"two")))
    with pytest.raises(BadFrame, match="changed on its way"):
        channel.recv()


def test_a_frame_is_accepted_only_once(raw):
    channel, peer = raw
    channel.seal(b"", b"k" * 32)
    one, _ = captured(b"k" * 32, b"one", b"two")
    peer.sendall(one + one)
    assert channel.recv() == b"one"
    with pytest.raises(BadFrame):
        channel.recv()
