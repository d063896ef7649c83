"""What the two sides of the differential tests read: a script, and how scripts are generated.

A script is plain JSON, so that both sides read the same:

    {"tree":  {"kind": "supervisor", "id": "root", "strategy": …, "max_restarts": …, "children": [child, …]},
     "steps": [["kill", "a"], ["terminate_child", "root", "b"], …]}

A child is a worker or again a supervisor; ids are unique in the tree. Restarts count in a window of 1000 s,
so the wall clock never matters. A worker `traps` exits or not, `fails` in its first n starts (a count kept
outside of it), is `slow` to start (its init waits), and one that `hangs` never ends when its supervisor asks it to.
It has a `place`: none, its id as a registered name, or a key; and from its start on it is in the groups that it `joins`, and hears
who joins and leaves those that it `watches` ("all": every group). A child may be `significant` to a supervisor with `auto_shutdown`. A supervisor whose id ends with `dyn` is dynamic: OTP's
simple_one_for_one, with a `template` of what its children have in common; these are `dynamic` workers, come by start_child
alone, and their ids, which OTP does not know, need not be unique. The steps:

    exit ID REASON              the worker ends itself: normal, shutdown, shutdown_with, or error (it raises)
    kill ID                     the untrappable exit signal, to a worker or a supervisor
    signal ID REASON            an exit signal from a stranger
    kill_together SUP [ID, …]   the supervisor learns of all these ends before it acts on the first
    start_child SUP CHILD, which_children SUP, and terminate_child, restart_child, delete_child SUP ID
    fail_next ID N              the next N starts of the worker fail
    ignore_next ID N            the next N starts of the worker return `ignore`
    fail_asking ID OPERATION    the next start fails, and its supervisor gets a request before it can try again
                                (one of those above without SUP), or learns of the end of a sibling, whose next
                                start fails (kill SIBLING)
    do ID VERB WHAT             the worker does it: link, unlink, monitor, demonitor with another (the last of this id, where
                                none lives), register or unregister a key, join or leave a group, watch or unwatch groups
    ask name ID, ask key KEY    who answers there
    tell GROUP                  a message to its members

This file runs nothing: `otp_side.erl` and `observer_side.py` do.
"""

from typing import Any

from hypothesis import strategies as st

from tests.differential.script_society import belongings, society, without_luck

__all__ = ["Script", "crowd", "erlang_term", "member", "scripts", "supervisor", "worker"]

Script = dict[str, Any]
Child = dict[str, Any]

PATIENT = 5_000  # ms: longer than anything here takes to stop
HASTY = 50  # ms: what a worker that hangs is given

RESTARTS = ("permanent", "transient", "temporary")
STRATEGIES = ("one_for_one", "one_for_all", "rest_for_one")
REASONS = ("normal", "shutdown", "shutdown_with", "error")


def worker(name: str, **changes: Any) -> Child:
    """A permanent worker that traps exits (so that its stop is seen), and what is different about it."""
    defaults = {
        "restart": "permanent",
        "shutdown": PATIENT,
        "traps": True,
        "fails": 0,
        "hangs": False,
        "slow": False,
        "significant": False,
        "dynamic": False,
        "place": "none",
        "joins": [],
        "watches": [],
    }
    return {"kind": "worker", "id": name, **defaults, **changes}


def supervisor(name: str, *children: Child, **changes: Any) -> Child:
    """A one_for_one supervisor that allows 3 restarts, and what is different about it."""
    defaults = {
        "strategy": "one_for_one",
        "max_restarts": 3,
        "restart": "permanent",
        "shutdown": "infinity",
        "significant": False,
        "auto_shutdown": "never",
        "template": {},
    }
    return {"kind": "supervisor", "id": name, "children": list(children), **defaults, **changes}


def crowd(name: str, **changes: Any) -> Child:
    """A dynamic supervisor, and what is different about it, or about its children: `restarts` and `shutdowns`."""
    template = {
        "restart": changes.pop("restarts", "permanent"),
        "shutdown": changes.pop("shutdowns", PATIENT),
    }
    return supervisor(f"{name}.dyn", strategy="simple_one_for_one", template=template, **changes)


def member(parent: Child, number: int, **changes: Any) -> Child:
    """A worker for `crowd`."""
    return worker(f"{parent['id']}.{number}", dynamic=True, **parent["template"], **changes)


def erlang_term(value: Any) -> str:
    """The same value as Erlang source: strings as atoms, objects as maps."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return f"'{value}'"
        case list():
            return f"[{','.join(map(erlang_term, value))}]"
        case dict():
            return "#{" + ",".join(f"'{key}'=>{erlang_term(item)}" for key, item in value.items()) + "}"
        case _:
            raise TypeError(f"not part of a script: {value!r}")


@st.composite
def _workers(draw: st.DrawFn, name: str, auto: str = "never") -> Child:
    restart = draw(st.sampled_from(RESTARTS))
    traps = draw(st.booleans())
    hangs = traps and draw(st.sampled_from([False] * 9 + [True]))
    patience = [HASTY, "brutal_kill"] if hangs else [PATIENT, PATIENT, "infinity", "brutal_kill"]
    return worker(
        name,
        traps=traps,
        hangs=hangs,
        restart=restart,
        significant=auto != "never" and restart != "permanent" and draw(st.booleans()),
        slow=draw(st.sampled_from([False] * 5 + [True])),
        shutdown=draw(st.sampled_from(patience)),
        fails=draw(st.sampled_from([0] * 79 + [1])),
        **draw(belongings()),
    )


@st.composite
def _supervisors(draw: st.DrawFn, name: str, depth: int) -> Child:
    """A supervisor whose children's names begin with its own, so that ids are unique in the tree."""
    children: list[Child] = []
    auto = draw(st.sampled_from(["never", "never", "any_significant", "all_significant"]))
    for number in range(1, draw(st.integers(1, 4 if depth else 3)) + 1):
        nested = depth > 0 and draw(st.sampled_from([False, False, True]))
        child = f"{name}.{number}"
        if draw(st.sampled_from([False] * 7 + [True])):
            children.append(draw(_crowds(child)))
        else:
            children.append(draw(_supervisors(child, depth - 1) if nested else _workers(child, auto)))
    return supervisor(
        name,
        *children,
        strategy=draw(st.sampled_from(STRATEGIES)),
        max_restarts=draw(st.sampled_from([0, 1, 2, 3, 5, 8])),
        restart=draw(st.sampled_from(RESTARTS)),
        auto_shutdown=auto,
    )


@st.composite
def _crowds(draw: st.DrawFn, name: str) -> Child:
    return crowd(
        name,
        restarts=draw(st.sampled_from(RESTARTS)),
        shutdowns=draw(st.sampled_from([PATIENT, "infinity", "brutal_kill"])),
        max_restarts=draw(st.sampled_from([0, 1, 2, 3, 5])),
        restart=draw(st.sampled_from(RESTARTS)),
    )


@st.composite
def _members(draw: st.DrawFn, parent: Child) -> Child:
    """Some are found by name: always those whose id ends with 4, so that a name is always the same child's."""
    number = draw(st.sampled_from([1, 2, 3, 1, 2, 3, 4]))
    changes = {"traps": draw(st.booleans()), "slow": draw(st.booleans()), **draw(belongings())}
    if number == 4 or changes["place"] == "name":
        changes["place"] = "name" if number == 4 else "none"
    return member(parent, number, **changes)


def _all_of(child: Child) -> list[Child]:
    return [child, *(found for below in child.get("children", []) for found in _all_of(below))]


@st.composite
def _operations(draw: st.DrawFn, parent: Child) -> list[Any]:
    """An operation on one supervisor; "new" is a child that nobody has at first, "nobody" never is one."""
    name = parent["id"]
    if parent["template"]:
        return draw(_dynamic_operations(parent))
    children = [child["id"] for child in parent["children"]]
    verb = draw(st.sampled_from(["terminate_child", "restart_child", "delete_child", "start_child"]))
    if verb != "start_child":
        return [verb, name, draw(st.sampled_from([*children, *children, f"{name}.new", "nobody"]))]
    wanted = draw(st.sampled_from([f"{name}.new", f"{name}.new", f"{name}.branch", *children]))
    if wanted.endswith("branch"):
        return [verb, name, supervisor(wanted, draw(_workers(f"{wanted}.1")), draw(_workers(f"{wanted}.2")))]
    return [verb, name, draw(_workers(wanted, parent["auto_shutdown"]))]


@st.composite
def _dynamic_operations(draw: st.DrawFn, parent: Child) -> list[Any]:
    verbs = ["start_child"] * 6 + ["terminate_child"] * 3 + ["restart_child", "delete_child"]
    verb, someone = draw(st.sampled_from(verbs)), draw(_members(parent))
    return [verb, parent["id"], someone if verb == "start_child" else someone["id"]]


@st.composite
def _phrases(draw: st.DrawFn, tree: Child) -> list[list[Any]]:
    """One step, or two that mean more together."""
    members = _all_of(tree)
    parents = [child for child in members if child["kind"] == "supervisor"]
    workers = [child["id"] for child in members if child["kind"] == "worker"]
    anyone = workers + workers + [f"{parent['id']}.new" for parent in parents]
    if workers and draw(st.booleans()):
        return draw(society(parents, workers))
    crowds = [parent for parent in parents if parent["template"]]
    if crowds and draw(st.booleans()):
        return draw(_crowded(draw(st.sampled_from(crowds))))
    parent = draw(st.sampled_from([parent for parent in parents if not parent["template"]]))
    ids = [child["id"] for child in parent["children"]]
    match draw(st.sampled_from(_KINDS)):
        case "exit":
            return [["exit", draw(st.sampled_from(anyone)), draw(st.sampled_from((*REASONS, "error")))]]
        case "kill":
            return [["kill", draw(st.sampled_from(ids))]]
        case "signal":
            return [["signal", draw(st.sampled_from([*anyone, "root"])), draw(st.sampled_from(REASONS))]]
        case "kill together":
            chosen = draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
            return [["kill_together", parent["id"], chosen]]
        case "fail":
            victim = draw(st.sampled_from(workers or ["nobody"]))
            failing = ["fail_next", victim, draw(st.integers(1, 4))]
            chosen = draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))
            ends = [
                ["kill", victim],
                ["exit", victim, "error"],
                ["kill", ids[0]],
                ["kill_together", parent["id"], chosen],
            ]
            return [failing, draw(st.sampled_from(ends))]
        case "ignore":
            victim = draw(st.sampled_from(workers or ["nobody"]))
            ignoring = ["ignore_next", victim, draw(st.integers(1, 2))]
            ends = [
                ["kill", victim],
                ["exit", victim, "error"],
                ["kill", ids[0]],
                ["restart_child", parent["id"], victim],
            ]
            return [ignoring, draw(st.sampled_from(ends))]
        case "fail asking":
            verb, _, *arguments = draw(_operations(parent))
            sibling = ["kill", draw(st.sampled_from(ids))]
            failing = [
                "fail_asking",
                draw(st.sampled_from(ids)),
                *draw(st.sampled_from([[verb, *arguments], sibling])),
            ]
            return [failing, ["kill", draw(st.sampled_from([failing[1], *ids]))]]
        case "terminate":
            name = draw(st.sampled_from(ids))
            verb = draw(st.sampled_from(["restart_child", "delete_child", "terminate_child"]))
            return [["terminate_child", parent["id"], name], [verb, parent["id"], name]]
        case _:
            return [draw(_operations(parent))]


@st.composite
def _crowded(draw: st.DrawFn, parent: Child) -> list[list[Any]]:
    """Some members, and what befalls them."""
    steps = [["start_child", parent["id"], draw(_members(parent))] for _ in range(draw(st.integers(1, 3)))]
    names = [step[2]["id"] for step in steps]
    ends = [
        ["exit", draw(st.sampled_from(names)), draw(st.sampled_from((*REASONS, "error")))],
        ["kill", draw(st.sampled_from(names))],
        ["signal", draw(st.sampled_from(names)), draw(st.sampled_from(REASONS))],
        ["kill_together", parent["id"], draw(st.lists(st.sampled_from(names), min_size=1, unique=True))],
        draw(_dynamic_operations(parent)),
        ["kill", parent["id"]],
    ]
    failing = ["fail_next", draw(st.sampled_from(names)), draw(st.integers(1, 3))]
    chosen = draw(st.lists(st.sampled_from(ends), min_size=1, max_size=3))
    return [*steps, *([failing] if draw(st.booleans()) else []), *chosen]


_KINDS = (
    ["exit"] * 6
    + ["kill"] * 2
    + ["signal", "kill together", "fail", "fail asking", "ignore"]
    + ["terminate"] * 2
    + ["operation"] * 4
)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Any tree of up to three levels, and up to eight phrases."""
    tree = draw(_supervisors("root", 2))
    phrases = draw(st.lists(_phrases(tree), min_size=1, max_size=8))
    tree, steps = without_luck(tree, [step for phrase in phrases for step in phrase])
    return {"tree": tree, "steps": steps}
