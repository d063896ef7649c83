"""Text from files and file names, made safe to print, to store and to send."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    """`text` with control characters and undecodable bytes written as escapes, so that a file's name is only text."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8 (PEP 383)
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
