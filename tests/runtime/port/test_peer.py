"""Who the kernel says is at the other end, and the form in which two ends agree on an address."""

from __future__ import annotations

import os
import socket

import pytest

from runtime.port import peer


@pytest.fixture
def unix_pair():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        yield ours


def test_the_peer_of_a_unix_socket_is_known_by_its_user(unix_pair):
    assert peer.is_unix(unix_pair)
    assert peer.is_same_user(unix_pair)
    assert f"uid {os.getuid()}" in peer.describe(unix_pair)


def test_another_user_is_told_from_this_one(unix_pair, monkeypatch):
    monkeypatch.setattr(peer, "_peer_uid", lambda sock: os.geteuid() + 1)
    assert not peer.is_same_user(unix_pair)


def test_root_is_let_in_as_it_could_read_the_key_anyway(unix_pair, monkeypatch):
    monkeypatch.setattr(peer, "_peer_uid", lambda sock: 0)
    assert peer.is_same_user(unix_pair)


def test_a_system_that_cannot_say_relies_on_the_directory(unix_pair, monkeypatch):
    monkeypatch.setattr(peer, "_peer_uid", lambda sock: None)
    assert peer.is_same_user(unix_pair)


def test_a_tcp_peer_is_described_by_its_address():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert not peer.is_unix(client)
        assert peer.describe(client) == f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "::1%lo"])
def test_the_names_of_this_machine_count_as_one(host):
    assert peer.address_claim((host, 18812), tls=False) == "tcp 127.0.0.1 port 18812"


def test_other_ports_and_other_hosts_are_other_addresses():
    claims = {
        peer.address_claim(address, tls=False)
        for address in (
            ("127.0.0.1", 1),
            ("127.0.0.1", 2),
            ("127.0.0.2", 1),
            ("::2", 1, 0, 0),
            "/run/a.sock",
            "/run/b.sock",
        )
    }
    assert len(claims) == 6


def test_with_tls_the_certificate_stands_for_the_host_but_the_port_must_agree():
    assert peer.address_claim(("10.0.0.1", 1), tls=True) == peer.address_claim(("192.168.0.1", 1), tls=True)
    assert peer.address_claim(("10.0.0.1", 1), tls=True) != peer.address_claim(("10.0.0.1", 2), tls=True)
    assert peer.address_claim(("127.0.0.1", 1), tls=True) != peer.address_claim(("127.0.0.1", 1), tls=False)


def test_a_socket_is_the_same_under_two_paths_to_its_directory():
    assert peer.address_claim("/home/me/.observer/run/a.sock", tls=False) == peer.address_claim(
        "/mnt/run/a.sock", tls=False
    )


def test_shutting_a_socket_ends_its_reader_and_may_be_repeated(unix_pair):
    peer.shut(unix_pair)
    assert unix_pair.recv(1) == b""
    peer.shut(unix_pair)
    unix_pair.close()
    peer.shut(unix_pair)


def test_a_peer_that_has_gone_is_noticed_without_reading():
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours:
        assert not peer.has_gone(ours)
        theirs.send(b"a request")
        assert not peer.has_gone(ours)
        theirs.close()
        assert peer.has_gone(ours)
        assert ours.recv(100) == b"a request"
    assert peer.has_gone(ours)


def test_where_the_system_tells_no_half_closed_sockets_the_end_is_peeked_at(monkeypatch):
    monkeypatch.setattr(peer, "_PARTED", 0)
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours:
        assert not peer.has_gone(ours)
        theirs.close()
        assert peer.has_gone(ours)
