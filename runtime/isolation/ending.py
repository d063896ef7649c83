"""Why an OS process died, in words: from its exit status and what it has used."""

from __future__ import annotations

import signal
from typing import Final

from .limits import Limits

__all__ = ["BROKEN", "ORPHANED", "OUT_OF_MEMORY", "why"]

ORPHANED: Final = 72
"""Exit code of one that has lost its node."""
OUT_OF_MEMORY: Final = 71
"""Exit code with which the runtime itself gives up over there when not even its last words find room."""
BROKEN: Final = 70
"""Exit code with which the runtime itself gives up over there, after a traceback on its standard error."""
_MEANINGS: Final = {
    "SIGSEGV": "segmentation fault", "SIGBUS": "bad memory access", "SIGABRT": "abort", "SIGILL": "illegal instruction",
    "SIGFPE": "arithmetic error in C", "SIGSYS": "forbidden system call",
}  # fmt: skip
_OUTSIDE: Final = {"SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"}


def why(status: int | None, cpu_s: float, limits: Limits) -> str:
    """The words for an exit status (minus the number of the signal, if it was one)."""
    if status is None:
        return "nobody knows how: its exit status was taken by somebody else"
    if status == OUT_OF_MEMORY and limits.memory is not None:
        return f"no memory left for its last words; the limit is {limits.memory >> 20} MiB"
    if status == ORPHANED:
        return "it lost its connection with the node"
    if status == BROKEN:
        return 'no start: see its stderr; does the main module have its `if __name__ == "__main__"`?'
    if status >= 0:
        return f"exit code {status} (os._exit, or an exit in C code)"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    over = limits.cpu is not None and cpu_s >= limits.cpu - 0.1
    if name == "SIGXCPU" or (name == "SIGKILL" and over):
        return f"{name}: {cpu_s:.1f} s of CPU used, limit {limits.cpu} s"
    if name == "SIGKILL":
        return "SIGKILL from outside (an operator, or the kernel for want of memory)"
    if name in _OUTSIDE:
        return f"{name} from outside"
    return f"{name} ({_MEANINGS[name]})" if name in _MEANINGS else name
