"""The librarian: keeps what the others find.

    Reviewed, NotReviewed, Gone, Lost, ProgramFindings   (cast)   stored, one transaction each
    Known, Summaries, Tally                              (call)   read

Results come as casts, so reviewers never wait for it: while it is suspended its mailbox
grows, and nothing else happens. What was in its mailbox when it is killed is reviewed
again: the scanner, restarted after it, finds every file that has no result.
"""

from __future__ import annotations

from typing import Any

from demo.library import Library, Stored
from demo.messages import Known, Summaries, Tally, Totals
from runtime import Caller, Reply, Server

__all__ = ["Librarian"]


class Librarian(Server[Totals]):
    """Owns what the library holds; its state is the totals."""

    def init(self) -> Totals:
        """Begin with what the library holds, in this run or from an earlier one."""
        return self._library.totals()

    def handle_cast(self, message: Stored, totals: Totals, /) -> Totals:
        """Store a result."""
        return totals + self._library.keep(message)

    def handle_call(
        self,
        message: Known | Summaries | Tally,
        _caller: Caller[Any],
        totals: Totals,
        /,
    ) -> Reply[Totals]:
        """Read."""
        match message:
            case Known(after, limit):
                return Reply(self._library.known(after, limit), totals)
            case Summaries(after, limit):
                return Reply(self._library.summaries(after, limit), totals)
            case Tally():
                return Reply(totals, totals)

    @property
    def _library(self) -> Library:
        library: Library = self.resource(Library)
        return library
