"""A node that shows a certificate, and the command line that wants to know whose."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from runtime import TLS, ChildSpec, Node, Reply, Server
from runtime.port.errors import PortError
from runtime.port.tls import fingerprint_of

ROOT = Path(__file__).parents[2]


class Echo(Server):
    def init(self):
        return 0

    def handle_call(self, message, caller, state):
        return Reply(message, state)


@pytest.fixture
def home(tmp_path_factory, monkeypatch):
    path = tmp_path_factory.mktemp("h")
    monkeypatch.setenv("OBSERVER_HOME", str(path))
    return path


@pytest.fixture
def authority(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "node.pem"))
    return tmp_path


async def observer(*arguments):
    """Exit code, output and complaints of one command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_a_pinned_fingerprint_or_a_ca_opens_the_port_and_nothing_else_does(home, authority):
    tls = TLS(authority / "node.pem")
    async with Node("vault", port=0, tls=tls) as node:
        await node.start(ChildSpec("echo", Echo))
        where = f"127.0.0.1:{node.address[1]}"
        code, out, err = await observer("ps", "--node", where, "--fingerprint", fingerprint_of(tls))
        assert (code, "echo" in out) == (0, True), err
        code, out, err = await observer("ps", "--node", where, "--ca", str(authority / "ca.pem"))
        assert (code, "echo" in out) == (0, True), err
        code, out, err = await observer("ps", "--node", where, "--fingerprint", "00" * 32)
        assert (code, out) in {(3, ""), (4, "")}, err
        code, out, err = await observer("ps", "--node", where, "--ca", str(_stranger(authority)))
        assert (code, out) in {(3, ""), (4, "")}, err


def _stranger(folder: Path) -> Path:
    path = folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


async def test_beyond_loopback_a_node_refuses_to_start_without_tls(home):
    with pytest.raises(PortError, match="TLS"):
        async with Node("open", host="0.0.0.0", port=0):
            pass
