"""Client and node prove to each other that they hold the same key, before anything else is said.

    client                                                       node
    ------                                                       ----
    hello: contract, key id, address dialled, nonce     --->
                                                        <---     challenge: contract, name, incarnation, nonce
    proof: HMAC(secret, "client" + transcript)          --->
                                                        <---     proof: HMAC(secret, "node" + transcript)

At any step the node may answer {"refused": CODE, "message": TEXT} instead, and close. The transcript is all
that both should agree on, each taken from the side's own knowledge: contract, key id, role, node name,
incarnation, address, both nonces, and the fingerprint of the TLS certificate where there is one. So:

- a process that squats a node's port cannot pass the bytes on to a node at another port: the addresses differ;
- one that passes them on to the same port of another machine, or sits in a tunnel, cannot change what follows:
  each frame is sealed with keys drawn from secret and transcript (see `channel`);
- nobody learns from the answer, or from its time, whether a key id exists.

`ssh -L 18812:localhost:18812 HOST` works, since both ends carry the same port number; a tunnel between two
different numbers is refused, because it looks like the first case.

Everything here happens within the deadline of the channel. Who may ask what is not decided here.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runtime.port.channel import BoundedChannel
from runtime.port.contract import CONTRACT, Code, Failure
from runtime.port.keys import SECRET_BYTES, Key, others

__all__ = ["HANDSHAKE_S", "Identity", "greet", "refuse", "welcome"]

HANDSHAKE_S = 3.0
"""Seconds in which a client has to be through, TLS included."""
NONCE_BYTES = 32

_NOBODY = os.urandom(SECRET_BYTES)
"""Checked against where there is no such key, so that a wrong key id costs what a wrong secret costs."""


@dataclass(frozen=True)
class Identity:
    """Which node it is."""

    name: str
    incarnation: str


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class _Hello(_Message):
    key: str = Field(max_length=64)
    address: str = Field(max_length=300)
    nonce: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Challenge(_Message):
    name: str = Field(max_length=64)
    incarnation: str = Field(max_length=64)
    nonce: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Proof(_Message):
    proof: str = Field(pattern=r"^[0-9a-f]{64}$")


class _Refusal(_Message):
    refused: str
    message: str


M = TypeVar("M", bound=_Message)


def welcome(
    channel: BoundedChannel,
    node: Identity,
    *,
    address: str,
    fingerprint: str | None,
    find: Callable[[str], Key | None],
    admit: Callable[[Key], bool],
) -> Key:
    """The node's side: the key that the peer has proven to hold. The channel is sealed afterwards.

    Args:
        channel: to somebody unknown, with its deadline set.
        node: who this node is.
        address: where it was reached, as `peer.address_claim` puts it.
        fingerprint: of the certificate that it has shown, or None without TLS.
        find: looks a key up by its id.
        admit: asked with the key when its proof is good; False where there is no room for another connection.

    Raises:
        Failure: the peer was refused, and has been told why.
        EOFError: the peer has gone. TimeoutError: it was too slow.
    """
    document = _receive(channel)
    if document.get("contract", CONTRACT) != CONTRACT:
        raise refuse(channel, Code.VERSION, _versions(client=document.get("contract"), node=CONTRACT))
    hello = _read(_Hello, document, channel)
    if hello.address != address:
        raise refuse(channel, Code.CANNOT_CONNECT, _addresses(dialled=hello.address, node=address))
    nonce = os.urandom(NONCE_BYTES).hex()
    _send(channel, contract=CONTRACT, name=node.name, incarnation=node.incarnation, nonce=nonce)
    proof = _read(_Proof, _receive(channel), channel)
    key = find(hello.key)
    transcript = _transcript(
        hello.key,
        key.role if key else "",
        node,
        address,
        fingerprint,
        client_nonce=hello.nonce,
        node_nonce=nonce,
    )
    secret = key.secret if key else _NOBODY
    if not hmac.compare_digest(proof.proof, _mac(secret, "client proof", transcript).hex()) or key is None:
        raise refuse(
            channel,
            Code.DENIED,
            f"node {node.name!r} does not accept this key: it was revoked or replaced, or was made for another node. "
            f"On the node's machine: observer key add NAME --role ROLE, and copy keys/NAME from there",
        )
    if not admit(key):
        raise refuse(
            channel, Code.CANNOT_CONNECT, f"node {node.name!r} has no room for another connection; close one"
        )
    _send(channel, proof=_mac(secret, "node proof", transcript).hex())
    channel.seal(_mac(secret, "node frames", transcript), _mac(secret, "client frames", transcript))
    return key


def greet(
    channel: BoundedChannel,
    key: Key,
    *,
    address: str,
    fingerprint: str | None,
    check: Callable[[Identity], None],
) -> Identity:
    """The client's side: the node that has proven to hold `key`. The channel is sealed afterwards.

    Args:
        channel: to what should be a node, with its deadline set.
        key: the key to prove.
        address: what was dialled, as `peer.address_claim` puts it.
        fingerprint: of the certificate that the peer has shown, or None without TLS.
        check: raises where this is not the node that was meant.

    Raises:
        Failure: `VERSION`, `DENIED`, or `CANNOT_CONNECT` where the peer is no Observer node or has no room.
        EOFError: the peer has gone. TimeoutError: it was too slow.
    """
    nonce = os.urandom(NONCE_BYTES).hex()
    _send(channel, contract=CONTRACT, key=key.id, address=address, nonce=nonce)
    document = _receive(channel)
    _raise_refusal(document)
    if document.get("contract", CONTRACT) != CONTRACT:
        raise Failure(Code.VERSION, _versions(client=CONTRACT, node=document.get("contract")))
    challenge = _read(_Challenge, document)
    node = Identity(challenge.name, challenge.incarnation)
    check(node)
    transcript = _transcript(
        key.id, key.role, node, address, fingerprint, client_nonce=nonce, node_nonce=challenge.nonce
    )
    _send(channel, proof=_mac(key.secret, "client proof", transcript).hex())
    document = _receive(channel)
    _raise_refusal(document, key)
    proof = _read(_Proof, document)
    if not hmac.compare_digest(proof.proof, _mac(key.secret, "node proof", transcript).hex()):
        raise Failure(
            Code.DENIED,
            f"what answers could not prove that it holds the key {key.name!r}: it is not your node. "
            "Another process may be listening at its address",
        )
    channel.seal(_mac(key.secret, "client frames", transcript), _mac(key.secret, "node frames", transcript))
    return node


def refuse(channel: BoundedChannel, code: Code, message: str) -> Failure:
    """Tell the peer why it cannot go on, as far as it listens; the failure to raise."""
    with contextlib.suppress(EOFError, OSError):  # it may have gone: then there is nobody to tell
        _send(channel, refused=code.value, message=message)
    return Failure(code, message)


def _transcript(
    key_id: str,
    role: str,
    node: Identity,
    address: str,
    fingerprint: str | None,
    *,
    client_nonce: str,
    node_nonce: str,
) -> bytes:
    """What both sides have to agree on. A JSON array, so that no two lists of facts give the same bytes."""
    facts = (
        CONTRACT,
        key_id,
        role,
        node.name,
        node.incarnation,
        address,
        fingerprint,
        client_nonce,
        node_nonce,
    )
    return hashlib.sha256(json.dumps(facts).encode()).digest()


def _mac(secret: bytes, purpose: str, transcript: bytes) -> bytes:
    return hmac.digest(secret, purpose.encode() + b"\0" + transcript, "sha256")


def _send(channel: BoundedChannel, **fields: object) -> None:
    channel.send(json.dumps(fields).encode())


def _receive(channel: BoundedChannel) -> dict[str, object]:
    """The next document; an empty one if it is none, which no model accepts."""
    try:
        document: object = json.loads(channel.recv())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON


def _read(model: type[M], document: dict[str, object], channel: BoundedChannel | None = None) -> M:
    """The message in `document`; a client that sent something else is told so, where `channel` leads to one."""
    try:
        return model.model_validate(document)
    except ValidationError:
        if channel is not None:
            raise refuse(channel, Code.BAD_REQUEST, "this is the port of an Observer node") from None
        raise Failure(Code.CANNOT_CONNECT, "what answers is no Observer node") from None


def _raise_refusal(document: dict[str, object], key: Key | None = None) -> None:
    """Raise what the peer refused with, and say which key it was where it was the key.

    The peer has proven nothing yet, so its words are cut and made printable.
    """
    if "refused" not in document:
        return
    refusal = _read(_Refusal, document)
    known = {Code.DENIED.value: Code.DENIED, Code.VERSION.value: Code.VERSION}
    text = "".join(letter if letter.isprintable() else "?" for letter in refusal.message[:500])
    code = known.get(refusal.refused, Code.CANNOT_CONNECT)
    raise Failure(code, f"{text}. {_used(key)}" if key and code is Code.DENIED else text)


def _used(key: Key) -> str:
    """Which key was refused, and which others there are to try."""
    names = others(key)
    if not names:
        return f"The key used was {key.name!r}, the only one in {key.path.parent}"
    return f"The key used was {key.name!r}; others in {key.path.parent}: {', '.join(names)} (--key NAME)"


def _versions(*, client: object, node: object) -> str:
    return (
        f"this client speaks version {str(client)[:20]!r} of the port's contract, the node {str(node)[:20]!r}; "
        "install the same version of otp-observer at both ends"
    )


def _addresses(*, dialled: str, node: str) -> str:
    return (
        f"you dialled {dialled!r}, but this node was reached at {node!r}: something passes your connection on. "
        "If it is your own tunnel, give it the same port number at both ends: ssh -L PORT:localhost:PORT HOST"
    )
