"""A function of CPython 3.11 under a site: its code is swapped for one that tells the site where it begins and ends.

    RESUME                      RESUME
                                call = begun((a, b, …))          kept at the bottom of the stack for as long as the frame lives
    …                           …                                handlers keep one value more
    RETURN_VALUE                returned(call, result); RETURN_VALUE
    what nobody catches         raised(call, error); raised again, as if nobody had looked

There is no frame in between, so recursion is as deep, `sys._getframe(1)` is who it was, and a traceback has no line more. The start of a
call is on the stack of that very call: greenlets, generators and threads cannot mix it up. The function stays the same object, with its
defaults, its closure and its signature; references to it and methods that are bound already reach the new code. A call that is
under way keeps the code with which it has begun, and tells nobody any more.

What can be seen of it: `__code__` is another object meanwhile, a debugger sees the first line of a function once more, and
recursion meets its limit a few calls earlier.
"""

from __future__ import annotations

import opcode
from itertools import groupby
from types import CodeType, FunctionType
from typing import Final

from .assembly import Handler, Instruction, code_of, instruction, parts_of
from .sites import Site, Unfit, parameters

__all__ = ["Rewriter", "rewritten", "untold"]

_ROOM: Final = 8
"""Values that a frame has on its stack at most beside its own and the arguments, where it tells the site."""


def rewritten(code: CodeType, site: Site) -> CodeType:
    """The code that tells the site.

    Raises:
        Unfit: it is none that the compiler of 3.11 makes.
    """
    instructions, handlers, begin = _read(code)
    constants = (*code.co_consts, site.begun, site.returned, site.raised)
    begun, returned, raised = range(len(code.co_consts), len(constants))
    for handler in handlers:
        handler.depth += 1
    made = [*instructions[: begin + 1], *_begun(code, begun, instructions[begin])]
    watched: list[Instruction] = []
    for item in instructions[begin + 1 :]:
        if _is(item, "RETURN_VALUE"):
            told = _returned(returned, item)
            _take_the_place(instructions, handlers, item, told[0])
            made += told
        else:
            made.append(item)
            watched.append(item)
    escape = _raised(raised, instructions[begin])
    handlers += _watch(made, watched, handlers, escape[0])
    made += escape
    order = {item: place for place, item in enumerate(made)}
    handlers.sort(key=lambda handler: order[handler.first])
    stack = _ROOM + len(parameters(code))
    return code_of(code, made, handlers, constants=constants, stack=stack)


def _read(code: CodeType) -> tuple[list[Instruction], list[Handler], int]:
    """Its parts, and which instruction is the first of its body. Raises Unfit."""
    try:
        instructions, handlers = parts_of(code)
        again = code_of(code, instructions, handlers)
        begin = next(place for place, item in enumerate(instructions) if _is(item, "RESUME"))
        same = (again.co_code, again.co_exceptiontable) == (code.co_code, code.co_exceptiontable)
    except (LookupError, ValueError, StopIteration):
        instructions, handlers, begin, same = [], [], 0, False
    if not same:
        raise Unfit(f"the code of {code.co_qualname} is none that the compiler of this Python makes")
    return instructions, handlers, begin


def _is(item: Instruction, name: str) -> bool:
    return opcode.opname[item.operation] == name


def _begun(code: CodeType, constant: int, resume: Instruction) -> list[Instruction]:
    """Call the site with the arguments; what it gives stays on the stack."""
    names, where = parameters(code), resume.position
    loads = [("LOAD_DEREF" if name in code.co_cellvars else "LOAD_FAST", at) for at, name in enumerate(names)]
    steps = [("PUSH_NULL", 0), ("LOAD_CONST", constant), *loads, ("BUILD_TUPLE", len(names)), *_call(1)]
    return [instruction(name, argument, where) for name, argument in steps]


def _returned(constant: int, end: Instruction) -> list[Instruction]:
    """Under the result is the call: tell the site, and return the result."""
    steps = [
        ("PUSH_NULL", 0), ("LOAD_CONST", constant), ("COPY", 4), ("COPY", 4), *_call(2), ("POP_TOP", 0), ("SWAP", 2), ("POP_TOP", 0),
    ]  # fmt: skip
    return [*(instruction(name, argument, end.position) for name, argument in steps), end]


def _raised(constant: int, resume: Instruction) -> list[Instruction]:
    """On the stack are the call, the place and the exception: tell the site, and raise it again at that place."""
    steps = [
        ("PUSH_NULL", 0), ("LOAD_CONST", constant), ("COPY", 5), ("COPY", 4), *_call(2), ("POP_TOP", 0), ("RERAISE", 1),
    ]  # fmt: skip
    return [instruction(name, argument, resume.position) for name, argument in steps]


def _call(arguments: int) -> list[tuple[str, int]]:
    return [("PRECALL", arguments), ("CALL", arguments)]


def _take_the_place(
    instructions: list[Instruction], handlers: list[Handler], old: Instruction, new: Instruction
) -> None:
    """Whoever went to `old` goes to `new`, from which it is reached."""
    for item in instructions:
        if item.target is old:
            item.target = new
    for handler in handlers:
        if handler.target is old:
            handler.target = new
        if handler.first is old:
            handler.first = new


def _watch(
    made: list[Instruction], watched: list[Instruction], handlers: list[Handler], escape: Instruction
) -> list[Handler]:
    """Handlers for all that has none: what is raised there, nobody catches."""
    place = {item: at for at, item in enumerate(made)}
    caught = {at for each in handlers for at in range(place[each.first], place[each.last] + 1)}
    free = [place[item] for item in watched if place[item] not in caught]
    runs = ([at for _, at in run] for _, run in groupby(enumerate(free), lambda pair: pair[1] - pair[0]))
    return [Handler(made[run[0]], made[run[-1]], escape, 1, place=True) for run in runs]


# --- in place ---------------------------------------------------------------------------------------------


class Rewriter:
    """Puts sites under functions by their code. Not for two threads at a time."""

    def __init__(self) -> None:
        self._sites: dict[int, tuple[Site, CodeType, CodeType]] = {}

    def key(self, function: FunctionType) -> int:
        """What has one site: a function."""
        return id(function)

    def put(self, site: Site) -> None:
        """Begin to tell it.

        Raises:
            Unfit: that cannot be done with this code.
        """
        if site.key in self._sites:
            return
        function = site.function
        before = function.__code__
        after = rewritten(before, site)
        self._sites[site.key] = (site, before, after)
        _untold[id(after)] = (after, before)
        function.__code__ = after

    def take(self, site: Site) -> None:
        """Tell it no more. What somebody else has put there meanwhile stays."""
        found = self._sites.pop(site.key, None)
        if found is not None:
            _, before, after = found
            if site.function.__code__ is after:
                site.function.__code__ = before
            _untold.pop(id(after), None)


_untold: Final[dict[int, tuple[CodeType, CodeType]]] = {}


def untold(code: CodeType) -> CodeType:
    """What a code object is without a site: itself, where it has none."""
    found = _untold.get(id(code))
    return code if found is None else found[1]
