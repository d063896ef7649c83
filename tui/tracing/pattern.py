"""Patterns that the console makes by itself."""

from __future__ import annotations

__all__ = ["quoted", "trace_of"]

ALL_OF_IT = "messages, handled, raised, lifecycle"
"""What is traced of a process where nobody has said what."""


def trace_of(pid: str, name: str, *, below: bool = False) -> str:
    """The pattern that traces one process, also when it is restarted if it has a name; `below`: and all below it."""
    return f"{'under ' if below else ''}{quoted(name) if name else pid} {ALL_OF_IT}"


def quoted(name: str) -> str:
    """A name as patterns have it: in quotes, with what would end them marked."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
