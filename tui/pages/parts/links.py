"""Links: parent, ancestors, calls that wait, who lives inside, links, monitors, keys and groups, tasks. Each process can be opened: one walks along them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from runtime.port.contract import Info, Link, PortRequest, ProcessInfo
from tui.elsewhere import inside_text
from tui.format import clean, cut, duration, elide, plural
from tui.patience import patience
from tui.spans import Spans, joined
from tui.widgets.table import Column, Table
from tui.widgets.tabs import Tab

from .part import Part, Subject


@dataclass(frozen=True)
class Relation:
    """One row."""

    what: str
    pid: str
    name: str
    alive: bool = True
    text: str = ""
    scope: str = ""
    """Where it is registered so."""
    behaviour: str = ""
    """What it runs; shown where it has no name."""

    @property
    def key(self) -> str:
        """Tells it from the others."""
        return f"{self.what} {self.pid or self.name} {self.scope}"


class LinksPart(Part):
    """Whom it stands in relation to. Shown from the page's own poll."""

    tab = Tab("links", "l", "Links")
    asks = Info
    live = True

    def content(self) -> Table[Any]:
        """One relation a row."""
        return Table[Relation](
            [
                Column("what", "RELATION", lambda row, _: [(row.what, "muted")], 13),
                Column("pid", "PID", lambda row, cells: [(cut(row.pid, cells), "muted")], 10),
                Column("name", "NAME", _name, 14, most=40, weight=2),
                Column("text", "", _text, 8, weight=1),
            ],
            empty="no links, no monitors", id="links-table",
        )  # fmt: skip

    def request(self, subject: Subject) -> PortRequest[Any]:
        """The process itself."""
        return Info(process=subject.pid)

    def show(self, answer: BaseModel) -> None:
        """All relations."""
        if not isinstance(answer, ProcessInfo):
            return
        rows = {it.key: it for it in relations(answer)}
        ended = frozenset(key for key, it in rows.items() if not it.alive)
        self.table.show(list(rows), rows, ended)
        facts: list[Spans] = [[(plural(answer.timers, "timer"), "muted")]]
        if answer.trap_exits:
            facts.append([("traps exits", "muted")])
        if answer.os_process is not None and answer.os_process.more_inside:
            facts.append([(f"{answer.os_process.more_inside:,} more inside", "warn")])
        if answer.more_links:
            facts.append([(f"{answer.more_links:,} more not listed", "warn")])
        self.say(joined([*facts, [("⏎", "accent"), (" open", "muted")]], (" · ", "faint")))

    def count(self) -> str:
        """Calls, links and monitors, and who lives inside."""
        info = self.answer
        if not isinstance(info, ProcessInfo):
            return ""
        waits = len(info.waited_by) + (info.waits_for is not None)
        inside = len(info.os_process.inside) + info.os_process.more_inside if info.os_process else 0
        return str(
            waits + inside + len(info.links) + len(info.monitors) + len(info.monitored_by) + info.more_links
        )

    def jump(self, row: object) -> Subject | None:
        """The process of the row."""
        return Subject(row.pid, row.name) if isinstance(row, Relation) and row.pid else None


def relations(info: ProcessInfo) -> Iterator[Relation]:
    """For whom it waits first: that is where to go on looking. Then whom it descends from, calls that wait, ties, tasks."""
    if info.waits_for is not None:
        yield _relation("waits for", info.waits_for.callee, patience(info.waits_for))
    if info.lives_in is not None:
        yield _relation("lives in", info.lives_in)
    parent = info.parent.pid if info.parent is not None else None
    if info.parent is not None:
        yield _relation("parent", info.parent)
    for link in info.ancestors:
        if link.pid != parent:
            yield _relation("ancestor", link)
    for wait in info.waited_by:
        if wait.caller is not None:
            yield _relation("waited for by", wait.caller, patience(wait))
        else:
            yield Relation("waited for by", "", "the host", text=patience(wait))
    for inside in info.os_process.inside if info.os_process is not None else ():
        name, behaviour = clean(inside.label or "", 200), clean(inside.behaviour, 200)
        yield Relation("inside", inside.pid, name, text=inside_text(inside), behaviour=behaviour)
    for link in info.links:
        yield _relation("link", link)
    for link in info.monitors:
        yield _relation("monitors", link)
    for link in info.monitored_by:
        yield _relation("monitored by", link)
    for entry in info.entries:
        scope = clean(entry.scope, 200)
        yield Relation(clean(entry.kind, 20), "", clean(entry.key, 200), text=scope, scope=scope)
    for task in info.tasks:
        yield Relation(
            "task", "", clean(task.name, 100), text=f"{clean(task.ref, 40)}  {duration(task.for_s)}"
        )


def _relation(what: str, link: Link, text: str = "") -> Relation:
    return Relation(what, link.pid, clean(link.name or "", 200), link.alive, text if link.alive else "ended")


def _name(row: Relation, cells: int) -> Spans:
    return [(elide(row.name, cells), "text") if row.name else (elide(row.behaviour, cells), "muted")]


def _text(row: Relation, cells: int) -> Spans:
    return [(cut(row.text, cells), "muted")]
