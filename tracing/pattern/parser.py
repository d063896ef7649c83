"""The parser: a pattern's text as a tree. The grammar stands in `tracing.pattern`; conditions are in `conditions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Final, Literal

from ..kinds import GROUPS, KINDS
from .conditions import condition, literal, roots_of
from .cursor import Cursor
from .errors import PatternError
from .tree import Argument, Function, Pattern, PidOf, Whom

__all__ = ["EVENTS", "FUNCTION", "expected", "parse", "parse_whom"]

SHOWS: Final = ("state", "return", "stack", "nothing")
_WHOM: Final = (
    "all",
    "new",
    "a name",
    'a name in quotes ("agent 7")',
    "a pid (<0.42.0>)",
    "behaviour NAME",
    "under NAME",
)
_KINDS: Final = tuple(name for name, kind in KINDS.items() if kind.group != "functions")
EVENTS: Final = (*sorted(GROUPS), *_KINDS)
"""What may be traced of processes."""
FUNCTION: Final = "MODULE:FUNCTION"
_WHAT: Final = (*EVENTS, FUNCTION)
_MEANT: Final = {
    "exit": "ended",
    "exits": "ended",
    "exception": "raised",
    "restart": "restarted",
    "escalation": "gave_up",
    "upgrade": "code_changed",
}
_WHO: Final = ("a name", 'a name in quotes ("agent 7")', "a pid (<0.42.0>)")
_AFTER: Final = ("when CONDITION", "-> SHOW", "a comma", "the end")
_MORE: Final = ("and CONDITION", "or CONDITION", "-> SHOW", "the end")
_NAMED: Final = frozenset({"word", "text", "pid", "gap"})
_MANY: Final = 100
_CALLS: Final = frozenset(name for name, kind in KINDS.items() if kind.group == "functions")
_TAKEN: Final = roots_of(_CALLS)
"""What conditions on calls of functions begin with already."""
_RESULTS: Final = frozenset({"result", "reason", "took"})
"""Roots of conditions that are known when a function is over."""


def parse(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        PatternError: it cannot be understood. It knows the column, and what may stand there.
    """
    return _pattern(Cursor(text))


def expected(text: str) -> tuple[str, ...]:
    """What may stand behind `text`, which is the beginning of a pattern; nothing where it goes wrong before."""
    try:
        _pattern(Cursor(text, "gap"))
    except PatternError as error:
        return error.legal if error.column > len(text) else ()
    raise AssertionError("a gap is nowhere legal")


def parse_whom(text: str) -> tuple[Whom, ...]:
    """Read the beginning of a pattern alone.

    Raises:
        PatternError: it cannot be understood, or something comes after it.
    """
    cursor = Cursor(text, "gap")
    whom = _whoms(cursor)
    if cursor.token.form != "gap":
        cursor.wrong(f"{cursor.token.text[:30]!r} means nothing here", "a comma", "when CONDITION", "the end")
    return whom


def _pattern(cursor: Cursor) -> Pattern:
    whom = _whoms(cursor)
    kinds: set[str] = set()
    functions: list[Function] = []
    _what(cursor, kinds, functions)
    while cursor.skip(","):
        _not_too_many(cursor, functions)
        _what(cursor, kinds, functions)
    if functions:
        kinds.add("function_call")
    names = {argument.name for function in functions for argument in function.arguments or ()} - {""}
    ending = {"function_return", "function_raise"} if functions else set[str]()
    holds = None
    read: set[str] = set()
    if cursor.skip("when"):
        holds, read = condition(cursor, roots_of(frozenset(kinds | ending)) | names)
    show: set[str] = set()
    if cursor.skip("->"):
        show.add(_show(cursor))
        while cursor.skip(","):
            show.add(_show(cursor))
    if cursor.token.form != "end":
        left = ("a comma", "the end") if show else _AFTER if holds is None else _MORE
        cursor.wrong(f"{cursor.token.text[:30]!r} means nothing here", *left)
    if "return" in show or read & _RESULTS:
        kinds |= ending
    return Pattern(cursor.pattern, whom, frozenset(kinds), tuple(functions), holds, frozenset(show))


def _not_too_many(cursor: Cursor, found: Sequence[object]) -> None:
    if len(found) >= _MANY:
        cursor.wrong(f"more than {_MANY}", f"{_MANY} processes or functions at most")


# --- whom ---------------------------------------------------------------------------------------------


def _whoms(cursor: Cursor) -> tuple[Whom, ...]:
    whom = [_whom(cursor)]
    while cursor.skip(","):
        _not_too_many(cursor, whom)
        whom.append(_whom(cursor))
    return tuple(whom)


def _whom(cursor: Cursor) -> Whom:
    if cursor.at("all", "new") and not _is_name(cursor):
        form: Literal["all", "new"] = "all" if cursor.take().text == "all" else "new"
        return Whom(form)
    if cursor.at("behaviour") and cursor.ahead.form in {"word", "gap"}:
        cursor.take()
        name = cursor.dotted("the name of a behaviour", "a behaviour")
        if cursor.skip(":"):
            name = f"{name}:{cursor.dotted('the name of a class', 'a behaviour')}"
        return Whom("behaviour", name)
    if cursor.at("under") and cursor.ahead.form in _NAMED:
        cursor.take()
        below = _whom_by_name(cursor, _WHO)
        return Whom("under", below.name, below.number)
    return _whom_by_name(cursor)


def _is_name(cursor: Cursor) -> bool:
    return cursor.ahead.form == "sign" and cursor.ahead.text == "."


def _whom_by_name(cursor: Cursor, legal: tuple[str, ...] = _WHOM) -> Whom:
    token = cursor.token
    if token.constant is not None:
        value = token.constant.value
        if not isinstance(value, PidOf | str):
            cursor.wrong(f"{token.text[:30]} is no process", *legal)
        cursor.take()
        return Whom("name", value) if isinstance(value, str) else Whom("pid", number=value.number)
    return Whom("name", cursor.dotted("whom to trace", *legal))


# --- what ---------------------------------------------------------------------------------------------


def _what(cursor: Cursor, kinds: set[str], functions: list[Function]) -> None:
    token = cursor.token
    if token.form != "word":
        cursor.wrong("what to trace is missing", *_WHAT)
    name = cursor.dotted("what to trace", *_WHAT)
    if cursor.skip(":"):
        functions.append(replace(_function(cursor, name), column=token.column))
    elif name in GROUPS:
        kinds |= GROUPS[name]
    elif name in _KINDS:
        kinds.add(name)
    else:
        near = [_MEANT[name]] if name in _MEANT else get_close_matches(name[:60], _WHAT, 1)
        guess = f"; did you mean {near[0]}?" if near else ""
        cursor.wrong(f"{name[:60]!r} is no event{guess}", *_WHAT, token=token)


def _function(cursor: Cursor, module: str) -> Function:
    name = "*" if cursor.skip("*") else cursor.dotted("the name of a function", "a function", "*")
    if cursor.skip("/"):
        token = cursor.token
        if token.constant is None or type(token.constant.value) is not int:
            cursor.wrong("the number of arguments is missing", "a whole number")
        cursor.take()
        return Function(module, name, arity=token.constant.value)
    if not cursor.skip("("):
        return Function(module, name)
    arguments: list[Argument] = []
    if not cursor.at(")"):
        arguments.append(_argument(cursor))
        while cursor.skip(","):
            arguments.append(_argument(cursor))
    cursor.expect(")", ",")
    return Function(module, name, tuple(arguments), len(arguments))


def _argument(cursor: Cursor) -> Argument:
    constant = literal(cursor)
    if constant is not None:
        return Argument(value=constant)
    token = cursor.token
    name = cursor.word(
        "an argument", "a name for it", "_", "a number", "a text", "true", "false", "none", ")"
    )
    if name in _TAKEN:
        cursor.wrong(f"{name!r} has a meaning of its own", "another name for it", "_", token=token)
    return Argument(name if name != "_" else "")


def _show(cursor: Cursor) -> str:
    token = cursor.token
    name = cursor.word("what to show", *SHOWS)
    if name not in SHOWS:
        cursor.wrong(f"{name[:60]!r} cannot be shown", *SHOWS, token=token)
    return name
