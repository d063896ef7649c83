"""Both sides prove the key; whatever they disagree on, they part."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace

import pytest

from runtime.port import keys
from runtime.port.channel import BadFrame, BoundedChannel
from runtime.port.contract import CONTRACT, Code, Failure, Role
from runtime.port.handshake import Identity, greet, welcome

BANK = Identity("bank", "incarnation1")
ADDRESS = "tcp 127.0.0.1 port 18812"


class Meeting:
    """A node's side on a thread, a client's side in the test."""

    def __init__(self, node_keys, node=BANK, address=ADDRESS, fingerprint=None, admit=lambda key: True):
        ours, theirs = socket.socketpair()
        self.sockets = (ours, theirs)
        self.client, self.node = BoundedChannel(ours), BoundedChannel(theirs)
        self.outcome: object = None
        by_id = {key.id: key for key in node_keys}

        def run():
            try:
                self.outcome = welcome(
                    self.node, node, address=address, fingerprint=fingerprint, find=by_id.get, admit=admit
                )
            except (Failure, EOFError) as error:
                self.outcome = error
                theirs.close()

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def greet(self, key, address=ADDRESS, fingerprint=None, check=lambda found: None):
        return greet(self.client, key, address=address, fingerprint=fingerprint, check=check)

    def close(self):
        for sock in self.sockets:
            sock.close()
        self.thread.join(timeout=5)


@pytest.fixture
def meet():
    meetings = []

    def start(*args, **options):
        meetings.append(Meeting(*args, **options))
        return meetings[-1]

    yield start
    for meeting in meetings:
        meeting.close()


@pytest.fixture
def key(home):
    return keys.add("alice", Role.OPERATOR)


def refusal_of(meeting, key, **options):
    with pytest.raises(Failure) as refusal:
        meeting.greet(key, **options)
    meeting.sockets[0].shutdown(socket.SHUT_RDWR)
    meeting.thread.join(timeout=5)
    assert isinstance(meeting.outcome, (Failure, EOFError))
    return refusal.value


def test_who_hold_the_same_key_meet_and_speak_sealed(meet, key):
    meeting = meet([key])
    assert meeting.greet(key) == BANK
    meeting.thread.join(timeout=5)
    assert meeting.outcome == key
    meeting.client.send(b"sealed")
    assert meeting.node.recv() == b"sealed"
    meeting.sockets[1].sendall(b"\0\0\0\4\0open\n")
    with pytest.raises(BadFrame):
        meeting.client.recv()


def test_an_unknown_key_and_a_wrong_secret_get_the_same_answer(meet, key):
    wrong = refusal_of(meet([replace(key, secret=bytes(32))]), key)
    unknown = refusal_of(meet([]), key)
    assert (wrong.code, wrong.message) == (unknown.code, unknown.message)
    assert wrong.code is Code.DENIED
    assert "observer key add" in wrong.message


@pytest.mark.parametrize(
    "difference",
    [
        {"node": {"fingerprint": "aa"}, "client": {"fingerprint": "bb"}},
        {"node": {"fingerprint": "aa"}},
        {"client": {"fingerprint": "bb"}},
    ],
)
def test_different_certificates_are_no_meeting(meet, key, difference):
    failure = refusal_of(meet([key], **difference.get("node", {})), key, **difference.get("client", {}))
    assert failure.code is Code.DENIED


def test_a_role_that_differs_from_the_nodes_copy_is_no_meeting(meet, key):
    assert refusal_of(meet([key]), replace(key, role=Role.ADMIN)).code is Code.DENIED


def test_different_addresses_are_refused_with_the_way_to_tunnel(meet, key):
    failure = refusal_of(meet([key]), key, address="tcp 127.0.0.1 port 18813")
    assert failure.code is Code.CANNOT_CONNECT
    assert "ssh -L PORT:localhost:PORT" in failure.message
    assert "18812" in failure.message
    assert "18813" in failure.message


def test_a_client_can_insist_on_one_node(meet, key):
    def check(found):
        raise Failure(Code.CANNOT_CONNECT, f"not {found.name}")

    assert refusal_of(meet([key]), key, check=check).message == "not bank"


def test_a_node_without_room_says_so_only_to_who_has_proven_a_key(meet, key):
    full = {"admit": lambda key: False}
    assert "no room" in refusal_of(meet([key], **full), key).message
    assert refusal_of(meet([], **full), key).code is Code.DENIED


def test_an_older_client_is_told_that_versions_differ(meet):
    meeting = meet([])
    meeting.client.send(json.dumps({"contract": CONTRACT - 1, "something": "else"}).encode())
    answer = json.loads(meeting.client.recv())
    assert answer["refused"] == "version"
    assert f"the node '{CONTRACT}'" in answer["message"]


@pytest.mark.parametrize(
    "hello",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"[" * 4000,
        b'{"contract": 1}',
        b'{"contract": 1, "key": 7, "address": "a", "nonce": "b"}',
        json.dumps({"contract": 1, "key": "k", "address": ADDRESS, "nonce": "zz"}).encode(),
        json.dumps({"contract": 1, "key": "k" * 65, "address": ADDRESS, "nonce": "0" * 64}).encode(),
    ],
)
def test_a_hello_that_is_none_gets_one_refusal(meet, hello):
    meeting = meet([])
    meeting.client.send(hello)
    assert json.loads(meeting.client.recv()) == {
        "refused": "bad_request",
        "message": "this is the port of an Observer node",
    }
    with pytest.raises(EOFError):
        meeting.client.recv()


def test_a_proof_of_the_wrong_direction_is_refused(meet, key):
    """What the node would send as its own proof does not pass for the client's, nor the other way round."""
    meeting = meet([key])
    hello = {"contract": CONTRACT, "key": key.id, "address": ADDRESS, "nonce": "00" * 32}
    meeting.client.send(json.dumps(hello).encode())
    challenge = json.loads(meeting.client.recv())
    from runtime.port.handshake import _mac, _transcript

    transcript = _transcript(
        key.id, key.role, BANK, ADDRESS, None, client_nonce=hello["nonce"], node_nonce=challenge["nonce"]
    )
    meeting.client.send(json.dumps({"proof": _mac(key.secret, "node proof", transcript).hex()}).encode())
    assert json.loads(meeting.client.recv())["refused"] == "denied"


class Squatter:
    """Something that pretends to be a node, without its key."""

    def __init__(self, *answers):
        ours, theirs = socket.socketpair()
        self.sockets = (ours, theirs)
        self.client = BoundedChannel(ours)
        squatter = BoundedChannel(theirs)

        def run():
            for answer in answers:
                squatter.send(answer(squatter.recv()))

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def greeted_with(self, key):
        with self.sockets[0], self.sockets[1]:
            with pytest.raises(Failure) as refusal:
                greet(self.client, key, address=ADDRESS, fingerprint=None, check=lambda found: None)
            self.thread.join(timeout=5)
        return refusal.value


def challenge(_hello):
    document = {"contract": CONTRACT, "name": "bank", "incarnation": "i", "nonce": "00" * 32}
    return json.dumps(document).encode()


def test_a_squatter_cannot_prove_the_key(key):
    failure = Squatter(challenge, lambda proof: json.dumps({"proof": "00" * 32}).encode()).greeted_with(key)
    assert failure.code is Code.DENIED
    assert "not your node" in failure.message


def test_a_squatter_cannot_return_the_clients_own_proof(key):
    failure = Squatter(challenge, lambda proof: proof).greeted_with(key)
    assert failure.code is Code.DENIED


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request", b"[]", b'{"contract": 1, "name": 7}', b'{"refused": 1}']
)
def test_what_is_no_node_is_recognised(key, answer):
    failure = Squatter(lambda hello: answer).greeted_with(key)
    assert (failure.code, failure.message) == (Code.CANNOT_CONNECT, "what answers is no Observer node")


def test_a_newer_node_is_told_from_this_version(key):
    failure = Squatter(lambda hello: json.dumps({"contract": CONTRACT + 1}).encode()).greeted_with(key)
    assert failure.code is Code.VERSION
    assert "install the same version" in failure.message


def test_the_words_of_somebody_unproven_are_cut_and_made_printable(key):
    words = "\x1b[31mred\n" + "x" * 1000
    failure = Squatter(
        lambda hello: json.dumps({"refused": "denied", "message": words}).encode()
    ).greeted_with(key)
    assert failure.message.startswith("?[31mred?x")
    assert len(failure.message) == 500


def test_a_code_that_nobody_knows_is_a_failure_to_connect(key):
    failure = Squatter(lambda hello: b'{"refused": "internal", "message": "m"}').greeted_with(key)
    assert failure.code is Code.CANNOT_CONNECT
