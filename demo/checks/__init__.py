"""Checks of Python source, pure and without a process in sight.

    reading ─> text ─> review: pieces ─> AST ─> table of checks ─> Verdict(findings, summary)
                                                                               │
                                        program: passes over all summaries <───┘

`table` lists the checks. What cannot be read, decoded or parsed ends as `Failed`; a
file with more AST nodes than its attempt may visit raises `OverBudget`.
"""

from demo.checks.finding import Failed, Finding, OverBudget, Severity, Summary
from demo.checks.program import whole_program
from demo.checks.reading import MAX_BYTES, Gone, read_bytes, read_source
from demo.checks.review import Review, Verdict, advance, begin
from demo.checks.text import printable

__all__ = [
    "MAX_BYTES", "Failed", "Finding", "Gone", "OverBudget", "Review", "Severity", "Summary", "Verdict", "advance",
    "begin", "printable", "read_bytes", "read_source", "whole_program",
]  # fmt: skip
