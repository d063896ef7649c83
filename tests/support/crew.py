"""The demo's crew at one moment, and other nodes, as data: what `fake_node` answers from."""

from __future__ import annotations

from datetime import timedelta

from runtime.port.contract import (
    Crash,
    Crashes,
    Event,
    Events,
    Frame,
    Letter,
    LetterGroup,
    Link,
    MailboxContents,
    NodeInfo,
    ProcessRow,
    Restart,
    Restarts,
    Role,
    Running,
    Slicing,
    Stack,
    TaskInfo,
    Tree,
    TreeNode,
    Trouble,
    Value,
)
from tests.support.fake_node import NOON, FakeNode

FRAMES = [
    Frame(file="demo/reviewer.py", line=71, function="handle_info", source="findings = check(path, tree)"),
    Frame(file="demo/checks/complexity.py", line=33, function="check", source="for node in ast.walk(tree):"),
    Frame(
        file="lib/python3.12/ast.py", line=386, function="walk", source="todo.extend(iter_child_nodes(node))"
    ),
]
WHY = "1 ms slices by a timer with real-time signal 64"


def info(**fields: object) -> NodeInfo:
    """The node's figures while the crew works."""
    base: dict[str, object] = {
        "name": "crew",
        "incarnation": "9c41f0",
        "version": "0.1.0",
        "python": "3.12.1",
        "host": "127.0.0.1",
        "port": 18812,
        "pid": 4711,
        "uptime_s": 41.0,
        "processes": 10,
        "mailbox_total": 1242,
        "lag_ms": 0.4,
        "rss_bytes": 84_000_000,
        "preemption": f"time-slicing: {WHY}",
        "slicing": Slicing(mode="time-slicing", why=WHY, parks=48_112, rescues=2, parked=1),
        "observer_ms_per_s": 2.1,
        "at": NOON,
        "key": "owner",
        "role": Role.ADMIN,
        "messages_handled": 90_210,
        "crashes": 6,
        "restarts": 9,
        "running": None,
        "spinning": Running(
            pid="<0.18.0>",
            name="reviewer-1",
            handler="handle_info(Review)",
            for_s=0.212,
            stack=FRAMES,
            slices=187,
        ),
        "statuses": {"parked": 1, "ready": 2, "waiting": 6, "suspended": 1},
        "counters": {"files": 412.0, "findings": 1903.0},
        "deepest": Trouble(pid="<0.14.0>", name="dispatcher", value=1204, text="-310 per second"),
        "oldest": Trouble(pid="<0.13.0>", name="librarian", value=1.8, text="cast Finding from reviewer-2"),
        "busiest": Trouble(pid="<0.19.0>", name="reviewer-2", value=0.31, text="31 % of the loop's samples"),
        "last_crash": Trouble(pid="<0.26.0>", name="reviewer-3", value=3.2, text="OverBudget(10000)"),
        "restarting": Trouble(
            pid="<0.26.0>", name="reviewer-3", value=4, text="reviewers: 4 restarts in 5 s, 96 left"
        ),
    }
    return NodeInfo.model_validate({**base, **fields})


def row(pid: int, name: str | None, behaviour: str, status: str = "waiting", **fields: object) -> ProcessRow:
    """One row."""
    return ProcessRow.model_validate(
        {
            "pid": f"<0.{pid}.0>",
            "name": name,
            "behaviour": behaviour,
            "status": status,
            "mailbox_delta": 0.0,
            "memory": 180 * pid,
            "memory_delta": 0.0,
            **fields,
        }
    )


def crew_rows() -> list[ProcessRow]:
    """Ten processes."""
    reviewer = "demo.reviewer:Reviewer"
    files = {"counters": {"files": 96.0, "findings": 401.0}}
    return [
        row(12, "crew", "Supervisor", reductions=88),
        row(
            13,
            "librarian",
            "demo.librarian:Librarian",
            "suspended",
            mailbox=38,
            mailbox_delta=12,
            oldest_s=1.8,
            reductions=12_040,
            restarts=1,
            parent="<0.12.0>",
            counters={"findings": 1903.0},
        ),
        row(
            14,
            "dispatcher",
            "demo.dispatcher:Dispatcher",
            "ready",
            mailbox=1204,
            mailbox_delta=-310,
            oldest_s=0.9,
            reductions=41_210,
            busy=0.09,
            parent="<0.12.0>",
            doing="412 of 1,616 files",
        ),
        row(15, "reviewers", "Supervisor", reductions=412, parent="<0.12.0>"),
        row(
            18,
            "reviewer-1",
            reviewer,
            "parked",
            busy=0.22,
            reductions=9_120,
            restarts=2,
            parent="<0.15.0>",
            doing="test_typing.py",
            **files,
        ),
        row(
            19,
            "reviewer-2",
            reviewer,
            "ready",
            mailbox=1,
            busy=0.31,
            oldest_s=0.004,
            reductions=9_870,
            parent="<0.15.0>",
            doing="turtle.py",
            **files,
        ),
        row(26, "reviewer-3", reviewer, busy=0.18, reductions=310, restarts=4, parent="<0.15.0>", **files),
        row(
            21,
            "reviewer-4",
            reviewer,
            "awaiting",
            busy=0.03,
            reductions=8_004,
            restarts=3,
            parent="<0.15.0>",
            doing="_pydecimal.py",
            **files,
        ),
        row(
            22,
            "scanner",
            "demo.scanner:Scanner",
            "waiting",
            reductions=3_300,
            parent="<0.12.0>",
            doing="watching",
        ),
        row(23, "reporter", "demo.reporter:Reporter", "waiting", reductions=57, parent="<0.12.0>"),
    ]


def crew_tree() -> Tree:
    """The crew's supervision tree, one reviewer on its way back."""
    by_name = {it.name: it for it in crew_rows()}

    def child(name: str, restart: str = "permanent", **fields: object) -> TreeNode:
        it = by_name[name]
        base: dict[str, object] = {
            "pid": it.pid,
            "id": name,
            "restart": restart,
            "status": it.status,
            "behaviour": it.behaviour,
            "busy": it.busy,
            "restarts": it.restarts,
            "mailbox": it.mailbox,
            "counters": it.counters,
            "doing": it.doing,
        }
        return TreeNode.model_validate({**base, **fields})

    reviewers = child(
        "reviewers",
        kind="supervisor",
        strategy="one_for_one",
        max_restarts=100,
        max_seconds=5.0,
        used=4,
        restarts=0,
        busy=0.74,
        mailbox=0,
        counters={"files": 412.0, "findings": 1604.0},
        children=[
            child("reviewer-1"),
            child("reviewer-2"),
            child(
                "reviewer-3",
                pid=None,
                status="restarting",
                last_reason="OverBudget(10000)",
                last_restart_s=0.2,
            ),
            child("reviewer-4"),
        ],
    )
    root = child(
        "crew",
        restart=None,
        kind="supervisor",
        strategy="rest_for_one",
        max_restarts=3,
        max_seconds=5.0,
        used=0,
        busy=0.85,
        counters={"files": 412.0, "findings": 1903.0},
        children=[
            child("librarian"),
            child("dispatcher"),
            reviewers,
            child("scanner"),
            child("reporter", "transient"),
        ],
    )
    return Tree(at=NOON, processes=10, roots=[root])


def _history() -> Restarts:
    def entry(
        ago: float, old: int, new: int, reason: str, lived: float, lost: int = 0, by: str | None = None
    ) -> Restart:
        return Restart(
            at=NOON - timedelta(seconds=ago),
            child="reviewer-3",
            old_pid=f"<0.{old}.0>",
            new_pid=f"<0.{new}.0>",
            reason=reason,
            lived_s=lived,
            lost=lost,
            by=by,
            supervisor="reviewers",
        )

    return Restarts(
        at=NOON,
        entries=[
            entry(3.2, 25, 26, "OverBudget(10000)", 0.8),
            entry(9, 24, 25, "kill", 4.1, 2, "key owner"),
            entry(13.4, 20, 24, "OverBudget(10000)", 12.6),
            entry(26, 17, 20, "RecursionError('maximum recursion depth exceeded')", 9.0, 1),
        ],
    )


def _events() -> Events:
    texts = [
        ("started", "", None),
        ("info", "Review", {"$type": "Review", "path": "test/test_typing.py", "budget": 10000}),
        ("reply", "to dispatcher", {"$type": "Reviewed", "findings": 14}),
        ("cast", "Finding to librarian", None),
        ("crash", "OverBudget(10000)", None),
        ("restarted", "as <0.26.0> by reviewers", None),
        ("suspended", "by key owner", None),
    ]
    return Events(
        at=NOON,
        events=[
            Event(
                seq=place,
                at=NOON - timedelta(seconds=20 - 2 * place),
                pid="<0.26.0>",
                kind=kind,
                text=text,
                value=value,
            )
            for place, (kind, text, value) in enumerate(texts)
        ],
    )


STATE = {
    "$type": "ReviewerState",
    "path": "test/test_typing.py",
    "budget": 100000,
    "left": 61230,
    "findings": [
        {"$type": "Finding", "line": 88, "check": "complexity", "text": "34 branches"},
        {"$type": "Finding", "line": 412, "check": "bare-except", "text": "bare except"},
        {"$more": 12},
    ],
    "seen": [f"module_{place}.py" for place in range(30)],
    "librarian": {"$type": "Pid", "$text": "<0.13.0>"},
    "api_key": {"$redacted": True},
    "prompt": "You are a careful reviewer.\n"
    "Say what is wrong, where, and how sure you are; never what is only taste.",
}


def crew(**fields: object) -> FakeNode:
    """The crew, hard at work: a deep mailbox, a reviewer that keeps falling, a suspended librarian."""
    node = FakeNode(crew_rows(), info(**fields), crew_tree(), _history())
    node.events = _events()
    node.crashes = Crashes(
        at=NOON,
        reports=[
            Crash(
                at=NOON - timedelta(seconds=3.2),
                pid="<0.25.0>",
                name="reviewer-3",
                behaviour="demo.reviewer:Reviewer",
                reason="OverBudget(10000)",
                traceback="Traceback (most recent call last):\n"
                '  File "demo/reviewer.py", line 74, in handle_info\n'
                "    raise OverBudget(budget)\nOverBudget: 10000",
                last_message={"$type": "Review", "path": "test/test_typing.py", "budget": 10000},
                last_state=STATE,
                lost=2,
                mailbox_sample=["ping", "pong"],
                ancestors=["<0.15.0>", "<0.12.0>"],
                links=["<0.15.0>"],
                lived_s=0.8,
                redacted=1,
            )
        ],
    )
    for it in node.rows:
        node.states[it.pid] = Value(pid=it.pid, at=NOON, value=STATE, redacted=1, approx_bytes=1_240)
        node.stacks[it.pid] = Stack(pid=it.pid, at=NOON, status=it.status, frames=FRAMES)
        node.mailboxes[it.pid] = MailboxContents(
            pid=it.pid,
            at=NOON,
            total=it.mailbox,
            letters=[
                Letter(
                    id="3fa9c07b",
                    kind="cast",
                    sender="reviewer-2",
                    age_s=1.8,
                    type="Finding",
                    value={"$type": "Finding", "line": 88, "text": "bare except"},
                ),
                Letter(
                    id="7d11e2c4", kind="call", sender="reporter", age_s=0.4, type="str", value="worst files"
                ),
            ][: it.mailbox],
            groups=[
                LetterGroup(
                    kind="cast", sender="reviewer-2", type="Finding", count=1200, oldest_s=1.8, newest_s=0.1
                ),
                LetterGroup(kind="call", type="str", count=4, oldest_s=0.4, newest_s=0.2),
            ],
        )
        node.details[it.pid] = {
            "parent": Link(pid="<0.15.0>", name="reviewers"),
            "ancestors": [Link(pid="<0.15.0>", name="reviewers"), Link(pid="<0.12.0>", name="crew")],
            "links": [Link(pid="<0.15.0>", name="reviewers")],
            "monitored_by": [Link(pid="<0.14.0>", name="dispatcher")],
            "restart": "permanent",
            "remaining": 96,
            "window_s": 5.0,
            "accepts": ["Review", "Cancel"],
            "source": "demo/reviewer.py:40",
            "timers": 1,
            "tasks": [TaskInfo(ref="#Ref<7>", name="complete", for_s=12.4)]
            if it.name == "reviewer-4"
            else [],
        }
    node.details["<0.18.0>"] |= {"handler": "handle_info(Review)", "handler_for_s": 0.212, "slices": 187}
    return node
