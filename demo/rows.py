"""How paths and summaries stand in the database's rows."""

from __future__ import annotations

import json
import os
from typing import Any

from demo.checks import Summary
from demo.checks.finding import Body, Definition, Import

__all__ = ["path_of", "path_value", "summary_of", "summary_text"]


def path_value(path: str) -> str | bytes:
    """A path as SQLite takes it: text, or bytes where the name is not UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def path_of(value: str | bytes) -> str:
    """The path that `path_value` made `value` of."""
    return os.fsdecode(value) if isinstance(value, bytes) else value


def summary_text(summary: Summary) -> str:
    """A summary as JSON, without its path."""
    return json.dumps(
        {
            "imports": [[i.line, i.module, i.level, i.names, i.early] for i in summary.imports],
            "definitions": [[d.name, d.line] for d in summary.definitions],
            "bodies": [[b.name, b.line, b.shape] for b in summary.bodies],
            "uses": sorted(summary.uses),
        }
    )


def summary_of(path: str, text: str) -> Summary:
    """The summary of the file at `path` that `summary_text` wrote. What imports bind is not kept."""
    parts: dict[str, list[Any]] = json.loads(text)
    return Summary(
        path,
        tuple(
            Import(line, module, level, tuple(names), (), early)
            for line, module, level, names, early in parts["imports"]
        ),
        tuple(Definition(name, line) for name, line in parts["definitions"]),
        tuple(Body(name, line, shape) for name, line, shape in parts["bodies"]),
        frozenset(parts["uses"]),
    )
