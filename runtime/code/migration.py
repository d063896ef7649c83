"""One process from the old code to the new: its state and its mailbox. Nothing here touches the process.

    the class has code_change      code_change(old_version, plain state) ──> the next state
    (rollback: code_change_down)   a state machine's: code_change(old_version, state, plain data) ──> (state, data)
    else                           rebuilt by structure, where anything in it is of an old class

    messages of old classes        message_change(old_version, plain message) of the class, else rebuilt by structure

Hooks are static, plain methods; they may neither wait nor take longer than 20 ms.
"""

# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# (states are of any type)

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from ..errors import Interrupted, NotSendable, describe
from ..messages import is_constant, share
from ..preemption.hooks import answer_of
from ..server import Server
from ..state_machine.behaviour import StateAndData, StateMachine, check_state
from .affected import is_far
from .translation import Untranslatable

if TYPE_CHECKING:
    from ..process import Process
    from .draft import Draft

__all__ = ["Migration", "Move", "NotMigrated", "hook_of"]

_NOTHING: Final[Any] = object()


class NotMigrated(Exception):  # noqa: N818 - told to the user as a sentence
    """Raised where a state or a message does not come over; `what` says which of the two."""

    def __init__(self, text: str, what: Literal["state", "message"] = "state") -> None:
        super().__init__(text)
        self.what: Literal["state", "message"] = what


class Move:
    """What a process will be.

    Attributes:
        kind: its new class.
        before: the state that it was made from.
        state: the new one.
        letters: messages of its mailbox that were migrated: the old one and the new, by the id of the old.
    """

    __slots__ = ("before", "kind", "letters", "state")

    def __init__(self, kind: Any, before: Any, state: Any, letters: dict[int, tuple[Any, Any]]) -> None:
        self.kind = kind
        self.before = before
        self.state = state
        self.letters = letters

    def fits(self, state: Any) -> bool:
        """Whether it was made for this state."""
        before = self.before
        if type(state) is StateAndData and type(before) is StateAndData:
            return before.data is state.data and before.state == state.state
        return before is state


def hook_of(draft: Draft, kind: Any) -> Callable[..., Any] | None:
    """What migrates the states of the old class `kind`: of the new class on the way up, of itself on the way back."""
    holder = kind if draft.back else draft.new_of(kind)
    hook: Callable[..., Any] | None = getattr(
        holder, "code_change_down" if draft.back else "code_change", None
    )
    return hook


class Migration:
    """Migrates processes as a draft says."""

    def __init__(self, draft: Draft) -> None:
        self.draft: Final = draft

    def move(self, process: Process, state: Any = _NOTHING) -> Move:
        """What `process` will be, from its state, or from `state`, which it is about to have.

        Raises:
            NotMigrated: it cannot be.
        """
        if state is _NOTHING:
            state = process.state
        old = type(process.handle)
        new = self.draft.new_of(old)
        if not (isinstance(new, type) and issubclass(new, Server)):
            raise NotMigrated(f"the new code has no Server {old.__qualname__}")
        made = state if is_far(process) else self.state(process, old, new, state)
        return Move(new, state, made, self.letters(process, new))

    def again(self, process: Process, move: Move, state: Any) -> Move:
        """As `move`, for a process that has gone on; its mailbox is not looked at again."""
        old = type(process.handle)
        return Move(move.kind, state, self.state(process, old, move.kind, state), move.letters)

    # --- the state ----------------------------------------------------------------------------------

    def state(self, process: Process, old: Any, new: Any, state: Any) -> Any:
        """What a state of the old class becomes; hooks run in a step of `process`. Raises NotMigrated."""
        machine = type(state) is StateAndData and issubclass(new, StateMachine)
        data = state.data if machine else state
        hook = hook_of(self.draft, old)
        way = "code_change_down" if self.draft.back else "code_change"
        try:
            if hook is None:
                made = self.draft.translation.rebuilt(state)
            else:
                made = self._asked(process, hook, old, state, data)
        except Untranslatable as error:
            raise NotMigrated(f"{error}; give {old.__qualname__} a {way}(version, state)") from None
        except NotMigrated:
            raise
        except Exception as error:
            why = f"rebuilding it raised {describe(error)}"
            raise NotMigrated(f"{why}; give {old.__qualname__} a {way}(version, state)") from None
        if made is None:
            raise NotMigrated("the new state is None; None is never a state")
        if new.strict and not is_constant(made):
            raise NotMigrated(
                f"{new.__qualname__} is strict, and its new state ({type(made).__name__}) is mutable"
            )
        if machine:
            made = self._machine(new, made)
        return made

    def _asked(self, process: Process, hook: Callable[..., Any], old: Any, state: Any, data: Any) -> Any:
        """What the hook makes of it."""
        draft, translation = self.draft, self.draft.translation
        try:
            plain = translation.plain(data) if translation.holds(data) else share(data)
        except NotSendable as error:
            raise NotMigrated(f"it cannot be copied for {hook.__qualname__}: {error}") from None
        version = (draft.new if draft.back else draft.old)[old.__module__].name
        name = translation.rebuilt(state.state) if type(state) is StateAndData else None
        arguments = (version, plain) if name is None else (version, name, plain)
        result = run_hook(process, hook, *arguments)
        if name is not None:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise NotMigrated(f"{hook.__qualname__} returned {describe(result)}; return (state, data)")
            return StateAndData(translation.rebuilt(result[0]), self._revived(result[1], data))
        return self._revived(result, data)

    def _revived(self, result: Any, before: Any) -> Any:
        """A dict of fields is an instance of the class that the state had before; anything else is what it is."""
        translation, kind = self.draft.translation, type(before)
        if type(result) is dict and translation.concerns(kind):
            make = self.draft.new_of(kind)
            if make is None:
                raise NotMigrated(
                    f"a dict of fields, and no class {kind.__qualname__} any more to make one of"
                )
            try:
                return make(**result)
            except Exception as error:
                raise NotMigrated(f"{make.__qualname__}(**fields): {describe(error)}") from None
        return translation.rebuilt(result)

    def _machine(self, new: Any, made: Any) -> StateAndData:
        try:
            check_state(new, made[0])
        except TypeError as error:
            raise NotMigrated(str(error)) from None
        return made if type(made) is StateAndData else StateAndData(*made)

    # --- messages -----------------------------------------------------------------------------------

    def letters(self, process: Process, new: Any) -> dict[int, tuple[Any, Any]]:
        """The messages that wait and are of old classes, and what they become."""
        found: dict[int, tuple[Any, Any]] = {}
        for entry in list(process.mailbox or ()):
            message = entry[1]
            made = self.message(process, new, message)
            if made is not message:
                found[id(message)] = (message, made)
        return found

    def message(self, process: Process, new: Any, message: Any) -> Any:
        """What a message becomes; itself, where nothing in it is of an old class.

        Raises:
            NotMigrated: it cannot become anything.
        """
        translation = self.draft.translation
        if not translation.holds(message):
            return message
        hook: Any = getattr(new, "message_change", None)
        try:
            if hook is None:
                return translation.rebuilt(message)
            version = self.draft.old[type(process.handle).__module__].name
            return translation.rebuilt(run_hook(process, hook, version, translation.plain(message)))
        except Exception as error:
            why = f"{describe(type(message).__qualname__)} waits in its mailbox: {error}"
            hint = "" if hook is not None else f"; give {new.__qualname__} a message_change(version, message)"
            raise NotMigrated(why + hint, "message") from None


def run_hook(process: Process, hook: Callable[..., Any], *arguments: Any) -> Any:
    """What a hook returns.

    Raises:
        NotMigrated: it raised, took too long, or is `async`.
    """
    try:
        result = answer_of(process, lambda: hook(*arguments))
    except Interrupted:
        raise NotMigrated(f"{_name(hook)} took more than 20 ms") from None
    except BaseException as error:
        raise NotMigrated(f"{_name(hook)} raised {describe(error)}") from None
    if inspect.iscoroutine(result):
        result.close()
        raise NotMigrated(f"{_name(hook)} is async; it has to answer at once")
    return result


def _name(hook: Callable[..., Any]) -> str:
    return getattr(hook, "__qualname__", "code_change")
