"""The crew: the supervision tree of the demo.

    crew                 rest_for_one     3 in 5 s
    ├── librarian        permanent                     findings in SQLite
    ├── dispatcher       permanent                     who reviews what
    ├── reviewers        one_for_one      100 in 5 s
    │   └── reviewer-1 … reviewer-4
    ├── scanner          permanent                     what there is, and what changes
    └── reporter         permanent                     the program as a whole

Each child depends on those above it, so when one ends, those below it start again with
it, and take up the work from what the librarian has stored. `Library` is a resource of
the node: it stays when the librarian goes.
"""

from __future__ import annotations

from demo.dispatcher import dispatcher
from demo.files import Target
from demo.librarian import Librarian
from demo.reporter import Reporter
from demo.reviewer import Reviewer
from demo.scanner import Scanner
from runtime import ChildSpec, Supervisor

__all__ = ["REVIEWERS", "crew"]

REVIEWERS = 4


def crew(target: Target) -> Supervisor:
    """The tree that reviews `target`. Its node needs the resource `Library`."""
    reviewers = Supervisor(
        [ChildSpec(f"reviewer-{number}", Reviewer) for number in range(1, REVIEWERS + 1)],
        strategy="one_for_one",
        max_restarts=100,
        max_seconds=5,
    )
    return Supervisor(
        [
            ChildSpec("librarian", Librarian),
            ChildSpec("dispatcher", dispatcher, target),
            ChildSpec("reviewers", reviewers),
            ChildSpec("scanner", Scanner, target),
            ChildSpec("reporter", Reporter, target),
        ],
        strategy="rest_for_one",
        name="crew",
    )
