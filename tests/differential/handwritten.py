"""Scripts written by hand, one for each rule of OTP's supervisor that must not be lost; named by the rule."""

from tests.differential.handwritten_family import FAMILY
from tests.differential.handwritten_society import SOCIETY
from tests.differential.script import HASTY, Script, supervisor, worker

__all__ = ["HANDWRITTEN"]


def _three(strategy: str, **changes: object) -> dict[str, object]:
    return supervisor("root", worker("a"), worker("b"), worker("c"), strategy=strategy, **changes)


def _script(tree: dict[str, object], *steps: list[object]) -> Script:
    return {"tree": tree, "steps": list(steps)}


def _branch(*children: dict[str, object], **changes: object) -> dict[str, object]:
    """A root with a nested supervisor `s` between two workers."""
    return supervisor("root", worker("a"), supervisor("s", *children, **changes), worker("z"))


_ONE_OF_EACH = supervisor(
    "root",
    worker("p"),
    worker("t", restart="transient"),
    worker("x", restart="temporary"),
    max_restarts=9,
)

HANDWRITTEN: dict[str, Script] = {
    "one_for_one restarts only the one that crashed": _script(_three("one_for_one"), ["exit", "b", "error"]),
    "one_for_all stops in reverse and starts in order": _script(
        _three("one_for_all"), ["exit", "b", "error"]
    ),
    "rest_for_one restarts the one and those after it": _script(
        _three("rest_for_one"), ["exit", "b", "error"]
    ),
    "a normal exit restarts the permanent only": _script(
        _ONE_OF_EACH, ["exit", "p", "normal"], ["exit", "t", "normal"], ["exit", "x", "normal"]
    ),
    "a shutdown restarts the permanent only": _script(
        _ONE_OF_EACH, ["exit", "p", "shutdown"], ["exit", "t", "shutdown_with"], ["exit", "x", "shutdown"]
    ),
    "a crash restarts all but the temporary": _script(
        _ONE_OF_EACH, ["exit", "p", "error"], ["exit", "t", "error"], ["exit", "x", "error"]
    ),
    "a kill restarts all but the temporary": _script(
        _ONE_OF_EACH, ["kill", "p"], ["kill", "t"], ["kill", "x"]
    ),
    "a group restart forgets the temporary": _script(
        supervisor(
            "root",
            worker("x", restart="temporary"),
            worker("t", restart="transient"),
            worker("p"),
            strategy="one_for_all",
        ),
        ["exit", "t", "normal"],
        ["exit", "p", "error"],
        ["restart_child", "root", "x"],
    ),
    "beyond its intensity the root gives up": _script(
        _three("one_for_one", max_restarts=2), ["kill", "a"], ["kill", "b"], ["exit", "c", "error"]
    ),
    "with no restarts allowed the first crash ends it": _script(
        _three("one_for_all", max_restarts=0), ["exit", "b", "error"]
    ),
    "a nested supervisor that gives up is restarted": _script(
        _branch(worker("b"), worker("c"), max_restarts=1), ["kill", "b"], ["kill", "b"], ["kill", "c"]
    ),
    "a transient supervisor that gives up stays down": _script(
        _branch(worker("b"), max_restarts=0, restart="transient"),
        ["kill", "b"],
        ["restart_child", "root", "s"],
    ),
    "giving up escalates to the top": _script(
        supervisor(
            "root",
            supervisor("s", supervisor("u", worker("b"), max_restarts=0), max_restarts=0),
            max_restarts=1,
        ),
        ["exit", "b", "error"],
        ["exit", "b", "error"],
    ),
    "a crash inside does not touch the siblings of its supervisor": _script(
        supervisor("root", supervisor("s", worker("b"), worker("c"), strategy="one_for_all"), worker("z")),
        ["exit", "c", "error"],
    ),
    "a killed supervisor takes its children along and is restarted": _script(
        _branch(worker("b"), worker("c", traps=False)), ["kill", "s"]
    ),
    "a killed supervisor restarts the rest": _script(
        supervisor("root", worker("a"), supervisor("s", worker("b")), worker("z"), strategy="rest_for_one"),
        ["kill", "s"],
    ),
    "a killed root leaves nothing alive": _script(
        _branch(worker("b"), supervisor("u", worker("c"))), ["kill", "root"]
    ),
    "a supervisor ignores the exit signals of strangers": _script(
        _branch(worker("b")),
        ["signal", "s", "error"],
        ["signal", "root", "shutdown"],
        ["signal", "s", "normal"],
    ),
    "exit signals end those that do not trap, except normal": _script(
        supervisor("root", worker("a", traps=False), worker("b"), max_restarts=9),
        ["signal", "a", "normal"],
        ["signal", "a", "shutdown"],
        ["signal", "a", "error"],
        ["signal", "b", "normal"],
        ["signal", "b", "shutdown"],
        ["signal", "b", "error"],
    ),
    "a terminated child stays until restarted": _script(
        _three("one_for_one"),
        ["terminate_child", "root", "b"],
        ["terminate_child", "root", "b"],
        ["restart_child", "root", "b"],
        ["restart_child", "root", "b"],
    ),
    "a terminated child comes back with its group": _script(
        _three("one_for_all"), ["terminate_child", "root", "b"], ["kill", "c"]
    ),
    "a terminated child before the crash stays down": _script(
        _three("rest_for_one"),
        ["terminate_child", "root", "a"],
        ["terminate_child", "root", "c"],
        ["kill", "b"],
    ),
    "a terminated temporary child is forgotten": _script(
        _ONE_OF_EACH,
        ["terminate_child", "root", "x"],
        ["restart_child", "root", "x"],
        ["delete_child", "root", "x"],
    ),
    "a running child cannot be deleted": _script(
        _three("one_for_one"),
        ["delete_child", "root", "b"],
        ["terminate_child", "root", "b"],
        ["delete_child", "root", "b"],
        ["delete_child", "root", "b"],
        ["restart_child", "root", "b"],
    ),
    "operations on nobody": _script(
        _three("one_for_one"),
        ["delete_child", "root", "nobody"],
        ["restart_child", "root", "nobody"],
        ["terminate_child", "root", "nobody"],
    ),
    "an id is taken once": _script(
        _three("one_for_one"),
        ["start_child", "root", worker("d")],
        ["start_child", "root", worker("d")],
        ["terminate_child", "root", "d"],
        ["start_child", "root", worker("d")],
        ["start_child", "root", worker("a", restart="temporary")],
    ),
    "a child started later is stopped first": _script(
        _three("one_for_all"), ["start_child", "root", worker("d")], ["exit", "a", "error"]
    ),
    "a child that cannot start is not kept": _script(
        supervisor("root", worker("a")),
        ["start_child", "root", worker("d", fails=1)],
        ["restart_child", "root", "d"],
        ["start_child", "root", worker("d")],
    ),
    "a whole branch is started and terminated": _script(
        supervisor("root", worker("a")),
        ["start_child", "root", supervisor("s", worker("b"), worker("c"))],
        ["terminate_child", "root", "s"],
        ["restart_child", "root", "s"],
    ),
    "a branch that cannot start is not kept": _script(
        supervisor("root", worker("a")),
        ["start_child", "root", supervisor("s", worker("b"), worker("c", fails=1))],
        ["start_child", "root", supervisor("s", worker("b"), worker("c"))],
    ),
    "a restart_child that fails leaves it down": _script(
        _three("one_for_one"),
        ["terminate_child", "root", "b"],
        ["fail_next", "b", 1],
        ["restart_child", "root", "b"],
        ["restart_child", "root", "b"],
    ),
    "a failed start at boot stops the earlier ones in reverse": _script(
        supervisor("root", worker("a"), worker("b"), worker("c", fails=1), worker("d"))
    ),
    "a failed start deep inside fails the boot": _script(
        supervisor("root", worker("a"), supervisor("s", worker("b"), supervisor("u", worker("c", fails=1))))
    ),
    "a failing restart is tried again": _script(
        _three("one_for_one", max_restarts=3), ["fail_next", "b", 2], ["kill", "b"], ["kill", "a"]
    ),
    "failing restarts count": _script(
        _three("one_for_one", max_restarts=2), ["fail_next", "b", 3], ["kill", "b"]
    ),
    "a failing group restart is tried again": _script(
        _three("one_for_all", max_restarts=3), ["fail_next", "b", 2], ["kill", "c"]
    ),
    "a failing rest restart goes on from the one that failed": _script(
        _three("rest_for_one", max_restarts=3), ["fail_next", "c", 2], ["kill", "b"]
    ),
    "a failing branch is tried again as one": _script(
        supervisor(
            "root", worker("a"), supervisor("s", worker("b"), worker("c"), max_restarts=0), max_restarts=5
        ),
        ["fail_next", "c", 2],
        ["kill", "b"],
    ),
    "a transient child whose restart fails is tried again": _script(
        supervisor("root", worker("t", restart="transient")), ["fail_next", "t", 2], ["kill", "t"]
    ),
    "a brutal kill leaves no time to stop": _script(
        supervisor("root", worker("a", shutdown="brutal_kill"), worker("b"), strategy="one_for_all"),
        ["terminate_child", "root", "a"],
        ["restart_child", "root", "a"],
        ["kill", "b"],
    ),
    "one that does not stop in time is killed": _script(
        supervisor("root", worker("a", hangs=True, shutdown=HASTY), worker("b")),
        ["terminate_child", "root", "a"],
    ),
    "two that end together are one restart of all": _script(
        _three("one_for_all", max_restarts=1), ["kill_together", "root", ["a", "c"]]
    ),
    "two that end together are two restarts of one": _script(
        _three("one_for_one", max_restarts=1), ["kill_together", "root", ["c", "a"]]
    ),
    "the second of two that end together went with the rest": _script(
        _three("rest_for_one", max_restarts=1), ["kill_together", "root", ["b", "c"]]
    ),
    "the first of two that end together was not of the rest": _script(
        _three("rest_for_one", max_restarts=1), ["kill_together", "root", ["c", "b"]]
    ),
    "the second of two that end together is not counted when the first cannot be restarted": _script(
        _three("one_for_all", max_restarts=2), ["fail_next", "a", 1], ["kill_together", "root", ["a", "c"]]
    ),
    "an empty supervisor": _script(supervisor("root"), ["start_child", "root", worker("a")], ["kill", "a"]),
}

HANDWRITTEN |= FAMILY | SOCIETY

# What a supervisor answers between a failed restart of b and its next try.
for _strategy in ("one_for_one", "one_for_all", "rest_for_one"):
    _meanwhile = [
        ["which_children"],
        ["start_child", worker("b")],
        ["start_child", worker("d")],
        *([verb, name] for verb in ("terminate_child", "restart_child", "delete_child") for name in "abc"),
        *(["kill", name] for name in "ac"),
    ]
    for _operation in _meanwhile:
        _what = " ".join(part if isinstance(part, str) else part["id"] for part in _operation)
        HANDWRITTEN[f"between two tries to restart b, {_strategy}: {_what}"] = _script(
            _three(_strategy, max_restarts=6), ["fail_asking", "b", *_operation], ["kill", "b"]
        )
