"""Which machine the figures are from: what matters for speed, and nothing that identifies it."""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

from benchmarks.beam import why_no_beam

__all__ = ["describe", "load"]


def describe() -> dict[str, str]:
    """The machine, by name of what is said."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "OTP": _otp(),
        "taken": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def _field(path: str, name: str) -> str | None:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(rf"^{name}\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else None


def _processor() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    total = _field("/proc/meminfo", "MemTotal")
    return f"{int(total.split()[0]) / 2**20:.0f} GiB" if total else "unknown"


def load() -> str:
    """How many processes wanted a core in the last minute: more than two means that the benchmarks were not alone."""
    try:
        return f"{os.getloadavg()[0]:.1f}"
    except OSError:
        return "unknown"


def _otp() -> str:
    if missing := why_no_beam():
        return missing
    asked = ["erl", "-noshell", "-eval", 'io:format("~s", [erlang:system_info(otp_release)]), halt().']
    try:
        return subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return f"erl does not start: {error}"
