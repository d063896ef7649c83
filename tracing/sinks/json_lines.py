"""JSON lines: one record a line, as it can be read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..records import Record, from_json, to_json

__all__ = ["lines", "read"]


def lines(records: Iterable[Record]) -> Iterator[str]:
    """Each record as a line, without its line break. Only ASCII, so that no text of an agent's reaches a terminal raw."""
    for record in records:
        yield json.dumps(to_json(record), separators=(",", ":"), allow_nan=False)


def read(text: Iterable[str]) -> Iterator[Record]:
    """The records of such lines. Empty lines are left out.

    Raises:
        ValueError: a line is none; the message has its number.
    """
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            shown: Any = json.loads(line)
            if not isinstance(shown, dict):
                raise ValueError(f"not an object but {type(shown).__name__}")  # noqa: TRY004 - of the text's content
            yield from_json(shown)  # pyright: ignore[reportUnknownArgumentType]  # fields are checked there
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
