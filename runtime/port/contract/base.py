"""What every document of the port is made of: roles, refusals, and the two kinds of model."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

__all__ = ["CONTRACT", "DEFAULT_LIMIT", "Code", "Failure", "Model", "PortRequest", "Role", "Status"]

CONTRACT = 1
"""The contract's version. A client and a node whose versions differ part at the handshake (exit code 6)."""

DEFAULT_LIMIT = 100
"""Rows that `ps` answers unless told otherwise."""

Status = Literal[
    "running", "ready", "waiting", "awaiting", "parked", "suspended", "restarting", "ended", "zombie"
]  # fmt: skip
"""`zombie`: it has ended, and its code does not."""


class Role(StrEnum):
    """What a key may do. Each role includes those before it."""

    VIEWER = "viewer"
    """Lists, tree, counts; history without values."""
    OPERATOR = "operator"
    """And state, mailbox, stack, events, kill, suspend, resume, send."""
    ADMIN = "admin"
    """And whatever executes code."""

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Code(StrEnum):
    """Why a request failed."""

    NO_PROCESS = "no_such_process"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    CANNOT_CONNECT = "cannot_connect"
    DENIED = "denied"
    TIMEOUT = "timeout"
    VERSION = "version"
    INTERNAL = "internal"


class Model(BaseModel):
    """An answer, or a part of one. Unknown fields are ignored, so a newer node can say more."""

    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="null", defer_build=True)


R = TypeVar("R", bound=BaseModel)


class PortRequest(BaseModel, Generic[R]):
    """A question to the node. Unknown fields are an error: they are somebody's misspelling."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    op: ClassVar[str]
    role: ClassVar[Role] = Role.VIEWER
    answer: ClassVar[type[BaseModel]]
    action: ClassVar[bool] = False
    """Whether it changes the node, and so is recorded."""

    def document(self) -> str:
        """This request as one JSON document."""
        return json.dumps({"op": self.op, "args": self.model_dump(mode="json")})


class Failure(Exception):  # noqa: N818 - it is an answer, not an error of this program
    """The node's answer that something cannot be done, or the client's that it cannot ask."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
