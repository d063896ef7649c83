"""Nodes unlike the crew: quiet, empty, stuck, crowded, hostile. As data: what `fake_node` answers from."""

from __future__ import annotations

from datetime import timedelta

from runtime.port.contract import (
    Bottom,
    Inside,
    Link,
    OSLimits,
    OSProcess,
    OwnThread,
    Restart,
    Restarts,
    Running,
    Slicing,
    Tree,
    TreeNode,
    Trouble,
    Value,
    Zombie,
)
from tests.support.crew import FRAMES, WHY, crew, crew_tree, info, row
from tests.support.fake_node import NOON, FakeNode


def healthy() -> FakeNode:
    """The crew when all is quiet."""
    node = crew(
        deepest=None,
        oldest=None,
        busiest=None,
        last_crash=None,
        restarting=None,
        spinning=None,
        mailbox_total=0,
        crashes=0,
        restarts=0,
        statuses={"waiting": 10},
        lag_ms=0.2,
    )
    node.rows = [
        it.model_copy(
            update={
                "status": "waiting",
                "mailbox": 0,
                "mailbox_delta": 0.0,
                "oldest_s": None,
                "busy": 0.0,
                "restarts": 0,
                "doing": None,
            }
        )
        for it in node.rows
    ]
    return node


def empty() -> FakeNode:
    """A node without processes."""
    quiet = info(
        name="bare",
        processes=0,
        mailbox_total=0,
        spinning=None,
        deepest=None,
        oldest=None,
        busiest=None,
        last_crash=None,
        restarting=None,
        statuses={},
        counters={},
        messages_handled=0,
        crashes=0,
        restarts=0,
        port=None,
        host=None,
    )
    return FakeNode([], quiet, Tree(at=NOON, processes=0, roots=[]))


def stuck() -> FakeNode:
    """A step that holds the loop, since time is not sliced: the port answers, the loop does not."""
    why = "the loop is not in the main thread, where signals arrive"
    running = Running(
        pid="<0.21.0>", name="reviewer-4", handler="handle_info(Review)", for_s=12.3, stack=FRAMES
    )
    node = crew(
        running=running,
        spinning=None,
        lag_ms=12_300.0,
        preemption=f"report only: {why}",
        slicing=Slicing(mode="report only", why=why),
    )
    node.change("<0.18.0>", status="ready")
    node.change("<0.21.0>", status="running", busy=1.0)
    return node


def spun() -> FakeNode:
    """A step that does not end, in slices: everybody else goes on."""
    node = healthy()
    spinner = Running(
        pid="<0.21.0>",
        name="reviewer-4",
        handler="handle_info(Review)",
        for_s=12.3,
        stack=FRAMES,
        slices=11_204,
    )
    node.info = node.info.model_copy(
        update={
            "spinning": spinner,
            "busiest": Trouble(pid="<0.21.0>", name="reviewer-4", value=0.97),
            "statuses": {"waiting": 9, "parked": 1},
            "slicing": Slicing(mode="time-slicing", why=WHY, parks=59_316, rescues=2, parked=1),
        }
    )
    node.change("<0.21.0>", status="parked", busy=0.97)
    node.details["<0.21.0>"] |= {"handler": "handle_info(Review)", "handler_for_s": 12.3, "slices": 11_204}
    return node


GHOST = Zombie(
    pid="<0.17.0>",
    name="reviewer-4",
    behaviour="demo.reviewer:Reviewer",
    since=NOON - timedelta(seconds=26),
    throws=20,
    ended_by="killed, by key owner",
    stack=FRAMES,
)


def haunted() -> FakeNode:
    """The crew after a kill whose victim's code does not end."""
    node = healthy()
    sliced = Slicing(mode="time-slicing", why=WHY, parks=59_316, rescues=2, zombies=1)
    node.info = node.info.model_copy(update={"zombies": [GHOST], "slicing": sliced})
    return node


def haunt(node: FakeNode) -> None:
    """The node still answers for its zombie, as a process that has ended and is none of the list."""
    node.rows = [*node.rows, row(17, "reviewer-4", "demo.reviewer:Reviewer", "zombie")]
    node.details[GHOST.pid] = {"zombie": GHOST, "restart": "permanent", "remaining": 99, "window_s": 5.0}
    node.stacks[GHOST.pid] = node.stacks["<0.21.0>"].model_copy(update={"pid": GHOST.pid, "status": "zombie"})


def given_up() -> FakeNode:
    """The crew after too many falls of its scanner: nothing runs any more."""
    node = healthy()
    text = "child scanner: more than 3 restarts in 5 s"
    gone = Trouble(pid="<0.12.0>", name="crew", value=12.0, text=text)
    node.rows = []
    node.info = node.info.model_copy(
        update={"gave_up": gone, "processes": 1, "statuses": {"waiting": 1}, "crashes": 4, "restarts": 3}
    )
    top = TreeNode(
        pid=None,
        id="crew",
        kind="supervisor",
        strategy="rest_for_one",
        max_restarts=3,
        max_seconds=5.0,
        restart="transient",
        status="ended",
        last_reason="shutdown",
        last_restart_s=12.0,
        gave_up=text,
    )
    node.tree = Tree(at=NOON, processes=1, roots=[top])
    return node


def crowd(count: int = 400, total: int = 100_003) -> FakeNode:
    """A node of 100,003 processes, of which the test holds some."""
    rows = [
        row(
            place,
            f"agent-{place}" if place % 3 else None,
            "swarm.agents:Agent",
            mailbox=count - place,
            oldest_s=0.001 * (count - place),
            label=None if place % 3 else f"lookup of customer {place}",
            reductions=place * 37,
            busy=0.0,
        )
        for place in range(count)
    ]
    node = FakeNode(
        rows, info(name="swarm", processes=total, restarting=None, last_crash=None), crew_tree(), total=total
    )
    children = [
        TreeNode(pid=it.pid, id=it.name or it.pid, restart="temporary", mailbox=it.mailbox)
        for it in rows[:100]
    ]
    root = TreeNode(
        pid="<0.1.0>",
        id="swarm",
        kind="supervisor",
        strategy="one_for_one",
        max_restarts=3,
        max_seconds=5.0,
        used=2,
        children=children,
        more=99_900,
    )
    node.tree = Tree(at=NOON, processes=total, roots=[root])
    return node


HOSTILE = [
    "[bold red]not bold[/bold red]",
    "[/] closes nothing",
    "\x1b[31mred\x1b[0m \x07 bell\nsecond line",
    "日本語のエージェント 処理中です",
    "e\u0301tude \U0001f469\u200d\U0001f680 zwj",
    "\u202egnp.exe",
    "[@click=app.quit]click[/]",
    "x" * 300,
    "\u200b\ufeff",
]


def hostile() -> FakeNode:
    """Names, labels, behaviours, reasons and states that try to be something else than text."""
    rows = [
        row(40 + place, text, f"mod:{text}", doing=text, mailbox=place) for place, text in enumerate(HOSTILE)
    ]
    node = FakeNode(
        rows,
        info(name="[b]crew", deepest=Trouble(pid="<0.48.0>", name=HOSTILE[0], value=8_000, text=HOSTILE[2])),
        crew_tree(),
    )
    children = [TreeNode(pid=it.pid, id=it.name or "", restart="permanent", doing=it.doing) for it in rows]
    node.tree = Tree(
        at=NOON,
        processes=len(rows),
        roots=[
            TreeNode(
                pid="<0.1.0>",
                id="[/]root",
                kind="supervisor",
                strategy="one_for_one",
                max_restarts=3,
                max_seconds=5.0,
                used=1,
                children=children,
            )
        ],
    )
    for it in rows:
        node.states[it.pid] = Value(
            pid=it.pid,
            at=NOON,
            value={"$type": HOSTILE[0], HOSTILE[3]: HOSTILE[2], "$$own": HOSTILE[1]},
            approx_bytes=10,
        )
    return node


def deadlocked() -> FakeNode:
    """Three of the crew wait for each other."""
    circle = [
        Link(pid=f"<0.{pid}.0>", name=name)
        for pid, name in ((13, "librarian"), (14, "dispatcher"), (17, "scanner"))
    ]
    trouble = {
        "oldest": Trouble(pid="<0.14.0>", name="dispatcher", value=41.0),
        "deepest": None,
        "spinning": None,
    }
    return crew(**trouble, restarting=None, last_crash=None, calls=3, circle=circle, circle_s=41.0)


def leaking() -> FakeNode:
    """One of the crew holds more and more."""
    node = healthy()
    figures = {"librarian": (84_200_000, 4_100_000.0), "dispatcher": (1_200_000, 210_000.0)}
    found = ((it, figures.get(it.name or "", (3_100, 0.0))) for it in node.rows)
    node.rows = [
        it.model_copy(update={"memory": size, "memory_delta": grows, "memory_cut": it.name == "dispatcher"})
        for it, (size, grows) in found
    ]
    return node


def fallen() -> FakeNode:
    """A crash loop that has taken three levels of supervisors with it."""
    text = "child reviewers: more than 3 restarts in 5 s"
    gone = Trouble(pid="<0.12.0>", name="crew", value=12.0, text=text)
    cause = Trouble(pid="<0.93.0>", name="reviewer-3", value=12.1, text="OverBudget(10000)")
    node = crew(
        gave_up=gone,
        root_cause=cause,
        last_crash=cause,
        restarting=None,
        spinning=None,
        deepest=None,
        oldest=None,
    )
    bottom = Bottom(child="reviewer-3", pid="<0.93.0>", reason="OverBudget(10000)")
    ends = (
        ("crew", 12, bottom),
        ("reviewers", 88, bottom),
        ("reviewer-3", 93, None),
        ("reviewer-3", 92, None),
    )
    entries = [
        Restart(
            at=NOON - timedelta(seconds=12), child=child, old_pid=f"<0.{pid}.0>", lived_s=0.5, lost=0, gave_up=cause_of,
            reason="shutdown" if cause_of is not None else "OverBudget(10000)",
        )
        for child, pid, cause_of in ends
    ]  # fmt: skip
    node.history = Restarts(at=NOON, entries=entries)
    return node


def elsewhere() -> FakeNode:
    """A process with a thread, and one with an OS process, of its own, in which another one lives."""
    node = healthy()
    node.change("<0.18.0>", place="isolated", memory=84_200_000)
    node.change("<0.19.0>", place="thread")
    node.details["<0.18.0>"] |= {
        "os_process": OSProcess(
            pid=4711, memory=84_200_000, address_space=470_000_000, cpu_s=51.0, busy=0.31, files=12, processes=0,
            limits=OSLimits(memory=512 << 20, cpu=60, files=100, processes=2),
            inside=[Inside(pid="<18.2.0>", behaviour="demo.parser:worker", status="waiting", mailbox=3)],
        )
    }  # fmt: skip
    node.details["<0.19.0>"] |= {
        "thread": OwnThread(name="observer <0.19.0> reviewer-2", ident=140_313_185, native_id=4712)
    }
    inside = node.rows[-1].model_copy(
        update={"pid": "<18.2.0>", "name": None, "behaviour": "demo.parser:worker", "mailbox": 3}
    )
    node.inside = [inside]
    node.details["<18.2.0>"] = {"lives_in": Link(pid="<0.18.0>", name="reviewer-1")}
    return node
