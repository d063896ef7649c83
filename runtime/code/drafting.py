"""From names of modules to a draft: read, compile, import the libraries they want, execute aside."""

from __future__ import annotations

import contextlib
import importlib.util
import secrets
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from ..blocking import in_thread
from ..errors import CodeError, Interrupted, describe
from ..preemption.errand import Errand
from . import versions
from .draft import Draft
from .sealed import Modules, execute
from .source import Source, read

if TYPE_CHECKING:
    from types import ModuleType

    from ..node import Node

__all__ = ["draft_of", "executed", "nearest", "source_of"]

_OWN: Final = frozenset({"runtime", "tracing"})


async def draft_of(node: Node, asked: tuple[str, ...], names: tuple[str, ...]) -> Draft:
    """The draft of an upgrade to what stands on disk.

    Raises:
        CodeError: a module cannot be read, compiled or executed.
    """
    sources: dict[str, Source] = {}

    def prepare() -> None:
        sources.update({name: source_of(name) for name in names})
        for source in sources.values():
            _ = source.code
        _import_libraries(sources)

    await in_thread(prepare)
    old = {name: versions.of(name) for name in names}
    modules = executed(node, sources)
    return Draft(secrets.token_hex(4), "upgrade", asked, old, dict(sources), modules)


def executed(node: Node, sources: dict[str, Source]) -> Modules:
    """Execute them in a step of the root's, so that code that does not end is interrupted (after 5 s).

    Raises:
        CodeError: one raises, or does not end.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(execute(sources))
        except BaseException as error:
            outcome.append(error)

    sched = node.scheduler
    stands = sched.enter(node.root, sched.clock(), None, Errand(run), ())
    if stands is not None:
        stands.workers.give_up(stands)
        raise CodeError("executing the modules does not end, whatever is raised in it")
    if isinstance(outcome[0], Modules):
        return outcome[0]
    error: BaseException = outcome[0]
    if isinstance(error, CodeError):
        raise error
    where = _where(error, sources)
    what = "took more than 5 s" if isinstance(error, Interrupted) else f"raised {describe(error)}"
    raise CodeError(f"executing {where} {what}; the old version stays") from error


def source_of(name: str) -> Source:
    """The source on disk of a module that may be upgraded. Raises CodeError, which says why not."""
    root = name.partition(".")[0]
    if name == "__main__":
        raise CodeError(
            "__main__ cannot be upgraded: nothing could import it anew. Put the agents into a module, and import that"
        )
    if root in _OWN:
        raise CodeError(f"{name} is the node itself; restart it to upgrade it")
    module: ModuleType | None = sys.modules.get(name)
    if module is None:
        raise CodeError(f"no module {name} is loaded here{nearest(name, sys.modules)}")
    return read(name, module)


def nearest(name: str, known: Iterable[str]) -> str:
    """Which of the known names may have been meant, as the end of a sentence; empty if none is like it."""
    names = list(known)
    last = name.rpartition(".")[2]
    meant = [other for other in names if other.rpartition(".")[2] == last and "." in other]
    found = list(dict.fromkeys(get_close_matches(name, names, 3, 0.75) + meant))[:3]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _import_libraries(sources: dict[str, Source]) -> None:
    """Import what the new code imports and nobody has yet: that may take long, and need not hold the loop.

    What fails here fails again where it can be told.
    """
    roots = {name.partition(".")[0] for name in sources}
    for name in sorted({name for source in sources.values() for name in source.imports}):
        if name not in sys.modules and name.partition(".")[0] not in roots and _is_library(name):
            with contextlib.suppress(BaseException):
                importlib.import_module(name)


def _is_library(name: str) -> bool:
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names:
        return True
    spec = importlib.util.find_spec(root)
    return spec is not None and "site-packages" in (spec.origin or "")


def _where(error: BaseException, sources: dict[str, Source]) -> str:
    """The module and the line that raised."""
    paths = {source.path: name for name, source in sources.items()}
    found, trace = ", ".join(sources), error.__traceback__
    while trace is not None:
        name = paths.get(trace.tb_frame.f_code.co_filename)
        if name is not None:
            found = f"{name}, line {trace.tb_lineno},"
        trace = trace.tb_next
    return found
