"""The rows of the Processes page between two polls: which order to show, and what became of the cursor's row.

free:   the node's order. The cursor's process, where it stands outside the window, comes last;
        where it has ended, it stays in its place until the cursor leaves.
held:   keys are being pressed: every row stays where it is, only values change.
"""

from __future__ import annotations

from collections.abc import Sequence

from runtime.port.contract import ProcessPage, ProcessRow


class Window:
    """Rows by pid in the order to show."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.rows: dict[str, ProcessRow] = {}
        self.gone: frozenset[str] = frozenset()
        """Rows that are no longer in the node's window: ended, or moved out of it while the order is held."""

    def take(self, page: ProcessPage, cursor: str | None, *, hold: bool) -> None:
        """The node's answer to the last poll."""
        fresh = {row.pid: row for row in page.rows}
        outside = {row.pid: row for row in page.kept}
        if hold and self.order:
            self._hold(fresh, outside, page.ended)
        else:
            self._follow(fresh, outside, page.ended, cursor)

    def _hold(
        self, fresh: dict[str, ProcessRow], outside: dict[str, ProcessRow], ended: Sequence[str]
    ) -> None:
        known = {**self.rows, **{pid: row for pid, row in {**outside, **fresh}.items() if pid in self.rows}}
        self.rows = {pid: _ended(row) if pid in ended else row for pid, row in known.items()}
        self.gone = frozenset(pid for pid in self.order if pid not in fresh and pid not in outside)

    def _follow(
        self,
        fresh: dict[str, ProcessRow],
        outside: dict[str, ProcessRow],
        ended: Sequence[str],
        cursor: str | None,
    ) -> None:
        order = list(fresh)
        gone: frozenset[str] = frozenset()
        if cursor is not None and cursor not in fresh:
            if cursor in outside:
                order.append(cursor)
                fresh[cursor] = outside[cursor]
            elif cursor in self.rows and cursor in ended:
                before = self.order.index(cursor)
                order.insert(min(before, len(order)), cursor)
                fresh[cursor] = _ended(self.rows[cursor])
                gone = frozenset({cursor})
        self.order, self.rows, self.gone = order, fresh, gone

    def end_all(self) -> None:
        """The node was restarted: what was here is no more."""
        self.rows = {pid: _ended(row) for pid, row in self.rows.items()}
        self.gone = frozenset(self.rows)

    def heir(self, pid: str | None) -> str | None:
        """The living process that bears the name of one that ended: the same child, restarted."""
        row = self.rows.get(pid) if pid is not None else None
        if row is None or row.name is None or pid not in self.gone:
            return None
        return next(
            (other for other, it in self.rows.items() if it.name == row.name and other not in self.gone), None
        )


def _ended(row: ProcessRow) -> ProcessRow:
    return row.model_copy(
        update={"status": "ended", "doing": None, "oldest_s": None, "mailbox_delta": None, "busy": 0.0}
    )
