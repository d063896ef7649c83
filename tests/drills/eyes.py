"""What an operator reads on the console's screen: functions from lines of text, and nothing more, to facts.

processes(lines)   the rows of the Processes page
trouble(lines)     the lines of the Node page's right half
alert(lines)       the process that the second line warns of, on any page
triage(lines)      whom an operator would suspect, from trouble alone
suspect(lines)     the same, from the Processes page sorted by age of the oldest message
leaking(lines)     who holds more and more, from the Processes page sorted by change of memory
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PID = r"<0\.\d+\.0>"
TROUBLE = (
    "gave up",
    "root cause",
    "circle",
    "deepest",
    "oldest",
    "busiest",
    "running",
    "crashed",
    "restarts",
)
"""The lines of the Node page's right half, from top to bottom."""
LONG_S = 2.0
"""A message that waits longer is trouble; in a healthy office it is less than one second."""
LEAK_BYTES_S = 1e6
"""Whose memory grows faster, for as long as one looks, leaks."""
OFTEN = 3
"""So many restarts within the supervisor's window are trouble."""


@dataclass(frozen=True)
class Row:
    """One row of the Processes page."""

    pid: str
    name: str
    status: str
    mail: int
    oldest_s: float
    restarts: int
    doing: str
    cursor: bool
    grows: float = 0.0
    """Bytes per second."""


def pid_in(text: str) -> str | None:
    """The first pid in a text."""
    found = re.search(PID, text)
    return found[0] if found else None


def seconds(text: str) -> float:
    """`212 ms`, `1.8 s`, `1:20` in seconds; 0 where there is no time."""
    clock = re.search(r"(\d+):(\d\d)\b", text)
    if clock:
        return int(clock[1]) * 60 + int(clock[2])
    found = re.search(r"(\d+(?:\.\d+)?) (ms|s)\b", text)
    return float(found[1]) / (1000 if found[2] == "ms" else 1) if found else 0.0


def bytes_in(text: str) -> float:
    """`4.0 MB`, `+812 kB`, `≥1.2 GB` in bytes; 0 where there are none."""
    found = re.search(r"(\d+(?:\.\d+)?) ([kMG]?)B", text)
    return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]] if found else 0.0


def processes(lines: list[str]) -> list[Row]:
    """The rows, found by where their titles stand; empty on any other page."""
    head = next((line for line in lines if re.match(r"  PID +NAME.* STATUS ", line)), None)
    if head is None:
        return []
    marks = {found[0].rstrip("▼▲"): found.span() for found in re.finditer(r"\S+", head)}
    name, status = marks["NAME"][0], marks["STATUS"][0]
    doing = marks["DOING"][0] if "DOING" in marks else None
    after_name = min(start for start, _ in marks.values() if start > name)

    def right(line: str, title: str) -> str:
        """A figure: it ends where its title ends, and begins behind the column before it."""
        start, end = marks[title]
        before = max(other for _, other in marks.values() if other <= start)
        return line[max(before, status) : end].strip() or "0"

    rows: list[Row] = []
    for line in lines:
        pid = re.match(rf"[▸ ] ({PID})", line)
        mail, restarts = right(line, "MAIL").split(" ")[-1].replace(",", ""), right(line, "↻")
        state = line[status:].split()
        if pid is None or not (mail.isdecimal() and restarts.isdecimal()) or len(state) < 2:
            continue  # no row, or one that a dialog covers, or that is just being painted
        rows.append(
            Row(
                pid=pid[1],
                name=line[name:after_name].strip(),
                status=state[1],
                mail=int(mail),
                oldest_s=seconds(right(line, "OLDEST")),
                restarts=int(restarts),
                doing=line[doing:].strip() if doing is not None else "",
                cursor=line.startswith("▸"),
                grows=bytes_in(right(line, "MEM/s"))
                if "MEM/s" in marks and "+" in right(line, "MEM/s")
                else 0.0,
            )
        )
    return rows


def cursor(lines: list[str]) -> Row | None:
    """The row under the cursor."""
    return next((row for row in processes(lines) if row.cursor), None)


def named(lines: list[str], name: str) -> Row | None:
    """The living process of this name."""
    return next((row for row in processes(lines) if row.name == name and row.status != "ended"), None)


def trouble(lines: list[str]) -> dict[str, tuple[str, str]]:
    """The Node page: what is deepest, oldest and so on, with pid and figure."""
    found = (re.search(rf"({'|'.join(TROUBLE)}) +({PID}) (.*)", line) for line in lines)
    return {line[1]: (line[2], line[3]) for line in found if line}


def trouble_line(lines: list[str]) -> str | None:
    """The Node page's line of trouble that has the cursor."""
    found = re.search(rf"▸ ({'|'.join(TROUBLE)}) ", "\n".join(lines))
    return found[1] if found else None


def alert(lines: list[str]) -> str | None:
    """The pid that the breadcrumbs' line warns of."""
    found = re.search(rf"[▲▶◇†] .*?({PID})", lines[1]) if len(lines) > 1 else None
    return found[1] if found else None


def triage(lines: list[str]) -> str | None:
    """One rule for every trouble, from the Node page alone: where it began that somebody gave up, else who waits in a
    circle, else who holds the loop, else who is restarted again and again, else whose oldest message waits too long."""
    node = trouble(lines)
    if "root cause" in node:
        return node["root cause"][0]
    pid, figure = node.get("circle", ("", ""))
    if seconds(figure) > LONG_S:
        return pid
    pid, figure = node.get("running", ("", ""))
    if seconds(figure) > 1:
        return pid
    pid, figure = node.get("restarts", ("", ""))
    times = re.search(r"(\d+)×", figure)
    if times and int(times[1]) >= OFTEN:
        return pid
    pid, figure = node.get("oldest", ("", ""))
    return pid if seconds(figure) > LONG_S else None


def suspect(lines: list[str]) -> str | None:
    """The same from the Processes page, sorted by age: the alert, else the first row if it waits too long."""
    rows = processes(lines)
    if not rows or " OLDEST▼ " not in "\n".join(lines):
        return None
    return alert(lines) or (rows[0].pid if rows[0].oldest_s > LONG_S else None)


def leaking(lines: list[str]) -> str | None:
    """The first row of the Processes page, sorted by change of memory, if it grows too fast."""
    rows = processes(lines)
    if not rows or "MEM/s▼" not in "\n".join(lines):
        return None
    return rows[0].pid if rows[0].grows >= LEAK_BYTES_S else None
