"""What the two sides of the differential tests of state machines read: a script; how scripts are generated, and made smaller.

A script is plain JSON. It says what a machine does in each state with each event, and what happens to it when:

    {"enter": true, "form": "methods", "fuel": 25,
     "start": ["next", "a", [action, …]],
     "states": {"a": {"cast x": ["next", "b", [action, …]], "state": …, "event": …, "n": …, "enter": …}, …},
     "inputs": [[moment, kind, label, id], …]}

A reaction is one of next, keep, repeat, stop, stop_reply, crash, bad, with its state or reason and its actions; what is
not said is kept. Once `fuel` events have been handled, everything is. `form` is for this runtime's side alone: one
function for all states, a method for each, or an `async` one. The actions:

    reply VALUE                       to the oldest call without an answer
    next_event KIND LABEL, postpone, bad
    set KIND TIME LABEL, cancel KIND, update KIND LABEL: the time-outs `state`, `event`, and the generic ones `n` and `m`

Times are ticks: whole numbers, 0, or "infinity". This file runs nothing: `machine_side.erl` and `machine_side.py` do.
"""

import random
from collections.abc import Iterator
from typing import Any

__all__ = ["MachineScript", "machine_script", "smaller"]

MachineScript = dict[str, Any]

STATES = ("a", "b", "c")
TIMEOUTS = ("state", "event", "n", "m")
KEYS = (
    "cast x", "cast y", "call x", "call y", "info x", "internal x", "internal y", "state", "event", "n", "m", "enter",
)  # fmt: skip
TIMES = (0, 0, 0, 5, 11, 18, 26, 37, "infinity")
GAPS = (0, 0, 0, 0, 4, 9, 15, 22, 40)
INPUTS = (("cast", "x"), ("cast", "y"), ("call", "x"), ("call", "y"), ("info", "x"))
FORMS = ("one", "methods", "async")


def machine_script(seed: int) -> MachineScript:
    """Any machine of three states, and up to twelve things that happen to it."""
    return _Writer(random.Random(seed)).script()


class _Writer:
    def __init__(self, luck: random.Random) -> None:
        self.luck = luck
        self.rarely = luck.choice([15, 40, 1000])
        """One reaction or action in so many is an end or a mistake."""

    def script(self) -> MachineScript:
        luck = self.luck
        states = {
            state: {key: self.reaction(key == "enter") for key in KEYS if luck.random() < 0.7}
            for state in STATES
        }
        actions = [action for action in self.actions(entering=False) if action != ["bad"]]
        start = ["next", luck.choice(STATES), actions]
        if not luck.randrange(40):
            start = luck.choice([["stop", "shutdown", []], ["bad", "", []], ["crash", "", []]])
        moment, inputs = 0, []
        for number in range(luck.randint(1, 12)):
            moment += luck.choice(GAPS)
            inputs.append([moment, *luck.choice(INPUTS), number])
        enter = luck.random() < 0.5
        return {
            "enter": enter, "form": luck.choice(FORMS), "fuel": 25, "start": start, "states": states, "inputs": inputs,
        }  # fmt: skip

    def reaction(self, entering: bool) -> list[Any]:
        luck = self.luck
        if not luck.randrange(self.rarely):
            verb = luck.choice(["stop", "stop", "stop_reply", "stop_reply", "crash", "bad", "next", "repeat"])
            if verb in {"next", "repeat"}:  # when entering: a mistake, and what uses up all the fuel
                return [verb, luck.choice(STATES), self.actions(entering)]
            return [verb, luck.choice(["normal", "shutdown", "error"]), []]
        verbs = ["keep"] if entering else ["next"] * 10 + ["keep"] * 8 + ["repeat"] * 2
        return [luck.choice(verbs), luck.choice(STATES), self.actions(entering)]

    def actions(self, entering: bool) -> list[Any]:
        return [self.action(entering) for _ in range(self.luck.choice([0, 0, 1, 1, 1, 2, 2, 3, 4]))]

    def action(self, entering: bool) -> list[Any]:
        luck = self.luck
        verbs = ["set"] * 4 + ["cancel", "update", "reply", "reply"]
        mistaken = not luck.randrange(3 * self.rarely)
        if mistaken or not entering:
            verbs += ["next_event", "next_event", "postpone", "postpone"]
        if mistaken:
            verbs += ["bad"] * 4
        timeout, label = luck.choice(TIMEOUTS), luck.choice("xy")
        match luck.choice(verbs):
            case "set":
                return ["set", timeout, luck.choice(TIMES), label]
            case "cancel":
                return ["cancel", timeout]
            case "update":
                return ["update", timeout, label]
            case "next_event":
                return [
                    "next_event",
                    luck.choice(["internal", "internal", "cast", "info", "call", timeout]),
                    label,
                ]
            case "reply":
                return ["reply", label]
            case verb:
                return [verb]


def smaller(script: MachineScript) -> Iterator[MachineScript]:
    """The same script with one thing less."""
    for index in range(len(script["inputs"])):
        yield {**script, "inputs": _without(script["inputs"], index)}
    for state, reactions in script["states"].items():
        for key, (verb, where, actions) in reactions.items():
            rest = {other: reaction for other, reaction in reactions.items() if other != key}
            yield {**script, "states": {**script["states"], state: rest}}
            for index in range(len(actions)):
                fewer = {**reactions, key: [verb, where, _without(actions, index)]}
                yield {**script, "states": {**script["states"], state: fewer}}
    verb, where, actions = script["start"]
    for index in range(len(actions)):
        yield {**script, "start": [verb, where, _without(actions, index)]}
    if script["enter"]:
        yield {**script, "enter": False}
    if script["form"] != "one":
        yield {**script, "form": "one"}


def _without(items: list[Any], index: int) -> list[Any]:
    return [*items[:index], *items[index + 1 :]]
