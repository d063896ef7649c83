"""Certificates: the node's, and how a client knows it."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl

import pytest
import trustme

from runtime.port.client import Client
from runtime.port.contract import Code, Failure, Ps
from runtime.port.errors import PortError
from runtime.port.places import Place
from runtime.port.tls import TLS, fingerprint_of, normalized, server_context
from tests.support.eventually import eventually_sync


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def certificate(authority, tmp_path):
    """A certificate for 127.0.0.1, and the CA's file."""
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "node.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return TLS(str(tmp_path / "node.pem")), str(tmp_path / "ca.pem")


@pytest.fixture
def secure_port(open_port, certificate):
    """A port under TLS, and the place where it is reached over TCP."""
    port = open_port(host="127.0.0.1", port=0, tls=certificate[0])
    return port, Place(host="127.0.0.1", port=port.address[1])


def failure_of(place, **options):
    with pytest.raises(Failure) as refusal, Client(place, **options):
        pass
    return refusal.value


def test_a_client_that_trusts_the_ca_is_served_over_one_connection(secure_port, certificate):
    port, place = secure_port
    with Client(place, ca=certificate[1]) as client:
        for _ in range(3):
            assert client.ask(Ps(limit=100)).total == 1
            assert client.ping() < 5
        assert len({who.peer for _, who in port.handler.asked}) == 1


def test_an_answer_of_many_records_arrives(secure_port, certificate):
    with Client(secure_port[1], ca=certificate[1]) as client:
        assert len(client.ask(Ps(filter="huge", limit=300)).rows) == 300


def test_a_client_that_pins_the_fingerprint_is_served(secure_port, certificate):
    port, place = secure_port
    colons = ":".join(port.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()
    for text in (port.fingerprint, colons, f"SHA256:{port.fingerprint}"):
        with Client(place, fingerprint=text) as client:
            assert client.ask(Ps()).total == 1
    with Client(place, fingerprint=port.fingerprint, ca=certificate[1]) as client:
        assert client.ask(Ps()).total == 1


def test_another_fingerprint_is_refused(secure_port):
    failure = failure_of(secure_port[1], fingerprint="0" * 64)
    assert failure.code is Code.DENIED
    assert secure_port[0].fingerprint in failure.message


def test_another_ca_is_refused(secure_port, tmp_path):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    failure = failure_of(secure_port[1], ca=str(tmp_path / "other.pem"))
    assert failure.code is Code.DENIED
    assert "certificate that is not accepted" in failure.message


def test_a_certificate_for_another_host_is_refused(open_port, authority, certificate, tmp_path):
    authority.issue_cert("elsewhere.example").private_key_and_cert_chain_pem.write_to_path(
        str(tmp_path / "other.pem")
    )
    port = open_port(port=0, tls=TLS(str(tmp_path / "other.pem")))
    failure = failure_of(Place(host="127.0.0.1", port=port.address[1]), ca=certificate[1])
    assert failure.code is Code.DENIED


def test_a_client_without_tls_is_told_that_the_node_may_have_it(secure_port):
    failure = failure_of(secure_port[1])
    assert failure.code is Code.CANNOT_CONNECT
    assert "CA or fingerprint" in failure.message


def test_a_client_with_tls_is_told_that_the_node_may_have_none(port):
    failure = failure_of(Place(host="127.0.0.1", port=port.address[1]), fingerprint="0" * 64)
    assert failure.code is Code.CANNOT_CONNECT
    assert "without TLS" in failure.message


def test_who_never_begins_tls_is_put_out_in_time(secure_port, monkeypatch):
    monkeypatch.setattr("runtime.port.session.HANDSHAKE_S", 0.2)
    port, _ = secure_port
    with socket.create_connection(port.address) as silent, socket.create_connection(port.address) as noisy:
        noisy.sendall(b"GET / HTTP/1.1\r\n\r\n")
        for sock in (silent, noisy):
            sock.settimeout(3)
            with contextlib.suppress(ConnectionResetError):
                while sock.recv(4096):
                    pass
    eventually_sync(lambda: port.denied == 2)
    eventually_sync(lambda: port.connections == 0)


def test_the_announced_fingerprint_is_that_of_the_leaf(secure_port, certificate):
    shown = ssl.get_server_certificate(secure_port[0].address)
    assert secure_port[0].place.fingerprint == hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()


def test_a_certificate_that_cannot_be_used_is_named(tmp_path, authority):
    with pytest.raises(PortError, match=r"nowhere\.pem.*give PEM files"):
        server_context(TLS(tmp_path / "nowhere.pem"))
    (tmp_path / "junk.pem").write_text("junk")
    with pytest.raises(PortError, match=r"junk\.pem"):
        server_context(TLS(tmp_path / "junk.pem"))
    with pytest.raises(PortError, match="holds no PEM certificate"):
        fingerprint_of(TLS(tmp_path / "junk.pem"))


def test_a_key_with_a_passphrase_is_refused_and_nobody_is_asked_for_it(tmp_path, authority):
    from cryptography.hazmat.primitives import serialization

    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "node.crt"))
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    (tmp_path / "node.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    with pytest.raises(PortError, match="passphrase"):
        server_context(TLS(tmp_path / "node.crt", tmp_path / "node.key"))


def test_a_ca_file_that_cannot_be_used_is_named(secure_port):
    failure = failure_of(secure_port[1], ca="/nowhere/ca.pem")
    assert failure.code is Code.BAD_REQUEST
    assert "/nowhere/ca.pem" in failure.message


@pytest.mark.parametrize("text", ["", "abc", "0" * 63, "g" * 64])
def test_a_fingerprint_that_is_none_says_how_to_get_one(text):
    with pytest.raises(Failure, match="openssl x509"):
        normalized(text)
