"""Where a child is found: under a name of the node, or a key of a registry (Elixir's `{:via, Registry, {registry, key}}`).

    register=True           its id, where that is a string, is its name
    register=ROOMS          its id is its key in the registry ROOMS
    register=(ROOMS, key)   another key is
    register=False          nowhere

It is registered before its first step, and by each start anew; what is taken refuses the start. `Terms.register` keeps what
the spec says: a registry is shared by all siblings, a key of its own costs a child `Terms` of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import NodeError

if TYPE_CHECKING:
    from ..process import Process
    from ..registry.directory import Directory
    from ..registry.registry import Registry
    from .child_spec import ChildSpec

    Register: TypeAlias = bool | Registry[Any, Any] | tuple[Registry[Any, Any], Any]

__all__ = ["Register", "checked", "claim", "holder", "is_by_id", "key_of"]


def checked(child: Any, register: Any) -> Register:
    """What a spec says, if it makes sense.

    Raises:
        TypeError: it is none of the four, or the key can change.
        ValueError: the registry's keys are not unique: nobody could be told who has it.
    """
    if isinstance(register, bool):
        return register
    from ..registry.registry import Registry  # noqa: PLC0415 - it imports handles, which can start children
    from ..registry.scope import check_key  # noqa: PLC0415 - as above

    pair: tuple[Any, ...] = register if type(register) is tuple else (register, child)  # pyright: ignore[reportUnknownVariableType]  # whoever calls is not typed
    registry = pair[0] if len(pair) == 2 else None
    if not isinstance(registry, Registry):
        raise TypeError(
            f"child {child!r}: register={register!r}; it is True (its id is its name), False, a Registry (its id is its key) "
            "or (Registry, key)"
        )
    if registry.keys_are != "unique":
        raise ValueError(
            f"child {child!r}: register={register!r}; {registry!r} has duplicate keys, and a child is found under a unique one. "
            "Let it register itself, in its init"
        )
    check_key("key", pair[1])
    accepted: Register = register  # pyright: ignore[reportUnknownVariableType]  # as above
    return accepted


def key_of(spec: ChildSpec) -> tuple[Registry[Any, Any], Any] | None:
    """The registry and the key that a child stands under; None for none."""
    register = spec.terms.register
    if isinstance(register, bool):
        return None
    return register if isinstance(register, tuple) else (register, spec.id)


def is_by_id(spec: ChildSpec) -> bool:
    """Whether its id is its name or its key, so that no other can have it."""
    return spec.name is not None or not isinstance(spec.terms.register, bool | tuple)


def claim(spec: ChildSpec, process: Process) -> None:
    """Register a process that is about to start.

    Raises:
        AlreadyRegistered: a living process has the name, or the key.
        NodeError: the node has a registry of this name whose keys are duplicate.
    """
    if spec.terms.register is False:
        return
    if (name := spec.name) is not None:
        process.sched.node.registry.register(name, process)
    elif (place := key_of(spec)) is not None:
        registry, key = place
        try:
            registry.register(process.pid, key)
        except ValueError as error:
            raise NodeError(str(error)) from None


def holder(spec: ChildSpec, directory: Directory) -> Process | None:
    """The living process that stands where this child is to stand."""
    if (name := spec.name) is not None:
        return directory.find(name)
    if (place := key_of(spec)) is not None:
        registry, key = place
        table = directory.tables.get(registry)
        for entry in table.under(key) if table is not None else ():
            return entry.process
    return None
