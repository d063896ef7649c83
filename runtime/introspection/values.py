"""Any value as plain JSON, bounded and redacted, without running a line of its class's code.

    walk(state) -> Walked(value={"$type": "Chat", "steps": 3, "api_key": {"$redacted": True}}, redacted=1, …)

A user's `__repr__`, property or iterator may raise, hang or print megabytes, and no time limit could stop it here.
So the class tells how its instances are read (`shapes`), containers are read by the methods of the built-in class
even where a subclass overrides them, and everything has a limit. `contract.Value` lists the marks that stand for
what is no JSON.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownLambdaType=false
# (it reads values of any type)

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final

from .atoms import ATOMS, mark
from .pace import rest, settled
from .shapes import Shape
from .text import clean, cleaned, plain

__all__ = ["Limits", "Walked", "walk", "walk_all"]

_WORDS: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_SECRET: Final = frozenset({
    "password", "passwd", "passphrase", "token", "secret", "apikey", "authorization", "cookie", "credential", "privatekey",
    "accesskey", "pwd", "passcode",
})  # fmt: skip
_COUNTED: Final = frozenset({"token", "cookie", "credential"})
"""Words whose numbers count things: `tokens: 5` is no secret."""
_BREATH: Final = 200
"""Values after which the walk rests."""
_KEY: Final = 200
"""Characters of a mapping's key that are shown."""
_REDACTED: Final = "$redacted"


@dataclass(frozen=True)
class Limits:
    """How much is shown.

    Attributes:
        depth: levels of parts within parts.
        width: parts of one value.
        text: characters of one text.
        items: values, over all that is read together.
        characters: of text, over all that is read together.
    """

    depth: int = 8
    width: int = 100
    text: int = 2000
    items: int = 5000
    characters: int = 500_000


@dataclass
class Walked:
    """What a walk has found.

    Attributes:
        value: JSON.
        truncated: whether a limit cut something.
        redacted: how many values were hidden.
        mutable: whether something in it can change, so that it may have changed while it was read.
        torn: whether something changed faster than it could be read.
    """

    value: Any = None
    truncated: bool = False
    redacted: int = 0
    mutable: bool = False
    torn: bool = False


def walk(value: Any, limits: Limits | None = None, shapes: dict[int, Shape] | None = None) -> Walked:
    """Read `value`. Never raises and never runs its code.

    Args:
        value: any.
        limits: how much is shown. Optional.
        shapes: of classes that were met before, for who walks over many values one by one. Optional.
    """
    return _Walk(limits or Limits(), shapes).of(value)


def walk_all(values: Iterable[Any], limits: Limits | None = None) -> list[Walked]:
    """Read several values; they share `items` and `characters`."""
    walk = _Walk(limits or Limits())
    return [walk.of(value) for value in values]


class _Walk:
    """Where a walk is, and what it has spent."""

    def __init__(self, limits: Limits, shapes: dict[int, Shape] | None = None) -> None:
        self.limits = limits
        self.walked = Walked()
        self.path: set[int] = set()
        self.items = 0
        self.characters = 0
        self.shapes: dict[int, Shape] = {} if shapes is None else shapes

    def of(self, value: Any) -> Walked:
        self.walked = walked = Walked()
        walked.value = self.visit(value, 0)
        return walked

    @property
    def spent(self) -> bool:
        return self.items >= self.limits.items or self.characters >= self.limits.characters

    def visit(self, value: Any, depth: int) -> Any:
        self.items += 1
        if self.items % _BREATH == 0:
            rest()
        kind = type(value)
        atom = ATOMS.get(id(kind))
        if atom is not None:
            return self.text(value) if kind is str else atom(value)
        shape = self.shapes.get(id(kind)) or self.shapes.setdefault(id(kind), Shape(kind))
        if shape.secret:
            return self.redacted()
        if id(value) in self.path:
            return {"$cycle": True}
        self.path.add(id(value))
        try:
            return self.parts(value, shape, depth + 1)
        except Exception:  # it changes all the time, or breaks a rule of its built-in class
            self.walked.torn = True
            return mark(shape.name, "cannot be read now")
        finally:
            self.path.discard(id(value))

    def parts(self, value: Any, shape: Shape, depth: int) -> Any:
        if shape.text is not None:
            return mark(shape.name, self.text(shape.text(value)))
        self.walked.mutable |= shape.mutable
        if depth > self.limits.depth or self.spent:
            self.walked.truncated = True
            return {"$type": shape.name, "$more": _size(value, shape)}
        match shape.form:
            case "list" | "tuple":
                return self.sequence(self.head(value, shape), _size(value, shape), depth)
            case "named":
                pairs = [
                    (plain(name), item)
                    for name, item in zip(shape.labels, self.head(value, shape), strict=False)
                ]
                return self.mapping(pairs, _size(value, shape), depth, {"$type": shape.name})
            case "set":
                items = self.sequence(self.head(value, shape), _size(value, shape), depth)
                return {"$type": shape.name, "$items": items}
            case "dict":
                return self.dictionary(value, {} if shape.kind is dict else {"$type": shape.name}, depth)
            case "proxy":
                behind = gc.get_referents(value)[0]  # the mapping; asking the proxy would ask its class
                return self.visit(behind, depth)
            case _:
                return self.object(value, shape, depth)

    def head(self, value: Any, shape: Shape) -> Sequence[Any]:
        """The first items of a container, copied by its built-in class."""
        base: Any = shape.base
        if base is list or base is tuple:
            items: Sequence[Any] = base.__getitem__(value, slice(0, self.limits.width))
            return items
        return settled(lambda: list(islice(base.__iter__(value), self.limits.width)))

    def sequence(self, items: Sequence[Any], size: int, depth: int) -> list[Any]:
        shown: list[Any] = []
        for item in items:
            if self.spent:
                break
            shown.append(self.visit(item, depth))
        if len(shown) == size == 2 and self.hides(_label(shown[0]), items[1]):
            shown[1] = self.redacted()  # a header, as a pair
        if size > len(shown):
            self.walked.truncated = True
            shown.append({"$more": size - len(shown)})
        return shown

    def dictionary(self, value: Any, shown: dict[str, Any], depth: int) -> dict[str, Any]:
        pairs = settled(lambda: list(islice(dict.items(value), self.limits.width)))
        return self.mapping([(self.key(key), item) for key, item in pairs], dict.__len__(value), depth, shown)

    def mapping(
        self, pairs: list[tuple[str, Any]], size: int, depth: int, shown: dict[str, Any]
    ) -> dict[str, Any]:
        count = 0
        for name, item in pairs:
            if self.spent:
                break
            count += 1
            label = _free(shown, clean("$" + name if name.startswith("$") else name, _KEY))
            self.characters += len(label)
            shown[label] = self.redacted() if self.hides(name, item) else self.visit(item, depth)
        if size > count:
            self.walked.truncated = True
            shown["$more"] = size - count
        return shown

    def object(self, value: Any, shape: Shape, depth: int) -> dict[str, Any]:
        fields = shape.fields(value)
        if shape.form == "exception":
            fields.insert(0, ("args", vars(BaseException)["args"].__get__(value)))
        elif shape.opaque:
            return mark(shape.name, "nothing to show")
        return self.mapping(fields[: self.limits.width], len(fields), depth, {"$type": shape.name})

    def key(self, key: Any) -> str:
        if issubclass(type(key), str):
            return plain(key)
        return _label(self.visit(key, self.limits.depth - 1))

    def hides(self, name: str, item: Any) -> bool:
        """Whether a value of this name is a secret."""
        if item is None or item is True or item is False:
            return False
        words = _secret_words(name)
        number = type(item) is int or type(item) is float
        return bool(words - _COUNTED if number else words)

    def redacted(self) -> dict[str, Any]:
        self.walked.redacted += 1
        return {_REDACTED: True}

    def text(self, text: str) -> str:
        shown, passwords = cleaned(text, self.limits.text)
        self.walked.redacted += passwords
        self.characters += len(shown)
        self.walked.truncated |= len(text) > self.limits.text
        return shown


def _secret_words(name: str) -> frozenset[str]:
    """The words in a name that say that it holds a secret: `apiKeys`, `API_KEY` and `x-api-key` alike."""
    words = [word.lower() for word in _WORDS.findall(name[:1000])]
    words += [a + b for a, b in pairwise(words)]
    return _SECRET.intersection((*words, *(word.removesuffix("s") for word in words)))


def _label(shown: Any) -> str:
    """What a walk made of a key, as one text."""
    return str(shown["$text"]) if type(shown) is dict and "$text" in shown else str(shown)


def _free(shown: dict[str, Any], name: str) -> str:
    """A name that is not taken: different keys may look alike."""
    free, number = name, len(shown)
    while free in shown:
        free, number = f"{name} ({number})", number + 1
    return free


def _size(value: Any, shape: Shape) -> int:
    base: Any = shape.base
    return base.__len__(value) if shape.form in {"list", "tuple", "named", "dict", "set"} else 1
