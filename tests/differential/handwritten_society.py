"""Scripts written by hand for links, monitors, names, keys and groups; named by the rule."""

from tests.differential.script import HASTY, Script, crowd, member, supervisor, worker

__all__ = ["SOCIETY"]


def _script(tree: dict[str, object], *steps: list[object]) -> Script:
    return {"tree": tree, "steps": list(steps)}


def _root(*children: dict[str, object], **changes: object) -> dict[str, object]:
    return supervisor("root", *children, **{"max_restarts": 9, **changes})


def _do(name: str, verb: str, what: str) -> list[object]:
    return ["do", name, verb, what]


_TWO = (worker("a"), worker("b", traps=False))
_THREE = (worker("a", traps=False), worker("b", traps=False), worker("c", traps=False))
_GONE = (worker("x", restart="temporary"), worker("a"), worker("b", traps=False))
_WATCHED = (
    worker("w", watches=["g"]),
    worker("v", watches=["all"]),
    worker("a", joins=["g", "g", "h"]),
    worker("b", joins=["g"], restart="temporary"),
)
_C = crowd("c", max_restarts=5)

SOCIETY: dict[str, Script] = {
    "a link takes along who does not trap exits, and both are restarted": _script(
        _root(*_TWO), _do("a", "link", "b"), ["exit", "a", "error"], ["kill", "a"]
    ),
    "a link tells who traps exits": _script(
        _root(*_TWO),
        _do("a", "link", "b"),
        ["kill", "b"],
        _do("b", "link", "a"),
        ["exit", "b", "shutdown_with"],
    ),
    "a normal end tells by a link and takes nobody along": _script(
        _root(*_TWO),
        _do("a", "link", "b"),
        ["exit", "b", "normal"],
        _do("a", "link", "b"),
        ["exit", "a", "normal"],
    ),
    "what is unlinked is not told": _script(
        _root(*_TWO), _do("a", "link", "b"), _do("b", "unlink", "a"), ["kill", "b"], ["kill", "a"]
    ),
    "two links between the same are one": _script(
        _root(*_TWO), _do("a", "link", "b"), _do("b", "link", "a"), _do("a", "unlink", "b"), ["kill", "b"]
    ),
    "a link with the dead is told at once, with noproc": _script(
        _root(*_GONE), ["kill", "x"], _do("a", "link", "x"), _do("b", "link", "x")
    ),
    "a link between children of two supervisors": _script(
        _root(worker("a"), supervisor("s", worker("b"))), _do("a", "link", "b"), ["exit", "b", "error"]
    ),
    "a link makes a supervisor count two ends": _script(
        _root(*_THREE, max_restarts=1), _do("a", "link", "b"), ["kill", "a"]
    ),
    "a link goes along with a group that is restarted": _script(
        _root(*_THREE, strategy="one_for_all"), _do("a", "link", "b"), ["kill", "c"], ["kill", "a"]
    ),
    "a link reaches back before the rest": _script(
        _root(*_THREE, strategy="rest_for_one"), _do("a", "link", "c"), ["kill", "b"]
    ),
    "a link with one that is terminated": _script(
        _root(*_THREE),
        _do("a", "link", "b"),
        ["terminate_child", "root", "b"],
        ["restart_child", "root", "b"],
    ),
    "a link with one that is killed since it hangs": _script(
        _root(worker("a"), worker("b", hangs=True, shutdown=HASTY)),
        _do("a", "link", "b"),
        ["terminate_child", "root", "b"],
    ),
    "a monitor tells once, and every reason": _script(
        _root(*_TWO, worker("p")),
        *(
            step
            for end in (
                ["exit", "b", "normal"],
                ["exit", "b", "shutdown"],
                ["exit", "b", "error"],
                ["kill", "b"],
            )
            for step in (_do("a", "monitor", "b"), end, ["kill", "p"])
        ),
    ),
    "each of two monitors tells": _script(
        _root(*_TWO), _do("a", "monitor", "b"), _do("a", "monitor", "b"), ["kill", "b"]
    ),
    "what is demonitored is not told": _script(
        _root(*_TWO),
        _do("a", "monitor", "b"),
        _do("a", "demonitor", "b"),
        _do("a", "demonitor", "b"),
        ["kill", "b"],
    ),
    "a monitor of the dead tells at once, with noproc": _script(
        _root(*_GONE), ["kill", "x"], _do("a", "monitor", "x"), _do("b", "monitor", "x")
    ),
    "a monitor of a supervisor that gives up": _script(
        _root(worker("a"), supervisor("s", worker("b"), max_restarts=0)),
        _do("a", "monitor", "s"),
        _do("a", "monitor", "b"),
        ["exit", "b", "error"],
    ),
    "a monitor of what a killed supervisor leaves behind": _script(
        _root(worker("a"), supervisor("s", worker("b"), worker("c", traps=False))),
        _do("a", "monitor", "b"),
        _do("a", "monitor", "c"),
        _do("a", "monitor", "s"),
        ["kill", "s"],
    ),
    "who is stopped hears before of those that were stopped before": _script(
        _root(worker("a"), worker("b"), worker("c"), strategy="one_for_all"),
        _do("a", "monitor", "b"),
        _do("a", "monitor", "c"),
        _do("b", "link", "c"),
        ["terminate_child", "root", "c"],
        ["kill", "b"],
    ),
    "a name is free when its process has ended, and its successor has it": _script(
        _root(worker("a", place="name"), worker("b", place="name", restart="temporary")),
        ["ask", "name", "a"],
        ["kill", "a"],
        ["ask", "name", "a"],
        ["exit", "b", "normal"],
        ["ask", "name", "b"],
        ["ask", "name", "nobody"],
    ),
    "a name that is taken refuses the start": _script(
        _root(worker("a", place="name"), supervisor("s")),
        ["start_child", "s", worker("a", place="name")],
        ["terminate_child", "root", "a"],
        ["start_child", "s", worker("a", place="name")],
        ["restart_child", "root", "a"],
    ),
    "a name is kept while its process hangs": _script(
        _root(worker("a", place="name", hangs=True, shutdown=HASTY)),
        ["terminate_child", "root", "a"],
        ["restart_child", "root", "a"],
        ["ask", "name", "a"],
    ),
    "a failed start and an ignored one leave the name free": _script(
        _root(worker("z"), max_restarts=5),
        ["start_child", "root", worker("a", place="name", fails=1)],
        ["ignore_next", "a", 1],
        ["start_child", "root", worker("a", place="name")],
        ["ask", "name", "a"],
        ["restart_child", "root", "a"],
        ["ask", "name", "a"],
    ),
    "a key that is taken refuses the start": _script(
        _root(worker("a", place="k1"), supervisor("s")),
        ["start_child", "root", worker("b", place="k1")],
        ["start_child", "s", worker("b", place="k1")],
        ["kill", "a"],
        ["terminate_child", "root", "a"],
        ["start_child", "s", worker("b", place="k1")],
        ["restart_child", "root", "a"],
        ["ask", "key", "k1"],
    ),
    "a key that is taken makes a boot fail": _script(
        _root(worker("a", place="k1"), worker("b"), worker("c", place="k1"))
    ),
    "a child whose key was taken while it was down uses up its restarts": _script(
        _root(worker("a"), supervisor("s", worker("b", place="k1"), worker("c", slow=True), max_restarts=3)),
        ["terminate_child", "s", "b"],
        _do("a", "register", "k1"),
        ["restart_child", "s", "b"],
        _do("a", "unregister", "k1"),
        ["restart_child", "s", "b"],
        _do("a", "register", "k1"),
    ),
    "a group that cannot restart one whose key is taken gives up": _script(
        _root(
            worker("a"),
            supervisor("s", worker("b", place="k1"), worker("c"), strategy="one_for_all"),
            max_restarts=1,
        ),
        ["terminate_child", "s", "b"],
        _do("a", "register", "k1"),
        ["kill", "c"],
    ),
    "a process may have several keys, and loses all of them at once": _script(
        _root(*_TWO),
        _do("a", "register", "k1"),
        _do("a", "register", "k2"),
        _do("b", "register", "k2"),
        _do("a", "register", "k1"),
        _do("b", "unregister", "k1"),
        ["ask", "key", "k2"],
        ["kill", "a"],
        ["ask", "key", "k2"],
        _do("b", "register", "k2"),
        _do("b", "unregister", "k2"),
    ),
    "dynamic children have names and keys of their own": _script(
        _root(_C),
        ["start_child", _C["id"], member(_C, 1, place="k1")],
        ["start_child", _C["id"], member(_C, 1, place="k1")],
        ["start_child", _C["id"], member(_C, 4, place="name")],
        ["start_child", _C["id"], member(_C, 4, place="name")],
        ["kill", f"{_C['id']}.1"],
        ["kill", f"{_C['id']}.4"],
        ["terminate_child", _C["id"], f"{_C['id']}.1"],
        ["start_child", _C["id"], member(_C, 1, place="k1")],
    ),
    "who joins twice is a member twice": _script(
        _root(*_TWO),
        _do("a", "join", "g"),
        _do("b", "join", "g"),
        _do("a", "join", "g"),
        ["tell", "g"],
        _do("a", "leave", "g"),
        ["tell", "g"],
        _do("a", "leave", "g"),
        _do("a", "leave", "g"),
        ["tell", "g"],
    ),
    "who watches hears of joins and leaves, and first of the members": _script(
        _root(*_TWO, worker("w")),
        _do("a", "join", "g"),
        _do("w", "watch", "g"),
        _do("b", "join", "g"),
        _do("b", "join", "h"),
        _do("a", "leave", "g"),
        ["kill", "b"],
        _do("w", "unwatch", ""),
        _do("w", "unwatch", ""),
        _do("a", "join", "g"),
    ),
    "an end leaves every group, and a successor joins again": _script(
        _root(*_WATCHED), ["kill", "a"], ["exit", "b", "normal"], ["exit", "a", "shutdown"]
    ),
    "who watches a group and all groups hears twice": _script(
        _root(worker("w", watches=["g", "all"]), worker("a")), _do("a", "join", "g"), ["kill", "a"]
    ),
    "a watcher that is restarted watches anew": _script(
        _root(*_WATCHED), ["kill", "w"], _do("a", "leave", "g"), ["kill", "v"], ["kill", "b"]
    ),
    "groups of a tree that is restarted": _script(
        _root(*_WATCHED, strategy="rest_for_one"), ["kill", "v"], ["kill", "b"], ["kill", "a"]
    ),
    "groups of what a killed supervisor leaves behind": _script(
        _root(
            worker("w", watches=["all"]),
            supervisor("s", worker("a", joins=["g", "h"]), worker("b", traps=False, joins=["g"])),
        ),
        ["kill", "s"],
        ["kill", "a"],
    ),
    "groups of dynamic children": _script(
        _root(worker("w", watches=["g"]), _C),
        ["start_child", _C["id"], member(_C, 1, joins=["g"])],
        ["start_child", _C["id"], member(_C, 2, joins=["g"])],
        ["kill", f"{_C['id']}.1"],
        ["terminate_child", "root", _C["id"]],
    ),
}
