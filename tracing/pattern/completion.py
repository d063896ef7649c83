"""A pattern while it is being typed: what the word at its end could become.

    alice rec|                  receive
    under |                     names of processes
    all shop.agents:Acc|        functions of that module
    all send when message.|     fields of messages

What may stand there, the parser says: it is asked for a pattern with a gap at its end. Of which there are such, `Known` knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from .parser import expected

__all__ = ["Completion", "Known", "complete"]

_LAST: Final = re.compile(r"(?:\"[^\"\\]*|'[^'\\]*|[^\W\d]\w*(?:\.\w*)*)\Z")
"""The word that is being typed: a name with points, or one in quotes that are still open."""
_WORD: Final = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_MODULE: Final = re.compile(r"([\w.]+):\Z")
_PLAIN: Final = re.compile(r"\w+|[^\w\s]{1,2}")
_RESERVED: Final = frozenset({"all", "new", "behaviour", "under", "when"})
_BEGINNINGS: Final = {
    "behaviour NAME": "behaviour",
    "under NAME": "under",
    "when CONDITION": "when",
    "and CONDITION": "and",
    "or CONDITION": "or",
    "-> SHOW": "->",
    "a comma": ",",
}
"""The first word of what is told in several."""


class Known(Protocol):
    """What a node knows by name. Each is asked only where such a name may stand."""

    def names(self) -> Iterable[str]:
        """Names of processes."""
        ...

    def behaviours(self) -> Iterable[str]:
        """Behaviours, as `module:qualname`."""
        ...

    def modules(self) -> Iterable[str]:
        """Modules whose functions can be traced."""
        ...

    def functions(self, module: str) -> Iterable[str]:
        """The qualified names of the functions of a module."""
        ...

    def classes(self) -> Iterable[str]:
        """Classes of messages, as `module:qualname`."""
        ...

    def fields(self) -> Iterable[str]:
        """Names of fields of messages."""
        ...


@dataclass(frozen=True, slots=True)
class Completion:
    """What could come next.

    Attributes:
        words: what the last word could become, sorted; those that are often meant first.
        start: the column at which that word begins, from 1 on.
        legal: what may stand there, in words.
    """

    words: tuple[str, ...]
    start: int
    legal: tuple[str, ...]


def complete(text: str, known: Known, most: int = 50) -> Completion:
    """What the word at the end of `text` could become.

    Args:
        text: the beginning of a pattern, up to the cursor.
        known: what there is.
        most: words. Optional. Defaults to 50.
    """
    last = _LAST.search(text)
    start = last.start() if last is not None else len(text)
    head, typed = text[:start], text[start:]
    legal = expected(head)
    if not legal and "." in typed:  # `message.am`: only the path before the point is a part of the pattern
        start = text.rfind(".") + 1
        head, typed = text[:start], text[start:]
        legal = expected(head)
    elif "." in typed and not _dotted(legal):
        start = text.rfind(".") + 1
        head, typed = text[:start], text[start:]
        legal = expected(head) or legal
    sought = typed.lower().lstrip("\"'")
    found = [word for word in _words(legal, head, known) if word.lower().lstrip('"').startswith(sought)]
    return Completion(tuple(dict.fromkeys(found))[:most], start + 1, legal)


def _dotted(legal: tuple[str, ...]) -> bool:
    """Whether what may stand there is a name that has points itself."""
    return not (_NAMES.keys() | _CLASSES).isdisjoint(legal)


def _words(legal: tuple[str, ...], head: str, known: Known) -> list[str]:
    module = _MODULE.search(head)
    words: list[str] = []
    names: list[str] = []  # behind the words: there may be thousands of them
    for what in legal:
        if what in _BEGINNINGS:
            words.append(_BEGINNINGS[what])
        elif what == "a function":
            names += sorted(known.functions(module[1])) if module is not None else []
        elif what in _CLASSES:
            names += _classes(_CLASSES[what](known), module[1] if module is not None else None)
        elif what in _NAMES:
            names += _NAMES[what](known)
        elif _PLAIN.fullmatch(what):
            words.append(what)
    return words + names


def _classes(classes: Iterable[str], module: str | None) -> list[str]:
    """Their names behind that of a module, or alone."""
    if module is None:
        return sorted({name.replace(":", ".").rpartition(".")[2] for name in classes})
    found = (name.partition(":") for name in classes)
    return sorted(name for place, _, name in found if place == module and _WORD.fullmatch(name))


def _quoted(name: str) -> str:
    if _WORD.fullmatch(name) and name not in _RESERVED:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


_NAMES: Final[dict[str, Callable[[Known], list[str]]]] = {
    "a name": lambda known: sorted(map(_quoted, known.names())),
    "MODULE:FUNCTION": lambda known: [f"{name}:" for name in sorted(known.modules())],
    "a field": lambda known: sorted(known.fields()),
    "a function": lambda _known: [],
}
"""Names that a node knows, by what the parser calls them."""
_CLASSES: Final[dict[str, Callable[[Known], Iterable[str]]]] = {
    "a behaviour": lambda known: known.behaviours(),
    "a class": lambda known: known.classes(),
}
"""The same, of what may have its module before it."""
