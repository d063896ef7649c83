"""Code of CPython 3.11, taken apart into instructions, and put together again with more of them.

    code --parts_of--> instructions, handlers   ... change ...   --code_of--> code

Jumps and handlers name instructions, so whatever is put in between moves them along. What was not changed is put together
byte for byte as it was: `rewriting` checks that of each function before it touches it.

Only 3.11 needs it, and its code changes no more. Later interpreters have `sys.monitoring`. The formats stand in CPython's
`Objects/exception_handling_notes.txt` and `Objects/locations.md`.
"""

from __future__ import annotations

import opcode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from types import CodeType
from typing import Any, Final, TypeAlias

__all__ = ["Handler", "Instruction", "Position", "code_of", "instruction", "parts_of"]

Position: TypeAlias = "tuple[int | None, int | None, int | None, int | None]"
"""(line, last line, column, last column), as `CodeType.co_positions` gives them."""
NOWHERE: Final[Position] = (None, None, None, None)
_ROOM: Final = 8
"""Units that one entry of the table of positions can cover."""
_CACHES: Final[list[int]] = vars(opcode).get("_inline_cache_entries", [])
"""Units behind each instruction in which the interpreter notes what it has learned."""


@dataclass(slots=True, eq=False)
class Instruction:
    """One instruction.

    Attributes:
        operation: its number.
        argument: what it is about; of a jump, it is computed.
        position: where in the source.
        target: where a jump goes.
    """

    operation: int
    argument: int = 0
    position: Position = NOWHERE
    target: Instruction | None = None

    @property
    def size(self) -> int:
        """In units of two bytes, with the prefixes of a long argument and the caches behind it."""
        return 1 + max(0, (self.argument.bit_length() - 1) // 8) + _CACHES[self.operation]


@dataclass(slots=True, eq=False)
class Handler:
    """Where an exception goes.

    Attributes:
        first: the first instruction that it is about.
        last: the last one.
        target: where it goes on.
        depth: values that stay on the stack.
        place: whether the place of the instruction is put on the stack, under the exception.
    """

    first: Instruction
    last: Instruction
    target: Instruction
    depth: int
    place: bool


def instruction(name: str, argument: int = 0, position: Position = NOWHERE) -> Instruction:
    """An instruction, by its name."""
    return Instruction(opcode.opmap[name], argument, position)


# --- apart --------------------------------------------------------------------------------------------


def parts_of(code: CodeType) -> tuple[list[Instruction], list[Handler]]:
    """The instructions of a code object, and its handlers, both in the order of their places."""
    at: dict[int, Instruction] = {}
    for place, start, operation, argument, position in _units(code):
        at[start] = Instruction(operation, argument, position)
        at[place] = at[start]
    ends = _ends(at)
    for item, end in ends.items():
        if item.operation in opcode.hasjrel:
            back = "BACKWARD" in opcode.opname[item.operation]
            item.target = at[end - item.argument if back else end + item.argument]
    starts = {end: item for item, end in ends.items()}
    handlers = [
        Handler(at[start], starts[start + size], at[target], depth >> 1, bool(depth & 1))
        for start, size, target, depth in _table(code.co_exceptiontable)
    ]
    return list(ends), handlers


def _units(code: CodeType) -> Iterator[tuple[int, int, int, int, Position]]:
    """Each instruction: its own place and that of its first prefix, in units; operation, argument, position."""
    raw, positions = code.co_code, list(code.co_positions())
    place, start, argument = 0, 0, 0
    while place < len(raw) // 2:
        operation = raw[2 * place]
        argument = argument << 8 | raw[2 * place + 1]
        if operation == opcode.EXTENDED_ARG:
            place += 1
            continue
        yield place, start, operation, argument, positions[place]
        place += 1 + _CACHES[operation]
        start, argument = place, 0


def _ends(at: dict[int, Instruction]) -> dict[Instruction, int]:
    """Behind which unit each instruction ends, in their order."""
    places = {item: place for place, item in sorted(at.items())}  # the later of two: behind its prefixes
    return {item: place + 1 + _CACHES[item.operation] for item, place in places.items()}


def _table(table: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The entries of a table of handlers: start, size, target; depth and place in one number."""
    numbers: list[int] = []
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            numbers.append(number)
            number = 0
    each = iter(numbers)
    yield from zip(each, each, each, each, strict=True)


# --- together -----------------------------------------------------------------------------------------


def code_of(
    code: CodeType,
    instructions: list[Instruction],
    handlers: Iterable[Handler],
    *,
    constants: tuple[Any, ...] | None = None,
    stack: int = 0,
) -> CodeType:
    """The code object of these instructions.

    Args:
        code: what it is like in all else.
        instructions: in their order.
        handlers: in the order of their places; they do not overlap.
        constants: Optional. Defaults to those of `code`.
        stack: by how many values its stack is deeper. Optional. Defaults to 0.
    """
    starts = _settled(instructions)
    table = bytearray()
    for handler in handlers:
        start, end = starts[handler.first], starts[handler.last] + handler.last.size
        entry = bytearray()
        for number in (start, end - start, starts[handler.target], handler.depth << 1 | handler.place):
            entry += _large_first(number)
        entry[0] |= 128
        table += entry
    return code.replace(
        co_code=b"".join(map(_bytes, instructions)),
        co_consts=code.co_consts if constants is None else constants,
        co_exceptiontable=bytes(table),
        co_linetable=bytes(_positions(code.co_firstlineno, instructions)),
        co_stacksize=code.co_stacksize + stack,
    )


def _settled(instructions: list[Instruction]) -> dict[Instruction, int]:
    """Where each instruction starts. Jumps get their arguments: a long one moves others, so it is done until nothing moves."""
    while True:
        starts: dict[Instruction, int] = {}
        place = 0
        for item in instructions:
            starts[item] = place
            place += item.size
        moved = False
        for item in instructions:
            if item.target is not None:
                argument = abs(starts[item.target] - starts[item] - item.size)
                moved |= argument != item.argument
                item.argument = argument
        if not moved:
            return starts


def _bytes(item: Instruction) -> bytes:
    made = bytearray()
    for shift in (24, 16, 8):
        if item.argument >> shift:
            made += bytes((opcode.EXTENDED_ARG, item.argument >> shift & 255))
    made += bytes((item.operation, item.argument & 255))
    return bytes(made) + bytes(2 * _CACHES[item.operation])


def _large_first(number: int) -> bytes:
    made = [number & 63]
    while number := number >> 6:
        made.append(number & 63 | 64)
    return bytes(reversed(made))


def _small_first(number: int) -> bytes:
    made = bytearray()
    while number >= 64:
        made.append(number & 63 | 64)
        number >>= 6
    made.append(number)
    return bytes(made)


def _positions(line: int, instructions: list[Instruction]) -> Iterator[int]:
    """The table of positions, in its forms 13 (a line), 14 (all of it) and 15 (nothing)."""
    for item in instructions:
        first, last, column, end = item.position
        units = iter(range(item.size))
        while size := len(list(islice(units, _ROOM))):
            if first is None:
                yield 128 | 15 << 3 | size - 1
                continue
            step, line = first - line, first
            form = 13 if last is None or column is None or end is None else 14
            yield 128 | form << 3 | size - 1
            yield from _small_first(-step << 1 | 1 if step < 0 else step << 1)
            if last is not None and column is not None and end is not None:
                for number in (last - first, column + 1, end + 1):
                    yield from _small_first(number)
