"""Where the tables are kept: the figures as JSON, and two documents that quote them between markers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks import report
from benchmarks.results import Results

__all__ = ["FIGURES", "quote", "quoted", "write"]

_ROOT: Final = Path(__file__).parents[1]
FIGURES: Final = _ROOT / "docs" / "benchmarks.json"
_BEGIN: Final = "<!-- `make bench` writes from here -->"
_END: Final = "<!-- to here -->"
_QUOTES: Final = {_ROOT / "README.md": report.brief, _ROOT / "docs" / "benchmarks.md": report.full}


def quoted(document: str, tables: str) -> str:
    """The document with these tables between its markers.

    Raises:
        ValueError: it has no markers.
    """
    before, begin, rest = document.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"the document has no {_BEGIN!r} followed by {_END!r}")
    return f"{before}{begin}\n\n{tables}\n\n{end}{after}"


def quote(results: Results) -> dict[Path, str]:
    """Each document as it reads with these results."""
    return {
        path: quoted(path.read_text(encoding="utf-8"), tables(results)) for path, tables in _QUOTES.items()
    }


def write(results: Results) -> None:
    """Put the results into all documents."""
    for path, document in quote(results).items():
        path.write_text(document, encoding="utf-8")
