"""The two streams of a command: answers on stdout, everything said about them on stderr.

Everything written here has been made harmless first (`text.harmless`), so that no name,
reason or value of an agent reaches the terminal as an instruction. Colour is used
only on a terminal, and never where NO_COLOR is set.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from pydantic import BaseModel
from rich.cells import cell_len

from tui.format import Tone

from . import CannotWrite
from .table import Cell, Column, Pair, layout
from .text import harmless, lines

__all__ = ["Writer"]

_CODES: dict[Tone, str] = {
    "strong": "1",
    "accent": "1",
    "muted": "2",
    "faint": "2",
    "warn": "33",
    "bad": "31",
}


class Writer:
    """Writes for people or, as JSON, for programs."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or _lenient(sys.stdout)
        self._err = err or sys.stderr
        terminal = self._out.isatty()
        self._colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.room = shutil.get_terminal_size().columns if terminal else None
        """The terminal's width in cells; None where what is written goes elsewhere and nothing may be cut."""

    def paint(self, text: str, tone: Tone = "text") -> str:
        """`text` in its tone, where there is colour."""
        code = _CODES.get(tone)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self._colour else text

    def line(self, *parts: Cell | str) -> None:
        """One line of the answer."""
        self._write("".join(self._part(part) for part in parts) + "\n")

    def text(self, block: str, indent: str = "", tone: Tone = "text") -> None:
        """A block of text, line by line."""
        for line in lines(block):
            self._write((indent + self.paint(line, tone)).rstrip() + "\n")

    def title(self, text: str) -> None:
        """A heading over a part of the answer."""
        self._write("\n" + self.paint(harmless(text), "strong") + "\n")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]) -> None:
        """Aligned columns under their titles."""
        for line in layout(columns, rows, self.room, self.paint):
            self._write(line + "\n")

    def pairs(self, pairs: Sequence[Pair], indent: str = "") -> None:
        """Names and what belongs to them, one pair a line."""
        width = max((cell_len(name) for name, _ in pairs), default=0)
        for name, parts in pairs:
            blank = " " * (width - cell_len(name) + 2)
            self.line(indent, Cell(name, "muted"), blank, *parts)

    def document(self, answer: BaseModel | Sequence[BaseModel]) -> None:
        """An answer as one JSON document."""
        plain = _plain(answer) if isinstance(answer, BaseModel) else [_plain(item) for item in answer]
        self._write(_ascii(plain, indent=2))

    def record(self, answer: BaseModel) -> None:
        """One JSON document on one line, written at once: a stream's item."""
        self._write(_ascii(_plain(answer)))
        self.flush()

    def note(self, text: str) -> None:
        """Something said about the answer, on stderr. What was written before it comes out before it."""
        self.flush()
        for line in lines(text):
            self._err.write(line + "\n")
        self._err.flush()

    def flush(self) -> None:
        """Bring out what is held back.

        Raises:
            CannotWrite: there is no room for it.
            BrokenPipeError: there is nobody to read it.
        """
        with _said():
            self._out.flush()

    def _write(self, text: str) -> None:
        with _said():
            self._out.write(text)

    def _part(self, part: Cell | str) -> str:
        return harmless(part) if isinstance(part, str) else self.paint(harmless(part.text), part.tone)


def _lenient(stream: TextIO) -> TextIO:
    """The stream, with escapes for what its encoding does not have."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    return stream


@contextmanager
def _said() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWrite(error.strerror) from None


def _plain(answer: BaseModel) -> Any:
    """An answer as plain values, by way of its JSON text: there, no number is infinite."""
    return json.loads(answer.model_dump_json())


def _ascii(plain: Any, indent: int | None = None) -> str:
    """As JSON in printable ASCII: a terminal obeys some characters beyond it, and DEL."""
    return json.dumps(plain, indent=indent).replace("\x7f", "\\u007f") + "\n"
