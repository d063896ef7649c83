"""`observer info`: one process in full, without its values."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.port.contract import Info, Inside, Link, ProcessCode, ProcessInfo
from tui.elsewhere import PLACES, inside_text, os_facts, thread_text
from tui.format import NOTHING, duration, memory, number, percent
from tui.limits import bound_text
from tui.output.marks import status
from tui.output.table import Cell, Pair
from tui.output.text import clock, quantity
from tui.patience import patience
from tui.slicing import ADVICE, story
from tui.spans import plain
from tui.upgrades import badge, not_current

from .context import Context
from .options import node_options, process_argument

HELP = """\
Who is a process, what is it tied to, and what does it do? Identity, parent, links and
monitors, the handler that runs and for how long, restarts and what is left of them.
Of one with a thread, or an OS process, of its own: which, what that takes and may take,
and the processes that live in it; these are found under their pids (<42.2.0>), too.

  observer info dispatcher
  observer info '<0.42.0>'
  observer info 42 --json | jq -r '.links[].pid'
"""

_THE_HOST = Link(pid="the host")


def arguments(parser: ArgumentParser) -> None:
    """Declare what it takes."""
    process_argument(parser)
    node_options(parser)


def run(context: Context) -> int:
    """Ask and show."""
    info = context.ask(Info(process=context.args.process))
    if context.json:
        context.out.document(info)
    else:
        pairs = [*_identity(info), *_work(info), *_elsewhere(info), *_supervision(info), *_ties(info)]
        context.out.pairs(pairs)
    return 0


def _identity(info: ProcessInfo) -> list[Pair]:
    row = info.row
    names = " ".join(part for part in (row.name, f"({row.label})" if row.label else None) if part)
    started = f"{clock(info.started_at, info.at)}, {duration(info.age_s)} ago"
    return [
        ("pid", [Cell(row.pid, "strong")]),
        ("name", [names or NOTHING]),
        ("behaviour", [row.behaviour + (f"  {info.source}" if info.source else "")]),
        *([("code", [_code(info.code)])] if info.code is not None else []),
        ("started", [started]),
        ("ancestors", [" > ".join(_named(link) for link in info.ancestors) or NOTHING]),
        ("parent", [_named(info.parent) if info.parent else NOTHING]),
    ]


def _work(info: ProcessInfo) -> list[Pair]:
    row = info.row
    pairs: list[Pair] = [
        ("status", [status(row.status)]),
        *([("zombie", [f"{story(info.zombie)} {ADVICE}"])] if info.zombie is not None else []),
        ("doing", [row.doing or NOTHING]),
        ("handler", [_handler(info)]),
        *(
            [("waits for", [f"{_named(info.waits_for.callee)}, {patience(info.waits_for)}"])]
            if info.waits_for
            else []
        ),
        ("mailbox", [number(row.mailbox) + (f", oldest {duration(row.oldest_s)}" if row.oldest_s else "")]),
        *([("limit", [bound_text(info.bound)])] if info.bound is not None else []),
        ("busy", [percent(row.busy)]),
        ("reductions", [number(row.reductions)]),
        ("memory", [_memory(info)]),
        ("timers", [number(info.timers)]),
    ]
    pairs.extend((name, [quantity(value)]) for name, value in row.counters.items())
    pairs.extend(("task", [f"{task.name}, {duration(task.for_s)}"]) for task in info.tasks)
    return pairs


def _code(code: ProcessCode) -> Cell | str:
    if code.mark is None:
        return code.version
    return Cell(f"{code.version} {plain(badge(code.mark))}: {not_current(code)}", "warn")


def _memory(info: ProcessInfo) -> str:
    row = info.row
    if row.memory is None or info.os_process is not None:
        return NOTHING if row.memory is None else f"{memory(row.memory)}, of its OS process"
    return f"{'at least' if row.memory_cut else 'about'} {memory(row.memory)}"


def _elsewhere(info: ProcessInfo) -> list[Pair]:
    """Its thread, its OS process and who lives there, or where it lives itself."""
    process = info.os_process
    if info.lives_in is not None:
        return [("lives in", [f"the OS process of {_named(info.lives_in)}"])]
    if info.thread is not None:
        return [("runs on", [f"{PLACES['thread'][0]} thread {thread_text(info.thread)}"])]
    if process is None:
        return []
    return [
        ("runs in", [f"{PLACES['isolated'][0]} OS process {process.pid}"]),
        *((fact.label, [Cell(fact.text, fact.tone)]) for fact in os_facts(process)),
        *([("", [Cell(process.note, "warn")])] if process.note else []),
        *(("inside", [_inside(inside)]) for inside in process.inside),
        *([("", [f"and {number(process.more_inside)} more"])] if process.more_inside else []),
    ]


def _inside(inside: Inside) -> str:
    who = " ".join(part for part in (inside.label, inside.pid) if part)
    return f"{who}  {inside_text(inside)}  {inside.behaviour}"


def _handler(info: ProcessInfo) -> str:
    if info.handler is None:
        return NOTHING
    since = f", {duration(info.handler_for_s)}" if info.handler_for_s is not None else ""
    return info.handler + since + (f", {number(info.slices)} slices" if info.slices else "")


def _supervision(info: ProcessInfo) -> list[Pair]:
    if info.restart is None:
        return [("supervised", ["no"])]
    left = f", {info.remaining} left" if info.remaining is not None else ""
    window = f" in {info.window_s:g} s" if info.remaining is not None and info.window_s is not None else ""
    limit = "without limit" if info.shutdown_s is None else f"within {duration(info.shutdown_s)}"
    return [
        ("supervised", [f"child {info.child_id}, {info.restart}, shuts down {limit}"]),
        ("restarts", [f"{number(info.restarts)}{left}{window}"]),
        ("crashed", ["yes: observer crashes " + (info.row.name or info.row.pid) if info.has_crash else "no"]),
    ]


def _ties(info: ProcessInfo) -> list[Pair]:
    more = f"  and {number(info.more_links)} more" if info.more_links else ""
    found = [(entry.kind, [f"{entry.key}  ({entry.scope})"]) for entry in info.entries]
    rest = [("", [f"and {number(info.more_entries)} more"])] if info.more_entries else []
    return [
        *found,
        *rest,
        ("waited by", [_list([wait.caller or _THE_HOST for wait in info.waited_by])]),
        ("traps exits", ["yes" if info.trap_exits else "no"]),
        ("links", [_list(info.links)]),
        ("monitors", [_list(info.monitors)]),
        ("monitored by", [_list(info.monitored_by) + more]),
        ("accepts", [", ".join(info.accepts) or "plain values only"]),
    ]


def _list(links: list[Link]) -> str:
    return ", ".join(_named(link) for link in links) or NOTHING


def _named(link: Link) -> str:
    return (f"{link.name} {link.pid}" if link.name else link.pid) + ("" if link.alive else " (ended)")
