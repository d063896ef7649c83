"""How the part of a script is generated that is about processes among themselves: links, monitors, names, keys, groups.

Where the order of two events is luck on OTP, a script must not depend on it. So links join two workers of one supervisor, each
worker at most one other; and below a supervisor that is killed nobody has a name or a key, which the successors need
while those that were left behind still have it (here a supervisor waits for them, see `runtime/supervision/starting.py`).
And nobody who watches groups is in one: OTP 25's `pg` crashes when such a process ends.
"""

from typing import Any

from hypothesis import strategies as st

__all__ = ["belongings", "society", "without_luck"]

Child = dict[str, Any]

KEYS = ("k1", "k2")
GROUPS = ("g", "h")
ENDS = ("normal", "shutdown", "error", "kill", "signal")


@st.composite
def belongings(draw: st.DrawFn) -> Child:
    """Where a worker is found, which groups it joins and which it watches, all from its start on."""
    return {
        "place": draw(st.sampled_from(["none"] * 6 + ["name", "name", *KEYS])),
        "joins": draw(st.sampled_from([[]] * 3 + [["g"], ["h"], ["g", "g"], ["g", "h"]])),
        "watches": draw(st.sampled_from([[]] * 4 + [["g"], ["all"]])),
    }


@st.composite
def society(draw: st.DrawFn, parents: list[Child], anyone: list[str]) -> list[list[Any]]:
    """Something between two workers, or a worker and a group, and often an end that the others hear of."""
    one = draw(st.sampled_from(anyone))
    other = draw(st.sampled_from([name for name in anyone if name != one] or anyone))
    key, group = draw(st.sampled_from(KEYS)), draw(st.sampled_from(GROUPS))
    match draw(st.sampled_from(_KINDS)):
        case "an end":
            return draw(_scene(parents, anyone, one))
        case "the dead":
            ended = ["terminate_child", other.rpartition(".")[0], other]
            return [ended, ["do", one, draw(st.sampled_from(["monitor", "link"])), other]]
        case "key":
            verb = draw(st.sampled_from(["register", "register", "unregister"]))
            asked = draw(st.sampled_from([["ask", "key", key], ["ask", "name", other]]))
            return [["do", one, verb, key], *([asked] if draw(st.booleans()) else [])]
        case "group":
            verb = draw(st.sampled_from(["join", "join", "leave", "tell"]))
            return [["tell", group] if verb == "tell" else ["do", one, verb, group]]
        case _:
            watching = ["do", one, draw(st.sampled_from(["watch", "watch", "unwatch"])), group]
            if draw(st.sampled_from([False, False, True])):
                watching = ["do", one, "watch", "all"]
            ends = [["do", other, "join", group], _end(draw(st.sampled_from(ENDS)), other)]
            return [watching, *ends[: draw(st.sampled_from([2, 2, 1, 0]))]]


_KINDS = ["an end"] * 6 + ["the dead", "key", "group", "watch", "watch"]


@st.composite
def _scene(draw: st.DrawFn, parents: list[Child], anyone: list[str], victim: str) -> list[list[Any]]:
    """A worker ends, or its supervisor, while others are linked with it or monitor it."""
    others = draw(st.lists(st.sampled_from(anyone), min_size=1, max_size=2, unique=True))
    whom = draw(st.sampled_from([victim] * 5 + [draw(st.sampled_from(parents))["id"]]))
    steps = [["do", other, "monitor", whom] for other in others if other != whom]
    for one, other in _pairs(parents):
        if one == victim and draw(st.booleans()):
            steps.append(draw(st.sampled_from([["do", other, "link", one], ["do", one, "link", other]])))
    if draw(st.sampled_from([False] * 4 + [True])):
        undone = draw(st.sampled_from(steps or [["do", victim, "link", victim]]))
        steps.append([*undone[:2], {"link": "unlink", "monitor": "demonitor"}[undone[2]], undone[3]])
    end = _end(draw(st.sampled_from(ENDS)), victim)
    return [*steps, end if whom == victim else draw(st.sampled_from([end, ["kill", whom]]))]


def _pairs(parents: list[Child]) -> list[tuple[str, str]]:
    """Workers of one supervisor, each with at most one other; in both directions."""
    pairs: list[tuple[str, str]] = []
    for parent in parents:
        workers = [child["id"] for child in parent["children"] if child["kind"] == "worker"]
        pairs += zip(workers[::2], workers[1::2], strict=False)
    return pairs + [(other, one) for one, other in pairs]


def _end(kind: str, name: str) -> list[Any]:
    match kind:
        case "kill":
            return ["kill", name]
        case "signal":
            return ["signal", name, "error"]
        case reason:
            return ["exit", name, reason]


def without_luck(tree: Child, steps: list[list[Any]]) -> tuple[Child, list[list[Any]]]:
    """The tree and the steps, without what luck would decide."""
    killed, watchers = _killed(tree, steps), _watchers(tree, steps)
    sibling = any(step[0] == "fail_asking" and step[2] == "kill" for step in steps)

    def mended(child: Child) -> Child:
        if child["kind"] == "supervisor":
            return {**child, "children": [mended(below) for below in child["children"]]}
        place = "none" if _below(child["id"], killed) else child["place"]
        return {**child, "place": place, "joins": [] if child["id"] in watchers else child["joins"]}

    kept: list[list[Any]] = []
    for step in steps:
        match step:
            case ["do", _, "link", _] if sibling:  # who of the three ends first is not said
                continue
            case ["do", name, "register", _] if _below(name, killed):
                continue
            case ["do", name, "join", _] if name in watchers:
                continue
            case [*start, dict(child)]:
                kept.append([*start, mended(child)])
            case _:
                kept.append(step)
    return mended(tree), kept


def _watchers(tree: Child, steps: list[list[Any]]) -> set[str]:
    """The ids of those that ever watch a group."""
    started = [step[-1] for step in steps if isinstance(step[-1], dict)]
    watching = {child["id"] for child in _workers([tree, *started]) if child["watches"]}
    return watching | {step[1] for step in steps if step[0] == "do" and step[2] == "watch"}


def _workers(children: list[Child]) -> list[Child]:
    return [
        worker
        for child in children
        for worker in ([child] if child["kind"] == "worker" else _workers(child["children"]))
    ]


def _killed(tree: Child, steps: list[list[Any]]) -> set[str]:
    """The ids that are killed; of the root nothing is left that could be replaced."""
    killed: set[str] = set()
    for step in steps:
        match step:
            case ["kill", name] | ["fail_asking", _, "kill", name]:
                killed.add(name)
            case ["kill_together", _, names]:
                killed.update(names)
    return killed - {tree["id"]}


def _below(name: str, killed: set[str]) -> bool:
    return any(name.startswith(f"{other}.") for other in killed)
