"""The moment in which new modules take the place of old ones. It cannot fail."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

from ..messages import forget
from ..supervision.child_spec import renew
from .doors import clear
from .draft import definitions
from .old import mark
from .versions import put, supersede, taken_over

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from ..node import Node
    from .draft import Draft

__all__ = ["commit", "let_go"]


def commit(node: Node, draft: Draft) -> None:
    """Put the draft's modules in place; whoever starts a behaviour of theirs from now on starts the new one."""
    draft.modules.install()
    for name, module in draft.modules.of.items():
        put(taken_over(module, draft.sources[name]))
    for old, new in draft.pairs():
        if isinstance(new, type):
            clear(new)
        if (new is not None and type(new) is type(old)) or (isinstance(new, type) and isinstance(old, type)):
            supersede(old, new)
    renew()
    mark(draft)
    names = ", ".join(f"{name} {draft.old[name].name} to {draft.new[name].name}" for name in draft.modules.of)
    node.ledger.recorder.record("code_changed", text=f"{draft.kind}: {names}")


def let_go(modules: Iterable[ModuleType]) -> None:
    """Nobody goes back to these modules any more: forget what is remembered of their classes, so that they can be freed."""
    for module in modules:
        for item in definitions(module):
            if isinstance(item, type):
                forget(item)
    for cleanup in getattr(typing, "_cleanups", ()):  # parametrised classes: `Server[State]`
        cleanup()
