"""How much other work this machine has, so that a limit in seconds is a claim about Observer and not about that."""

from __future__ import annotations

import resource
import subprocess
import sys
import time


def slowdown() -> float:
    """How many times its processor time a program takes just now: 1 on an idle machine."""
    began, before = time.monotonic(), _processor_s()
    subprocess.run([sys.executable, "-c", "import textual.app, rpyc"], check=True)
    return max(1.0, (time.monotonic() - began) / (_processor_s() - before))


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
