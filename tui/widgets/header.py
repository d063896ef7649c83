"""The first line: the node and its vital signs. What matters least goes first where there is no room."""

from __future__ import annotations

from tui.format import LAG_MS, Tone, clean, clock_time, elide, milliseconds, number, tone
from tui.session import Session
from tui.slicing import mode
from tui.spans import Spans, fitting, joined, spread, width
from tui.widgets.painted import Painted


class NodeHeader(Painted):
    """Name, address, uptime, Python, processes, lag, the observer's cost, time slices, interval."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def paint(self, cells: int) -> list[Spans]:
        """One line."""
        left, right = self._who(cells), self._pace()
        room = cells - width(left) - width(right) - 4
        middle = joined(fitting(self._signs(), room), ("  ", "text"))
        return [spread([*left, ("  ", "text"), *middle], [*right, (" ", "text")], cells)]

    def _who(self, cells: int) -> Spans:
        session, node = self._session, self._session.node
        if node is None:
            return [(" ○ ", "faint"), (f"connecting to {clean(session.address) or 'the node'} …", "muted")]
        stale = session.stale_s is not None
        out: Spans = [(" ○ " if stale else " ● ", "warn" if stale else "accent")]
        out.append((elide(clean(node.name), max(8, cells // 5)), "strong"))
        if session.newly_born:
            out.append((f" new incarnation ({session.incarnations})", "warn"))
        return out

    def _signs(self) -> list[tuple[int, Spans]]:
        node = self._session.node
        if node is None:
            return []
        address = "local socket" if node.port is None else f"{node.host}:{node.port}"
        slices, tone_of_slices = mode(node)
        rank_of_slices = 1 if tone_of_slices == "warn" else 4
        return [
            (6, [(address, "muted")]),
            (2, _sign("up", clock_time(node.uptime_s))),
            (5, _sign("py", ".".join(node.python.split(".")[:3]))),
            (0, _sign("procs", number(node.processes))),
            (1, _sign("lag", milliseconds(node.lag_ms), tone(node.lag_ms, LAG_MS))),
            (3, _sign("observer", f"{node.observer_ms_per_s:.1f} ms/s")),
            (rank_of_slices, _sign("slices", slices, tone_of_slices)),
        ]

    def _pace(self) -> Spans:
        if self._session.paused:
            return [(" ‖ PAUSED ", "badge")]
        return [("⟳ ", "faint"), (f"{self._session.interval:g} s", "muted")]


def _sign(label: str, value: str, figure: Tone = "text") -> Spans:
    return [(label + " ", "faint"), (value, "text" if figure == "faint" else figure)]
