"""Passes over the whole program: what no single file can show.

    Summary, Summary, … ──┬── import_cycles          modules that need each other to be imported
                          ├── duplicated_functions   bodies written more than once
                          └── unused_public_names    functions and classes that nothing mentions

Pure functions over the summaries that reviewers made; files are not read again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from demo.checks.finding import Finding, Import, Severity, Summary
from demo.checks.graph import cycles
from demo.checks.text import printable

__all__ = ["duplicated_functions", "import_cycles", "module_name", "unused_public_names", "whole_program"]


def whole_program(summaries: Sequence[Summary], package: str = "") -> tuple[Finding, ...]:
    """What all the passes find.

    Args:
        summaries: one for each reviewed file.
        package: the dotted name of the package that the paths are relative to. Optional. Defaults to none.
    """
    passes = (
        *import_cycles(summaries, package),
        *duplicated_functions(summaries),
        *unused_public_names(summaries),
    )
    return tuple(sorted(passes, key=lambda finding: (finding.path, finding.line, finding.check)))


def import_cycles(summaries: Sequence[Summary], package: str = "") -> Iterator[Finding]:
    """Modules whose imports, as they run at import time, lead back to themselves: one finding for each cycle."""
    modules = {module_name(summary.path, package): summary for summary in summaries}
    graph: dict[str, set[str]] = {}
    for name, summary in modules.items():
        graph[name] = {
            target
            for statement in summary.imports
            if statement.early
            for target in _targets(name, summary, statement, modules)
        }
        graph[name].discard(name)
    for group in cycles(graph):
        yield _cycle(modules, group)


def duplicated_functions(summaries: Sequence[Summary]) -> Iterator[Finding]:
    """Functions that differ only in local names, docstring and layout: a finding for each but the first."""
    places: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for summary in sorted(summaries, key=lambda summary: summary.path):
        for body in sorted(summary.bodies, key=lambda body: body.line):
            places[body.shape].append((summary.path, body.line, body.name))
    for same in places.values():
        first, line, _ = same[0]
        for path, at, name in same[1:]:
            text = printable(f"{name} has the same body as {first}:{line}")
            yield Finding(path, at, "duplicated-function", text, Severity.NOTE)


def unused_public_names(summaries: Sequence[Summary]) -> Iterator[Finding]:
    """Public functions and classes of modules that no file mentions, its own included.

    What is decorated may be registered somewhere, and what stands in `__all__` is mentioned there.
    """
    used = frozenset[str]().union(*(summary.uses for summary in summaries))
    for summary in summaries:
        for definition in summary.definitions:
            if definition.name not in used and definition.name != "main":
                text = f"{definition.name} is public, and nothing here uses it"
                yield Finding(summary.path, definition.line, "unused-public-name", text, Severity.NOTE)


def module_name(path: str, package: str = "") -> str:
    """The dotted name under which the file at `path`, relative to the root, is imported."""
    parts = list(PurePath(path).with_suffix("").parts)
    if parts[-1] == "__init__" and (package or len(parts) > 1):
        parts.pop()
    return ".".join((*filter(None, (package,)), *parts))


def _cycle(modules: dict[str, Summary], group: tuple[str, ...]) -> Finding:
    """The finding of one cycle, at the first import of its first module that leads into it."""
    name, *others = group
    summary = modules[name]
    shown = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    line = min(
        statement.line
        for statement in summary.imports
        if statement.early and not _targets(name, summary, statement, modules).isdisjoint(others)
    )
    text = printable(f"imports {shown}, and is imported by that")
    return Finding(summary.path, line, "import-cycle", text, Severity.WARNING)


def _targets(name: str, summary: Summary, statement: Import, modules: dict[str, Summary]) -> set[str]:
    """The modules of the program that a statement of module `name` imports by naming them."""
    module = statement.module
    if statement.level:
        is_package = PurePath(summary.path).name == "__init__.py"
        parents = name.split(".") if is_package else name.split(".")[:-1]
        kept: list[str] = parents[: len(parents) - (statement.level - 1)]
        module = ".".join((*kept, *filter(None, (module,))))
    if not statement.names:
        return {module} & modules.keys()
    submodules = {f"{module}.{item}" for item in statement.names} & modules.keys()
    # `from package import submodule` needs the submodule; any other name needs the module itself.
    others = {module} & modules.keys() if len(submodules) < len(statement.names) else set[str]()
    return submodules | others
