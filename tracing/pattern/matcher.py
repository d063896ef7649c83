"""The matcher: a pattern compiled to closures, which look at an event in the step of a process.

    accepts(subject, event):  kind wanted?  ->  one of whom?  ->  function and arguments?  ->  condition?

A condition is compiled once for each kind, since the places of values differ. What is missing or cannot be compared makes a
comparison false; `not` of it is then true.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (it reads values of any type)

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..kinds import KINDS
from ..records import Event
from .reading import MISSING, Reader, class_names, is_class
from .scope import Resolve, Subject, scope
from .tree import (
    And,
    Compare,
    Condition,
    Constant,
    Function,
    IsA,
    Length,
    Not,
    Operand,
    Or,
    Path,
    Pattern,
    PidOf,
)

__all__ = ["Matcher"]

Get = Callable[[Event], Any]
Test = Callable[[Event], bool]

_PLACES: Final = {
    "kind": 1,
    "pid": 2,
    "name": 3,
    "text": 4,
    "peer": 5,
    "waited": 8,
    "took": 9,
}
_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_HIDDEN: Final = frozenset({"state", "before"})
_RESULTS: Final = frozenset({"reply", "result"})


def _nobody(_name: str) -> int | None:
    return None


class Matcher:
    """Whether an event is what a pattern asks for. Never raises, and runs no code of the values'.

    Args:
        pattern: what is asked for.
        resolve: the number of the process that has a name now. Optional. Defaults to nobody having any.
        since: from when on a process is new, in seconds of the monotonic clock. Optional. Defaults to 0.
        atoms: how values of more classes are compared; see `reading.Reader`. Optional. Defaults to none.

    Attributes:
        kinds: of events that it can accept.
        free: those of which it accepts each.
    """

    def __init__(
        self,
        pattern: Pattern,
        resolve: Resolve = _nobody,
        since: float = 0.0,
        atoms: Mapping[type, Callable[[Any], Any]] | None = None,
    ) -> None:
        self.pattern = pattern
        self.kinds = pattern.kinds
        self._whose = scope(pattern.whom, resolve, since)
        reader = Reader(atoms)
        self._tests: dict[str, Test | None] = {}
        for kind in pattern.kinds:
            tests: list[Test] = []
            if kind.startswith("function_"):
                tests.append(_functions(pattern.functions, reader))
            if pattern.condition is not None:
                tests.append(_Compiler(kind, pattern, reader).test(pattern.condition))
            self._tests[kind] = None if not tests else tests[0] if len(tests) == 1 else _all(tests)
        free = {kind for kind, test in self._tests.items() if test is None and self._whose is None}
        self.free = frozenset(free)

    def accepts(self, subject: Subject, event: Event) -> bool:
        """Whether this event of `subject` is asked for."""
        kind = event[1]
        if kind not in self.kinds or not self.concerns(subject):
            return False
        test = self._tests[kind]
        return test is None or test(event)

    def concerns(self, subject: Subject) -> bool:
        """Whether this process is one of those whom the pattern names."""
        return self._whose is None or self._whose(subject)

    def shows(self, kind: str, label: str) -> bool:
        """Whether a value of an event is asked for: states and results only where the pattern says so, or where they are the event."""
        show = self.pattern.show
        if "nothing" in show:
            return False
        if label in _HIDDEN:
            return "state" in show or kind == "state"
        return label not in _RESULTS or "return" in show or kind == "reply"


def _all(tests: list[Test]) -> Test:
    return lambda event: all(test(event) for test in tests)


# --- functions ----------------------------------------------------------------------------------------


def _functions(functions: tuple[Function, ...], reader: Reader) -> Test:
    tests = [_is_call(function, reader) for function in functions]
    return tests[0] if len(tests) == 1 else lambda event: any(test(event) for test in tests)


def _is_call(function: Function, reader: Reader) -> Test:
    text, every, arity, atom = function.text, function.name == "*", function.arity, reader.atom
    fixed = [
        (place, argument.value.value)
        for place, argument in enumerate(function.arguments or ())
        if argument.value is not None
    ]

    def test(event: Event) -> bool:
        called = event[4]
        if called != text and not (every and called.startswith(text[:-1])):
            return False
        if arity is None:
            return True
        given = _arguments(event)
        if len(given) != arity:
            return False
        for place, value in fixed:  # noqa: SIM110 - a generator costs more than the comparison
            if not _equal(atom(given[place]), value):
                return False
        return True

    return test


def _arguments(event: Event) -> list[Any]:
    """The arguments of a call, in their order; an event has them as a dict by the names of parameters."""
    arguments = event[7][0] if event[7] else None
    return list(dict.values(arguments)) if type(arguments) is dict else []


# --- conditions ---------------------------------------------------------------------------------------


class _Compiler:
    """Compiles a condition for events of one kind."""

    def __init__(self, kind: str, pattern: Pattern, reader: Reader) -> None:
        self.kind = kind
        self.labels = KINDS[kind].values
        self.functions = pattern.functions
        self.reader = reader

    def test(self, condition: Condition) -> Test:
        match condition:
            case Or(parts):
                either = [self.test(part) for part in parts]
                return lambda event: any(test(event) for test in either)
            case And(parts):
                return _all([self.test(part) for part in parts])
            case Not(part):
                inner = self.test(part)
                return lambda event: not inner(event)
            case IsA(path, name, module) if module:
                get = self.path(path)
                return lambda event: (
                    (value := get(event)) is not MISSING and is_class(type(value), module, name)
                )
            case IsA(path, name):
                get = self.path(path)
                return lambda event: (value := get(event)) is not MISSING and name in class_names(type(value))
            case Compare(sign, left, right):
                return self.compare(sign, left, right)
            case _:
                get = self.path(condition.path)
                return lambda event: self.truth(get(event))

    def truth(self, value: Any) -> bool:
        if value is MISSING:
            return False
        atom = self.reader.atom(value)
        return atom is MISSING or bool(atom)

    def compare(self, sign: str, left: Operand, right: Operand) -> Test:
        one, other = self.operand(left), self.operand(right)
        if sign == "in":
            return lambda event: self.within(self.reader.atom(one(event)), other(event))
        atom = self.reader.atom
        if sign == "==":
            return lambda event: _equal(atom(one(event)), atom(other(event)))
        if sign == "!=":
            return lambda event: _differ(atom(one(event)), atom(other(event)))
        order = _ORDERS[sign]
        return lambda event: _ordered(order, atom(one(event)), atom(other(event)))

    def within(self, atom: Any, container: Any) -> bool:
        if type(atom) is type(container) and type(atom) in {str, bytes}:
            return bool(atom in container)
        return atom is not MISSING and any(
            _equal(atom, self.reader.atom(item)) for item in self.reader.items(container)
        )

    def operand(self, operand: Operand) -> Get:
        match operand:
            case Constant(value):
                return lambda _: value
            case Length(path):
                get, length = self.path(path), self.reader.length
                return lambda event: length(get(event))
            case _:
                return self.path(operand)

    def path(self, path: Path) -> Get:
        get = self.root(path.root)
        for step in path.steps:
            get = self.step(get, step)
        return get

    def step(self, get: Get, step: str | int) -> Get:
        part = self.reader.part
        return lambda event: MISSING if (value := get(event)) is MISSING else part(value, step)

    def root(self, root: str) -> Get:
        if root in self.labels:
            place = self.labels.index(root)
            return lambda event: event[7][place] if place < len(event[7]) else MISSING
        if root in {"pid", "peer"}:
            where = _PLACES[root]
            return lambda event: PidOf(event[where])  # type: ignore[arg-type]
        if root == "principal":
            return lambda event: event[6][3] if event[6] is not None else None
        if root == "trace":
            return lambda event: f"{event[6][0]:032x}" if event[6] is not None else None
        if root in _PLACES:
            where = _PLACES[root]
            return lambda event: event[where]
        return self.argument(root)

    def argument(self, name: str) -> Get:
        """An argument of a function, by the name that the pattern gives it; the functions may have it in different places."""
        places = {
            function.text: [argument.name for argument in function.arguments or ()].index(name)
            for function in self.functions
            if any(argument.name == name for argument in function.arguments or ())
        }

        def get(event: Event) -> Any:
            place = places.get(event[4])
            given = _arguments(event)
            return given[place] if place is not None and place < len(given) else MISSING

        return get


def _equal(left: Any, right: Any) -> bool:
    """Whether two atoms are the same; `true` is not 1, as it is not in JSON."""
    if left is MISSING or right is MISSING or (type(left) is bool) != (type(right) is bool):
        return False
    try:
        return bool(left == right)
    except ArithmeticError:  # a signaling NaN of decimals is not even unequal without an exception
        return False


def _differ(left: Any, right: Any) -> bool:
    return left is not MISSING and right is not MISSING and not _equal(left, right)


def _ordered(order: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    try:
        return order(left, right) is True
    except (TypeError, ArithmeticError):  # a number and a text; a NaN of decimals
        return False
