"""What is set up in the isolated OS process before code of the user's is imported: limits, and that it does not outlive its node."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final

from ..preemption.guards import to_its_end
from . import sweep
from .ending import ORPHANED
from .limits import Limits

__all__ = ["die", "set_limits", "tie_to_parent"]

_PR_SET_PDEATHSIG: Final = 1
_STARTS: Final = frozenset(
    {"os.fork", "os.forkpty", "os.posix_spawn", "os.system", "pty.spawn", "subprocess.Popen"}
)
"""Audit events of what starts OS processes. (PEP 578)"""
STACK: Final = 512 << 10
"""Bytes of the stacks of the runtime's own threads, since address space is limited."""


def tie_to_parent(parent: int) -> None:
    """Die when the node does. Linux says so at once; elsewhere the end of file of a socket does (see `eyes`)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(ORPHANED)


def set_limits(limits: Limits, report: int, parked: Callable[[], str]) -> None:
    """Set the limits; what kills this OS process leaves its stack in the file descriptor `report`.

    The limit of processor time may be met between two slices of the step that uses it up: `parked` says where that stands.
    """
    threading.stack_size(STACK)
    faulthandler.enable(file=report, all_threads=False)

    def out_of_time(number: int, _frame: FrameType | None) -> None:
        os.write(report, parked().encode("utf-8", "replace"))
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGXCPU, out_of_time)  # a second later the kernel kills whoever runs no Python
    faulthandler.register(signal.SIGXCPU, file=report, all_threads=False, chain=True)
    for which, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_NOFILE, limits.files),
    ):
        if most is not None:
            _, hardest = resource.getrlimit(which)
            hard = most + 1 if which == resource.RLIMIT_CPU else most
            hard = hard if hardest == resource.RLIM_INFINITY else min(hard, hardest)
            resource.setrlimit(which, (min(most, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    _limit_starts(limits.processes)


def _limit_starts(most: int) -> None:
    """Refuse to start more OS processes than `most`. Code in C that forks by itself is not asked; the node counts (see `cell`)."""
    session = os.getsid(0)

    @to_its_end
    def look(event: str, _args: tuple[Any, ...]) -> None:
        if event in _STARTS and (most == 0 or sweep.sessions().get(session, 1) > most):
            raise PermissionError(
                f"this process is isolated and may have {most} OS processes of its own; say more with Limits(processes=…)"
            )

    sys.addaudithook(look)


def die() -> None:
    """End this OS process and all that it has started: its node is gone."""
    with suppress(OSError):
        sweep.sweep(os.environ.get(sweep.MARK, "-"), os.getsid(0))
    os._exit(ORPHANED)
