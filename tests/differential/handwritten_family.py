"""Scripts written by hand for significant children, `ignore`, slow starts and dynamic supervisors; named by the rule."""

from tests.differential.script import HASTY, Script, crowd, member, supervisor, worker

__all__ = ["FAMILY"]


def _script(tree: dict[str, object], *steps: list[object]) -> Script:
    return {"tree": tree, "steps": list(steps)}


def _auto(mode: str, *children: dict[str, object], **changes: object) -> dict[str, object]:
    """A root above a supervisor `s` that may shut itself down."""
    settings = {"restart": "transient", **changes}
    return supervisor("root", supervisor("s", *children, auto_shutdown=mode, **settings), worker("z"))


def _significant(name: str, restart: str = "transient", **changes: object) -> dict[str, object]:
    return worker(name, restart=restart, significant=True, **changes)


_TWO = (_significant("a"), _significant("b", "temporary"), worker("c"))
_C = crowd("c", max_restarts=2)
_T = crowd("c", max_restarts=2, restarts="transient")
_X = crowd("c", restarts="temporary")


def _in(parent: dict[str, object], *numbers: int, **changes: object) -> list[list[object]]:
    """Start members of a crowd."""
    return [["start_child", parent["id"], member(parent, number, **changes)] for number in numbers]


FAMILY: dict[str, Script] = {
    "any significant child that ends normally ends its supervisor": _script(
        _auto("any_significant", *_TWO), ["exit", "a", "normal"], ["restart_child", "root", "s"]
    ),
    "any temporary significant child ends it by a crash": _script(
        _auto("any_significant", *_TWO), ["exit", "b", "error"]
    ),
    "a significant child that is restarted ends nothing": _script(
        _auto("any_significant", *_TWO), ["exit", "a", "error"], ["kill", "a"]
    ),
    "all significant children have to end": _script(
        _auto("all_significant", *_TWO), ["exit", "a", "shutdown"], ["exit", "b", "normal"]
    ),
    "a significant child that was terminated counts as ended": _script(
        _auto("all_significant", *_TWO), ["terminate_child", "s", "a"], ["exit", "b", "normal"]
    ),
    "terminating significant children ends nothing": _script(
        _auto("any_significant", *_TWO), ["terminate_child", "s", "a"], ["terminate_child", "s", "b"]
    ),
    "a significant child that ignores counts as ended": _script(
        _auto("all_significant", *_TWO), ["ignore_next", "a", 1], ["kill", "a"], ["exit", "b", "normal"]
    ),
    "a temporary significant child that goes with its group ends nothing": _script(
        _auto("any_significant", *_TWO, strategy="one_for_all"), ["kill", "c"]
    ),
    "a permanent supervisor that shuts itself down is restarted": _script(
        _auto("any_significant", *_TWO, restart="permanent"), ["exit", "a", "normal"]
    ),
    "a root that shuts itself down is gone": _script(
        supervisor("root", *_TWO, auto_shutdown="any_significant"), ["exit", "b", "normal"]
    ),
    "a supervisor may be significant": _script(
        supervisor(
            "root",
            supervisor("s", worker("a"), max_restarts=0, restart="transient", significant=True),
            worker("z"),
            auto_shutdown="any_significant",
        ),
        ["kill", "a"],
    ),
    "a significant child is refused where nothing follows from it": _script(
        supervisor("root", worker("a")), ["start_child", "root", _significant("b")]
    ),
    "a permanent significant child is refused": _script(
        supervisor("root", worker("a"), auto_shutdown="any_significant"),
        ["start_child", "root", _significant("b", "permanent")],
    ),
    "a child that ignores keeps its place": _script(
        supervisor("root", worker("a"), worker("b")),
        ["terminate_child", "root", "a"],
        ["ignore_next", "a", 1],
        ["restart_child", "root", "a"],
        ["restart_child", "root", "a"],
    ),
    "a new child that ignores keeps its place": _script(
        supervisor("root", worker("a")),
        ["ignore_next", "b", 2],
        ["start_child", "root", worker("b")],
        ["start_child", "root", worker("b")],
        ["restart_child", "root", "b"],
        ["delete_child", "root", "b"],
    ),
    "a temporary child that ignores is dropped": _script(
        supervisor("root", worker("a")),
        ["ignore_next", "b", 1],
        ["start_child", "root", worker("b", restart="temporary")],
        ["start_child", "root", worker("b", restart="temporary")],
    ),
    "a restart that is ignored is the end of it": _script(
        supervisor("root", worker("a")),
        ["ignore_next", "a", 1],
        ["kill", "a"],
        ["restart_child", "root", "a"],
    ),
    "one of a group may ignore": _script(
        supervisor("root", worker("a"), worker("b"), worker("c"), strategy="one_for_all"),
        ["ignore_next", "b", 1],
        ["kill", "c"],
        ["kill", "a"],
    ),
    "slow starts keep their order": _script(
        supervisor(
            "root", worker("a", slow=True), worker("b"), worker("c", slow=True), strategy="one_for_all"
        ),
        ["kill", "b"],
        ["fail_next", "c", 1],
        ["kill", "a"],
    ),
    "a dynamic child comes and goes": _script(
        supervisor("root", _C),
        *_in(_C, 1, 2),
        ["terminate_child", "c.dyn", "c.dyn.1"],
        ["terminate_child", "c.dyn", "c.dyn.1"],
    ),
    "dynamic ids need not be unique": _script(supervisor("root", _C), *_in(_C, 1, 1), ["kill", "c.dyn.1"]),
    "a permanent dynamic child is always restarted": _script(
        supervisor("root", _C), *_in(_C, 1), ["exit", "c.dyn.1", "normal"], ["exit", "c.dyn.1", "shutdown"]
    ),
    "a transient dynamic child is restarted after a crash and else forgotten": _script(
        supervisor("root", _T), *_in(_T, 1), ["exit", "c.dyn.1", "error"], ["exit", "c.dyn.1", "normal"]
    ),
    "a temporary dynamic child is forgotten": _script(
        supervisor("root", _X), *_in(_X, 1, 2), ["kill", "c.dyn.1"]
    ),
    "a dynamic child that cannot start is not kept": _script(
        supervisor("root", _C), *_in(_C, 1, fails=1), *_in(_C, 2)
    ),
    "a new dynamic child that ignores is not kept": _script(
        supervisor("root", _C), ["ignore_next", "c.dyn.1", 1], *_in(_C, 1, 2)
    ),
    "a dynamic child whose restart fails is tried again": _script(
        supervisor("root", _C), *_in(_C, 1, 2), ["fail_next", "c.dyn.1", 1], ["kill", "c.dyn.1"]
    ),
    "a dynamic supervisor gives up like any other": _script(
        supervisor("root", _C), *_in(_C, 1, 2), *[["kill", "c.dyn.1"]] * 3
    ),
    "dynamic children that end together count each": _script(
        supervisor("root", _C),
        *_in(_C, 1, 2, 3),
        ["kill_together", "c.dyn", ["c.dyn.1", "c.dyn.2", "c.dyn.3"]],
    ),
    "a killed dynamic supervisor comes back empty": _script(
        supervisor("root", _C), *_in(_C, 1, 2), ["kill", "c.dyn"], *_in(_C, 3)
    ),
    "there is nothing to restart or delete by id": _script(
        supervisor("root", _C),
        *_in(_C, 1),
        ["restart_child", "c.dyn", "c.dyn.1"],
        ["delete_child", "c.dyn", "c.dyn.1"],
    ),
    "all dynamic children are stopped and those that hang are killed": _script(
        supervisor("root", crowd("c", shutdowns=HASTY), worker("z")),
        *_in(crowd("c", shutdowns=HASTY), 1, 2, hangs=True),
        ["terminate_child", "root", "c.dyn"],
        ["restart_child", "root", "c.dyn"],
    ),
}
