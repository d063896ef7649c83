"""The code that a recording is replayed on: what is loaded today, or a file that is executed aside, as an upgrade would.

today     the class of the recorded name, in the module that is in place
a file    in the place of the module that it is named after (else of the behaviour's own), with the behaviour's module executed
          against it; states and messages come over by `code_change`, `message_change`, or by structure
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from ..code import versions
from ..code.draft import Draft
from ..code.drafting import executed, source_of
from ..code.migration import Migration, NotMigrated, run_hook
from ..code.source import Source, path_of
from ..code.translation import Untranslatable, named
from ..errors import CodeError, describe
from ..server import Server
from .recording import Recording

if TYPE_CHECKING:
    from ..node import Node

__all__ = ["Code", "changed_code", "todays_code"]


class Code:
    """A behaviour's class, and how recorded values come to it.

    Attributes:
        kind: the class.
        version: what names its code.
        modules: those that are executed aside for it, by name.
    """

    def __init__(
        self, kind: type[Any], version: str, modules: Mapping[str, ModuleType] | None = None
    ) -> None:
        self.kind: Final = kind
        self.version: Final = version
        self.modules: Final = modules or {}

    def state(self, state: Any) -> Any:
        """A recorded state, as this code knows it. Raises NotMigrated."""
        return state

    def message(self, message: Any) -> Any:
        """A recorded message, as this code knows it. Raises NotMigrated."""
        return message

    def value(self, value: Any) -> Any:
        """A reply, a reason, or what else is compared, as this code knows it. Raises NotMigrated."""
        return value


class _Changed(Code):
    """Code that is not in place."""

    def __init__(self, node: Node, draft: Draft, old: type[Any], kind: type[Any], version: str) -> None:
        super().__init__(kind, version, draft.modules.of)
        self._root: Any = node.root
        self._draft: Final = draft
        self._old: Final = old
        self._migration: Final = Migration(draft)

    def state(self, state: Any) -> Any:
        return self._migration.state(self._root, self._old, self.kind, state)

    def message(self, message: Any) -> Any:
        hook: Any = getattr(self.kind, "message_change", None)
        translation = self._draft.translation
        if hook is None or not translation.holds(message):
            return self.value(message)
        version = self._draft.old[self._old.__module__].name
        return self.value(run_hook(self._root, hook, version, translation.plain(message)))

    def value(self, value: Any) -> Any:
        try:
            return self._draft.translation.rebuilt(value)
        except Untranslatable as error:
            raise NotMigrated(str(error)) from None
        except Exception as error:
            raise NotMigrated(f"rebuilding it raised {describe(error)}") from None


def todays_code(recording: Recording) -> Code:
    """The code that is loaded now.

    Raises:
        CodeError: there is no such class, or what ran is no server.
    """
    behaviour = recording.about.behaviour
    module, _, qualname = behaviour.partition(":")
    if module not in sys.modules:
        raise CodeError(
            f"the recording is of {behaviour}, and no module {module} is loaded here; import it, then replay again"
        )
    kind = named(sys.modules[module], qualname)
    if kind is None:
        raise CodeError(
            f"the recording is of {behaviour}, and {module} has no {qualname} any more; give the code that has"
        )
    if not (isinstance(kind, type) and issubclass(kind, Server)):
        raise CodeError(
            f"{behaviour} is no Server: a coroutine process keeps its state in its local variables, between two `receive`, "
            "where no replay can put it. Only servers and state machines are replayed"
        )
    return Code(kind, _version(module))


def _version(module: str) -> str:
    return versions.of(module).name


def changed_code(node: Node, recording: Recording, path: str, module: str | None = None) -> Code:
    """The code of a file, executed aside; what runs is not touched. On the loop.

    Args:
        node: in one step of whose root it is executed, for 5 s at most.
        recording: of what.
        path: the file.
        module: in whose place it is. Optional. Defaults to the module that has this file, else to the one of this name that the behaviour
            is made of, else to the behaviour's own.

    Raises:
        CodeError: it cannot be read, compiled or executed, or has no such class.
    """
    today = todays_code(recording).kind
    own = [base.__module__ for base in today.__mro__ if base.__module__.partition(".")[0] not in _OTHERS]
    name = module or _meant(Path(path), own)
    sources = {each: _running(each) for each in {name, today.__module__} if each != name}
    _ = source_of(name)  # whether it may be replaced at all
    try:
        sources[name] = Source(name, str(Path(path).resolve()), Path(path).read_bytes())
    except OSError as error:
        raise CodeError(f"{path} cannot be read: {error.strerror}; give the file of a module") from None
    for source in sources.values():
        _ = source.code
    old = {each: versions.of(each) for each in sources}
    draft = Draft(secrets.token_hex(4), "upgrade", (name,), old, dict(sources), executed(node, sources))
    kind = draft.new_of(today)
    if not (isinstance(kind, type) and issubclass(kind, Server)):
        raise CodeError(f"{path} has no Server {today.__qualname__}, which the recording is of")
    return _Changed(node, draft, today, kind, f"{Path(path).name} {sources[name].hash}")


_OTHERS: Final = frozenset({"runtime", "builtins", "typing", "abc"})


def _meant(path: Path, own: list[str]) -> str:
    """In whose place a file is."""
    resolved = path.resolve()
    for name, module in list(sys.modules.items()):
        place = path_of(module) if getattr(module, "__spec__", None) is not None else None
        if place is not None and Path(place).name == resolved.name and Path(place).resolve() == resolved:
            return name
    return next((name for name in own if name.rpartition(".")[2] == path.stem), own[0])


def _running(name: str) -> Source:
    source = versions.of(name).source
    return source if source is not None else source_of(name)
