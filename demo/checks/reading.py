"""Reading a source file: bytes, encoding (PEP 263), text. Whatever goes wrong is a result."""

from __future__ import annotations

import io
import os
import stat
import tokenize
import warnings
from dataclasses import dataclass

from demo.checks.finding import Failed

__all__ = ["MAX_BYTES", "Gone", "decode", "read_bytes", "read_source"]

MAX_BYTES = 4 * 1024 * 1024
"""Larger files are not read: no one wrote them by hand."""


@dataclass(frozen=True, slots=True)
class Gone(Failed):
    """The file is not there any more."""


def read_source(path: str) -> str | Failed:
    """The text of a Python file, its lines ended by newlines."""
    content = read_bytes(path)
    return content if isinstance(content, Failed) else decode(content)


def read_bytes(path: str) -> bytes | Failed:
    """What a regular file holds. Never waits for a pipe that calls itself a file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Gone("not a regular file")
            if status.st_size > MAX_BYTES:
                return Failed(f"{status.st_size:,} bytes, more than {MAX_BYTES:,}")
            return file.read(MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError) as error:
        return Gone(f"cannot be read: {error.strerror}")
    except OSError as error:
        return Failed(f"cannot be read: {error.strerror}")


def decode(content: bytes) -> str | Failed:
    """The text in `content`, by its byte order mark, its `coding:` comment, or as UTF-8 (PEP 263)."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some codecs warn of what a reviewed file holds
            text = content.decode(encoding)
    except SyntaxError as error:
        return Failed(f"cannot be decoded: {error.msg}")
    except (ValueError, LookupError) as error:
        return Failed(f"cannot be decoded: {error}")
    return text.replace("\r\n", "\n").replace("\r", "\n")
