"""Opening sockets: what is refused, and what the error says."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from runtime.port import listen
from runtime.port.errors import PortError
from runtime.port.listen import tcp_listener, unix_listener


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_open_to_others_needs_tls_and_the_error_shows_the_tunnel(host):
    with pytest.raises(PortError, match=r"(?s)no TLS.*ssh -L 18812:localhost:18812 .*tls=TLS\("):
        tcp_listener(host, 18812, tls=False)


def test_with_tls_any_address_will_do():
    with tcp_listener("0.0.0.0", 0, tls=True) as listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_loopback_needs_none(host):
    with tcp_listener(host, 0, tls=False) as listener:
        assert listener.family == socket.AF_INET


def test_a_port_in_use_says_so_and_what_to_do():
    with tcp_listener("127.0.0.1", 0, tls=False) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortError, match=f"port {port} of 127.0.0.1 is in use.*port=0"):
            tcp_listener("127.0.0.1", port, tls=False)


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_a_port_that_is_none_is_named(port):
    with pytest.raises(PortError, match=f"port={port} is no port: 1 to 65535"):
        tcp_listener("127.0.0.1", port, tls=False)


@pytest.mark.parametrize("host", ["", "nowhere.invalid", "a" * 300, "exa mple"])
def test_a_host_that_is_none_is_named(host):
    with pytest.raises(PortError, match="is no address of this machine"):
        tcp_listener(host, 0, tls=False)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(
        PortError, match=r"192\.0\.2\.1.*is no address of this machine; 127\.0\.0\.1 always is"
    ):
        tcp_listener("192.0.2.1", 0, tls=True)


def test_other_failures_are_passed_on_in_words():
    assert "rights that this process lacks" in listen._cannot_listen(
        "h", 80, PermissionError(13, "Permission denied")
    )
    assert "cannot listen at port 80 of h: Strange" in listen._cannot_listen(
        "h", 80, OSError(99999, "Strange")
    )


def test_a_unix_socket_is_for_this_user_alone(tmp_path):
    path = Path(str(tmp_path / "s"))
    with unix_listener(str(path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_unix_socket_that_cannot_be_bound_names_its_path(tmp_path):
    with pytest.raises(PortError, match=f"cannot open the socket {tmp_path}/nowhere/s: No such file"):
        unix_listener(f"{tmp_path}/nowhere/s")
