"""TLS for a port that other machines can reach.

The node shows a certificate; the client checks it against a CA (`ca`) or a pinned SHA-256 `fingerprint`. Both put
the certificate's fingerprint into the handshake's transcript, so the proof of the key holds for this TLS connection
and no other. Who the client is, is proven by its key, never by a certificate.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from runtime.port.contract import Code, Failure
from runtime.port.errors import PortError

__all__ = ["TLS", "client_context", "fingerprint_of", "server_context", "shown_fingerprint"]


@dataclass(frozen=True)
class TLS:
    """A node's certificate, in PEM form, leaf first.

    Attributes:
        certfile: the certificate, with its chain.
        keyfile: its private key, without a passphrase. Optional. Defaults to the one in `certfile`.
    """

    certfile: str | Path
    keyfile: str | Path | None = None


def server_context(tls: TLS) -> ssl.SSLContext:
    """The node's side.

    Raises:
        PortError: the files cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(tls.certfile, tls.keyfile, password=_refuse_passphrase)
    except (OSError, ValueError) as error:
        raise PortError(
            f"TLS: cannot use certificate {str(tls.certfile)!r} with key {str(tls.keyfile or tls.certfile)!r}: {error}; "
            "give PEM files that belong together, the key without a passphrase"
        ) from None
    return context


def fingerprint_of(tls: TLS) -> str:
    """SHA-256 of the node's own certificate, in hex: what a client pins.

    Raises:
        PortError: there is no certificate in the file.
    """
    found = re.search(
        r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----",
        Path(tls.certfile).read_text(encoding="ascii", errors="replace"),
        re.DOTALL,
    )
    if found is None:
        raise PortError(f"TLS: {str(tls.certfile)!r} holds no PEM certificate")
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(found[0])).hexdigest()


def client_context(ca: str | None) -> ssl.SSLContext:
    """The client's side: checks certificate and host name against `ca`; without one, checks nothing by itself.

    Raises:
        Failure: `BAD_REQUEST`, where the CA file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is None:
        context.check_hostname = False
        context.verify_mode = (
            ssl.CERT_NONE
        )  # a pinned fingerprint is compared instead: see `shown_fingerprint`
        return context
    try:
        context.load_verify_locations(ca)
    except OSError as error:
        raise Failure(
            Code.BAD_REQUEST, f"cannot use {ca!r} as CA: {error}; give a file of PEM certificates"
        ) from None
    return context


def shown_fingerprint(sock: ssl.SSLSocket, pinned: str | None) -> str:
    """SHA-256 of the certificate that the node has shown.

    Raises:
        Failure: `DENIED`, where another one was pinned.
    """
    shown = hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()
    if pinned is not None and not hmac.compare_digest(shown, normalized(pinned)):
        raise Failure(
            Code.DENIED,
            f"the node shows a certificate with fingerprint {shown}, not the pinned {normalized(pinned)}: "
            "it is another node, or its certificate was renewed",
        )
    return shown


def normalized(fingerprint: str) -> str:
    """A fingerprint as 64 hex digits; `AA:BB:…`, as openssl prints it, is accepted.

    Raises:
        Failure: `BAD_REQUEST`, where it is none.
    """
    digits = fingerprint.lower().removeprefix("sha256:").replace(":", "").strip()
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise Failure(
            Code.BAD_REQUEST,
            f"{fingerprint[:100]!r} is no SHA-256 fingerprint: 64 hex digits, as "
            "`openssl x509 -noout -fingerprint -sha256 -in node.crt` prints them",
        )
    return digits


def secured(sock: socket.socket, context: ssl.SSLContext, host: str | None = None) -> ssl.SSLSocket:
    """`sock` under TLS; the handshake has yet to be done. The client gives the `host` that it dialled."""
    return context.wrap_socket(
        sock, server_side=host is None, server_hostname=host, do_handshake_on_connect=False
    )


def _refuse_passphrase() -> str:
    raise ValueError("the private key has a passphrase")
