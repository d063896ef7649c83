"""What a pattern says, as a tree of frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "And", "Argument", "Compare", "Condition", "Constant", "Function", "IsA", "Length", "Not", "Operand", "Or", "Path", "Pattern",
    "PidOf", "Truth", "Whom",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PidOf:
    """A pid, by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: int | float | str | bool | PidOf | None


@dataclass(frozen=True, slots=True)
class Path:
    """A value of an event, or a part of it: `message.items[0]` has the root `message` and the steps `items` and 0."""

    root: str
    steps: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Length:
    """`len(path)`: of a text or a container."""

    path: Path


Operand: TypeAlias = Constant | Path | Length


@dataclass(frozen=True, slots=True)
class Compare:
    """`left sign right`; false where either is missing or the two cannot be compared."""

    sign: Literal["==", "!=", "<", "<=", ">", ">=", "in"]
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class IsA:
    """`path is Name`: its class, or one that it derives from, has this name; with a module, this qualified name there."""

    path: Path
    name: str
    module: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """A path alone: it is there, and not false, none, 0 or an empty text."""

    path: Path


@dataclass(frozen=True, slots=True)
class Not:
    """`not part`."""

    part: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of these."""

    parts: tuple[Condition, ...]


Condition: TypeAlias = Compare | IsA | Truth | Not | And | Or


@dataclass(frozen=True, slots=True)
class Whom:
    """Which processes.

    Attributes:
        form: `all`; `new`, those that are made from now on; `pid`; `name`; `behaviour`; `under`, a supervisor or any process, and
            all below it.
        name: a registered name, or the name of a behaviour.
        number: of a pid, or 0.
    """

    form: Literal["all", "new", "pid", "name", "behaviour", "under"]
    name: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a function: a name for it, or the value that it must have. Neither: any."""

    name: str = ""
    value: Constant | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """Calls of a function.

    Attributes:
        module: its module.
        name: its qualified name; `*` is every function of the module.
        arguments: what stands in the brackets, or None where there are none.
        arity: how many arguments, or None for any number.
        column: where it stands in the pattern, from 1 on.
    """

    module: str
    name: str
    arguments: tuple[Argument, ...] | None = None
    arity: int | None = None
    column: int = field(default=1, compare=False)

    @property
    def text(self) -> str:
        """As events of it are called: `module:name`."""
        return f"{self.module}:{self.name}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern.

    Attributes:
        text: as it was written.
        whom: one of these must fit.
        kinds: of events; those of functions among them.
        functions: which functions.
        condition: what must hold, or None.
        show: of `state`, `return`, `stack`, `nothing`, what is asked for.
    """

    text: str
    whom: tuple[Whom, ...]
    kinds: frozenset[str]
    functions: tuple[Function, ...]
    condition: Condition | None
    show: frozenset[str]
