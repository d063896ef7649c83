"""One file's review, a piece at a time.

    begin(path, source, budget) ──> Review ──advance──> Review ──advance──> … ──> Verdict
                                                   └──> OverBudget (raised)   └──> Failed

A `Review` is a value: it can be kept as a process's state, looked at, and taken up
again. Each `advance` parses and checks one more piece and spends its nodes. A file
that does not parse ends as `Failed`; one with more nodes than the budget raises
`OverBudget`, which is the reviewer's failure and not the file's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, cast

from demo.checks import comments, names
from demo.checks.finding import Body, Budget, Definition, Failed, Finding, Import, Severity, Summary
from demo.checks.imports import imports_in
from demo.checks.pieces import Piece, Position, next_piece
from demo.checks.place import Place, is_public, is_test, top_of
from demo.checks.shape import shape
from demo.checks.table import BY_NODE, COMMENTS, DOCSTRINGS, IMPORTS
from demo.checks.text import printable

__all__ = ["Review", "Verdict", "advance", "begin", "review"]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_NOT_A_TYPE = re.compile(r"[^\w.\[\],|\s]|\w\s+\w")
_LONGEST_TYPE = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """What the pieces seen so far have told about the file as a whole."""

    imports: tuple[Import, ...] = ()
    definitions: tuple[Definition, ...] = ()
    bodies: tuple[Body, ...] = ()
    names: frozenset[str] = frozenset()
    """Names that are read, and names in text that may be an annotation or an entry of `__all__`."""
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Review:
    """How far the review of one file has come."""

    path: str
    budget: int
    """AST nodes that this attempt may visit."""
    spent: int
    """AST nodes that it has visited."""
    at: Position
    source: str = field(repr=False)
    findings: tuple[Finding, ...] = ()
    facts: Facts = Facts()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of a review: what was found, and what the whole-program passes need."""

    nodes: int
    findings: tuple[Finding, ...]
    summary: Summary


@dataclass(slots=True)
class _Notes:
    """What the walk through one piece collects."""

    found: list[tuple[int, str, str, Severity]] = field(default_factory=list[tuple[int, str, str, Severity]])
    bodies: list[Body] = field(default_factory=list[Body])
    names: set[str] = field(default_factory=set[str])
    attributes: set[str] = field(default_factory=set[str])


def begin(path: str, source: str, budget: int) -> Review:
    """A review that has seen nothing yet. The module itself is the first node."""
    spent = Budget(budget)
    spent.spend()
    return Review(path, budget, spent.spent, Position(), source)


def advance(review: Review) -> Review | Verdict | Failed:
    """The review after one more piece.

    Raises:
        OverBudget: the piece has more nodes than are left.
    """
    try:
        piece = next_piece(review.source, review.at)
    except (SyntaxError, ValueError) as error:
        return Failed(f"cannot be parsed: {_where(error)}")
    except (RecursionError, MemoryError):
        return Failed("cannot be parsed: nested too deeply for the parser")
    budget = Budget(review.budget, review.spent)
    notes = _look_at(review, piece, budget)
    findings = (
        Finding(review.path, line, check, printable(text), severity)
        for line, check, text, severity in notes.found
    )
    after = replace(
        review,
        spent=budget.spent,
        at=piece.end,
        findings=(*review.findings, *findings),
        facts=_merged(review.facts, piece, notes),
    )
    return after if piece.end.offset < len(review.source) else _verdict(after)


def review(path: str, source: str, budget: int) -> Verdict | Failed:
    """All of a review at once.

    Raises:
        OverBudget: the file has more nodes than `budget`.
    """
    now: Review | Verdict | Failed = begin(path, source, budget)
    while isinstance(now, Review):
        now = advance(now)
    return now


def _look_at(review: Review, piece: Piece, budget: Budget) -> _Notes:
    """Every check of what can be seen in one piece."""
    notes = _Notes()
    top = top_of(review.path)
    if review.at.offset == 0 and top.public and not _has_docstring(piece) and review.source.strip():
        notes.found.append((1, DOCSTRINGS[0], "the module has no docstring", DOCSTRINGS[1]))
    if review.at.owner is not None:
        name = review.at.owner.name
        _walk(piece.members, Place("class", name, top.public and is_public(name)), budget, notes)
    _walk(piece.statements, top, budget, notes)
    notes.found.extend(
        (line, COMMENTS[0], text, COMMENTS[1]) for line, text in comments.left_to_do(piece.text)
    )
    return notes


def _walk(statements: Iterable[ast.stmt], place: Place, budget: Budget, notes: _Notes) -> None:
    """Visit every node once, pay for it, and let the checks of its kind look at it."""
    todo: list[tuple[ast.AST, Place]] = [(statement, place) for statement in statements]
    while todo:
        node, place = todo.pop()
        budget.spend()
        for check in BY_NODE.get(type(node), ()):
            for line, text in check.hits(node, place):
                notes.found.append((line, check.name, text, check.severity))
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                notes.names.add(node.id)
        elif isinstance(node, ast.Attribute):
            notes.attributes.add(node.attr)
        elif isinstance(node, ast.Constant):
            notes.names.update(_names_in(node.value))
        elif isinstance(node, _SCOPES):
            if not isinstance(node, ast.ClassDef) and (digest := shape(node)) is not None:
                notes.bodies.append(Body(place.qualified(node.name), node.lineno, digest))
            place = place.inside(node)
        inner = place
        todo.extend((child, inner) for child in _children(node))


def _children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below. A format spec is a JoinedStr to the parser and no f-string to a reader: its parts count."""
    found: list[ast.AST] = []
    for name in node._fields:
        value: Any = getattr(node, name, None)
        if isinstance(value, list):
            items = cast("list[object]", value)
            found += [item for item in items if isinstance(item, ast.AST)]  # an absent key of `{**a}` is None
        elif isinstance(value, ast.AST):
            if name == "format_spec" and isinstance(value, ast.JoinedStr):
                found += value.values
            else:
                found.append(value)
    return found


def _names_in(value: object) -> list[str]:
    """The names in a text that may be an annotation or name something; none in prose."""
    if not isinstance(value, str) or len(value) > _LONGEST_TYPE or _NOT_A_TYPE.search(value):
        return []
    return _IDENTIFIER.findall(value)


def _merged(facts: Facts, piece: Piece, notes: _Notes) -> Facts:
    definitions = (
        Definition(statement.name, statement.lineno)
        for statement in piece.statements
        if isinstance(statement, _SCOPES) and is_public(statement.name) and not statement.decorator_list
    )
    return Facts(
        (*facts.imports, *imports_in((*piece.members, *piece.statements))),
        (*facts.definitions, *definitions),
        (*facts.bodies, *notes.bodies),
        facts.names | notes.names,
        facts.attributes | notes.attributes,
    )


def _verdict(review: Review) -> Verdict:
    facts = review.facts
    unused = (
        Finding(review.path, line, IMPORTS[0], printable(text), IMPORTS[1])
        for line, text in names.unused_imports(review.path, facts.imports, facts.names)
    )
    findings = sorted(
        (*review.findings, *unused), key=lambda finding: (finding.line, finding.check, finding.message)
    )
    imported = frozenset(name for statement in facts.imports for name in statement.names)
    # What a test defines is found by its name, by a runner.
    definitions = () if is_test(review.path) else facts.definitions
    summary = Summary(
        review.path, facts.imports, definitions, facts.bodies, facts.names | facts.attributes | imported
    )
    return Verdict(review.spent, tuple(findings), summary)


def _has_docstring(piece: Piece) -> bool:
    return ast.get_docstring(ast.Module(piece.statements, []), clean=False) is not None


def _where(error: Exception) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{error.msg} (line {error.lineno})"
    return str(error)
