"""`python -m benchmarks`: measure, print the tables, and save them."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Final

from benchmarks import documents, report
from benchmarks.measures import MEASURES
from benchmarks.results import Results
from benchmarks.runner import Runner

__all__ = ["main"]

LIMIT_S: Final = 570.0
"""A whole run ends within ten minutes; a slow machine gets fewer rounds."""


def main(arguments: list[str] | None = None) -> int:
    """The command line; its exit code."""
    args = _parser().parse_args(arguments)
    if args.render:
        documents.write(Results.load(documents.FIGURES))
        return 0
    began = time.monotonic()
    chosen = [
        measure for measure in MEASURES.values() if any(part in measure.name for part in args.only or [""])
    ]
    if not chosen:
        sys.stderr.write(f"no measure is called {' or '.join(args.only)}; there are: {', '.join(MEASURES)}\n")
        return 2
    quick, whole = args.quick, not args.quick and not args.only
    runner = Runner(1, 0.01, 2_000) if quick else Runner(args.rounds, 0.3, 1_000_000, limit_s=LIMIT_S)
    results = runner.run(chosen)
    sys.stdout.write(f"{report.printed(results)}\n")
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    if whole:
        results.save(documents.FIGURES)
        documents.write(results)
        sys.stderr.write("saved: docs/benchmarks.json, docs/benchmarks.md, README.md\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="This runtime beside OTP and other actor libraries. A whole run takes about ten minutes, wants an idle "
        "machine, and writes its tables into docs/ and README.md.",
    )
    parser.add_argument("--rounds", type=_rounds, default=5, help="how often each is measured; default 5")
    parser.add_argument(
        "--only", action="append", metavar="NAME",
        help="only measures with NAME in theirs; may be given again; nothing is saved",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true", help="try the machinery: figures mean nothing, nothing is saved"
    )
    parser.add_argument(
        "--render", action="store_true", help="measure nothing: write the saved figures into the documents"
    )
    return parser


def _rounds(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
