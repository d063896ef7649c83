"""What changes a process or writes a file: kill, suspend, resume, drop, requeue, export.

K -> Confirm, at once, from what is known -> Info fills in what is at stake -> Yes -> Kill -> a notice
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from runtime.port.contract import (
    Done,
    Drop,
    Failure,
    Info,
    Kill,
    Letter,
    Link,
    PortRequest,
    ProcessInfo,
    Requeue,
    Resume,
    Suspend,
)
from tui.format import clean, cut, number, plural
from tui.spans import Spans
from tui.widgets.confirm import CELLS, Confirm

if TYPE_CHECKING:
    from tui.app import ObserverApp
    from tui.pages.page import Target

ASKING: Spans = [("asking the node what is at stake …", "muted")]


class Operations:
    """The console's operations on its node."""

    def __init__(self, console: ObserverApp, folder: Path | None = None) -> None:
        """`folder`: where exports go. Optional. Defaults to the working directory."""
        self._console = console
        self._folder = folder

    # --- processes ----------------------------------------------------------------------------

    def kill(self, target: Target) -> None:
        """Ask, then send the exit signal `kill`, which cannot be trapped."""
        self._confirm(f"Kill {target.title}?", "kill", target, kill_stakes, Kill(process=target.pid))

    def suspend_or_resume(self, target: Target) -> None:
        """Ask, then suspend; or resume what is suspended."""
        if target.suspended:
            self._confirm(
                f"Resume {target.title}?", "resume", target, resume_stakes, Resume(process=target.pid)
            )
        else:
            self._confirm(
                f"Suspend {target.title}?", "suspend", target, suspend_stakes, Suspend(process=target.pid)
            )

    def drop(self, pid: str, letter: Letter, then: Callable[[], None]) -> None:
        """Ask, then take a message out of a mailbox; `then`, if it was done."""
        self._move("Drop", pid, letter, Drop(process=pid, message=letter.id), then)

    def requeue(self, pid: str, letter: Letter, then: Callable[[], None]) -> None:
        """Ask, then put a message behind all others; `then`, if it was done."""
        self._move("Requeue", pid, letter, Requeue(process=pid, message=letter.id), then)

    def _move(
        self, verb: str, pid: str, letter: Letter, request: PortRequest[Done], then: Callable[[], None]
    ) -> None:
        title = cut(f"{verb} {letter.kind} {clean(letter.type, 60)} of {pid}?", CELLS)
        twin = self._twin(f"{verb.lower()} '{pid}' {letter.id}")

        def done(answer: BaseModel | Failure) -> None:
            self._done(answer)
            then()

        def decided(yes: bool | None) -> None:
            if yes:
                self._console.ask(request, done)

        stakes = drop_stakes(letter) if verb == "Drop" else REQUEUED
        self._console.push_screen(Confirm(title, twin, stakes), decided)

    def _twin(self, words: str) -> str:
        """How a script would do it."""
        node = self._console.session.node
        where = f" -n {shlex.quote(clean(node.name, 60))}" if node is not None else ""
        return f"observer {words}{where}"

    def _confirm(
        self, title: str, verb: str, target: Target,
        stakes: Callable[[ProcessInfo], list[Spans]], request: PortRequest[Done],
    ) -> None:  # fmt: skip
        dialog = Confirm(title, self._twin(f"{verb} '{target.pid}'"), [ASKING])

        def informed(answer: BaseModel | Failure) -> None:
            if isinstance(answer, ProcessInfo):
                dialog.show_stakes(stakes(answer))
            elif isinstance(answer, Failure):
                dialog.show_stakes([[(cut(clean(answer.message), CELLS), "warn")]])

        def decided(yes: bool | None) -> None:
            if yes:
                self._console.ask(request, self._done)

        self._console.push_screen(dialog, decided)
        self._console.ask(Info(process=target.pid), informed)

    def _done(self, answer: BaseModel | Failure) -> None:
        if isinstance(answer, Failure):
            self._console.tell(clean(answer.message), failed=True)
        elif isinstance(answer, Done):
            self._console.tell(clean(answer.text))
            self._console.link.poke()

    # --- files --------------------------------------------------------------------------------

    def export(self, view: str, document: dict[str, Any]) -> None:
        """Write the view as JSON into a new file, and say where."""
        node = self._console.session.node
        if node is None or not document:
            self._console.tell("nothing to export yet", failed=True)
            return
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in node.name)[:40]
        stem = f"observer-{name}-{view}-{node.at:%Y%m%dT%H%M%SZ}"
        whole = {
            "view": view,
            "name": node.name,
            "incarnation": node.incarnation,
            "at": node.at.isoformat(),
            **document,
        }
        try:
            path = self._write(stem, json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            self._console.tell(f"not exported: {error}", failed=True)
        else:
            self._console.tell(f"exported to {path}")

    def _write(self, stem: str, text: str) -> Path:
        folder = (self._folder or Path.cwd()).resolve()
        for place in range(1, 1000):
            path = folder / (f"{stem}.json" if place == 1 else f"{stem}-{place}.json")
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                continue
            return path
        raise FileExistsError(f"{folder / stem}.json and 998 more exist already")


# --- what is at stake ---------------------------------------------------------------------------------


def kill_stakes(info: ProcessInfo) -> list[Spans]:
    """Messages that are lost, links that are signalled, and what its supervisor will do."""
    out = [
        _messages(info, "will be lost"),
        *_linked("exit signal to", info.links),
        *_linked("told of its end:", info.monitored_by),
    ]
    if info.tasks:
        out.append([(f"{plural(len(info.tasks), 'task')} of it will be cancelled", "warn")])
    return [*out, _afterwards(info)]


def suspend_stakes(info: ProcessInfo) -> list[Spans]:
    """What piles up while it stands still."""
    return [
        [("it finishes what it does, then handles nothing until resumed", "text")],
        _messages(info, "wait now, and more will queue"),
        [("callers may time out; links and monitors are not told", "muted")],
    ]


def resume_stakes(info: ProcessInfo) -> list[Spans]:
    """What it will work off."""
    return [_messages(info, "wait for it")]


REQUEUED: list[Spans] = [
    [("behind all that waits now; age, sender and caller stay", "text")],
    [("messages of one sender no longer come in their order", "warn")],
]
"""What becomes of a message that is put last."""


def drop_stakes(letter: Letter) -> list[Spans]:
    """Who learns that a message is gone."""
    if letter.kind == "call":
        return [[("it is never handled; whoever has called gets `MessageDropped`", "warn")]]
    return [[("it is never handled, and its sender is not told", "warn")]]


def _messages(info: ProcessInfo, what: str) -> Spans:
    count = info.row.mailbox
    return [
        (
            f"{number(count)} {'message' if count == 1 else 'messages'} in its mailbox {what}",
            "warn" if count else "muted",
        )
    ]


def _linked(what: str, links: list[Link]) -> list[Spans]:
    if not links:
        return []
    names = [clean(link.name or link.pid, 30) for link in links[:4]]
    more = f" and {len(links) - 4:,} more" if len(links) > 4 else ""
    return [[(cut(f"{what} {', '.join(names)}{more}", CELLS), "text")]]


def _afterwards(info: ProcessInfo) -> Spans:
    who = clean(info.parent.name or info.parent.pid, 30) if info.parent is not None else "its supervisor"
    if info.restart is None:
        return [("no supervisor: nobody will start it again", "warn")]
    if info.restart == "temporary":
        return [(f"temporary: {who} will not start it again", "warn")]
    if info.remaining == 0:
        return [(cut(f"{who} has no restart left: it will give up and end all its children", CELLS), "bad")]
    left = f", {plural(info.remaining, 'restart')} left" if info.remaining is not None else ""
    return [(cut(f"{info.restart}: {who} will start it again{left}", CELLS), "muted")]
