"""The check of comments: promises that were left in the source.

Comments are no part of an AST, so they are read with `tokenize`, and only where a
quick search says that there may be one: tokenizing costs more than parsing.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

__all__ = ["left_to_do"]

_MARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_PERHAPS = re.compile(r"#.*\b(?:TODO|FIXME|XXX|HACK)\b")


def left_to_do(source: str) -> Iterator[tuple[int, str]]:
    """Comments that say TODO, FIXME, XXX or HACK. `source` must be something that parses."""
    if not _PERHAPS.search(source):
        return
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and (mark := _MARK.search(token.string)):
            yield token.start[0], f"{mark[1]} in a comment: {token.string.lstrip('# ')[:60]}"
