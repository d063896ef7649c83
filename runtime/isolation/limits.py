"""What an isolated process may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one isolated process; `isolated=Limits(…)` on its child spec. Kept by the kernel but for `processes`.

    Attributes:
        memory: bytes of address space (RLIMIT_AS), at least 64 MiB. More than that is a MemoryError, or the end of what cannot
            raise one. Optional. Defaults to no limit.
        cpu: whole seconds of processor time (RLIMIT_CPU); then SIGXCPU. Optional. Defaults to no limit.
        files: open file descriptors (RLIMIT_NOFILE), at least 32. Optional. Defaults to no limit.
        processes: how many OS processes it may have started and not ended. Optional. Defaults to 0.

    Raises:
        ValueError: a limit is too low, or no whole number.
    """

    memory: int | None = None
    cpu: int | None = None
    files: int | None = None
    processes: int = 0

    def __post_init__(self) -> None:
        for name, least in (("memory", 64 << 20), ("cpu", 1), ("files", 32), ("processes", 0)):
            value = getattr(self, name)
            if value is None and name != "processes":
                continue
            if type(value) is not int or value < least:
                raise ValueError(f"Limits({name}={value!r}): it is a whole number, {least} or more")
