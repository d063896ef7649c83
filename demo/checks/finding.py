"""What a review finds and remembers, as immutable values, and the budget that it spends.

Everything here crosses from process to process: a reviewer makes it, the librarian
keeps it, the reporter reads it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Body", "Budget", "Definition", "Failed", "Finding", "Import", "OverBudget", "Severity", "Summary"]


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Does something else than it says."""
    WARNING = "warning"
    """Likely to bite."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found."""

    path: str
    line: int
    check: str
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a file could not be reviewed: a result, not a failure of the reviewer."""

    reason: str


class OverBudget(Exception):  # noqa: N818 - it is an exit reason, and named as one
    """A review met more AST nodes than its attempt may spend."""

    def __init__(self, nodes: int) -> None:
        super().__init__(nodes)
        self.nodes = nodes


class Budget:
    """How many AST nodes may still be visited."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int, spent: int = 0) -> None:
        self.limit = limit
        self.spent = spent

    def spend(self) -> None:
        """Pay for one node.

        Raises:
            OverBudget: the limit is reached.
        """
        if self.spent >= self.limit:
            raise OverBudget(self.limit)
        self.spent += 1


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement."""

    line: int
    module: str
    """As written, without the dots of a relative import."""
    level: int
    """How many dots."""
    names: tuple[str, ...]
    """What `from module import …` names; empty for `import module`."""
    binds: tuple[str, ...]
    """The names that it makes and that something should use."""
    early: bool
    """Whether it runs while the module is imported, and not only when a function is called or types are checked."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A public function or class of a module."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Body:
    """A function's body, by its shape."""

    name: str
    line: int
    shape: str
    """Equal for two bodies that differ only in local names, docstring, comments and layout."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the whole-program passes need to know of one file."""

    path: str
    imports: tuple[Import, ...]
    definitions: tuple[Definition, ...]
    bodies: tuple[Body, ...]
    uses: frozenset[str]
    """Every name that the file mentions other than by defining it."""
