"""OTP's side: its modules are compiled into a temporary folder when the benchmarks run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

__all__ = ["command", "compile_modules", "why_no_beam"]

_SOURCES: Final = Path(__file__).with_name("otp")


def why_no_beam() -> str | None:
    """Why OTP cannot be measured here; None if it can."""
    missing = [program for program in ("erl", "erlc") if shutil.which(program) is None]
    return f"no `{'`, no `'.join(missing)}` on this machine (Debian: erlang-base)" if missing else None


def compile_modules(into: Path) -> str | None:
    """Compile `otp/*.erl`. Why OTP cannot be measured; None if it can."""
    if why := why_no_beam():
        return why
    sources = sorted(map(str, _SOURCES.glob("*.erl")))
    done = subprocess.run(["erlc", "-o", str(into), *sources], capture_output=True, text=True, check=False)
    return f"erlc failed: {done.stdout.strip()}" if done.returncode else None


def command(beams: Path, measure: str, seconds: float, many: int) -> list[str]:
    """The BEAM with one scheduler, room for a million processes and their names, and one measure to do."""
    return [
        "erl", "+S", "1:1", "+P", "4000000", "+t", "8000000", "-noshell", "-pa", str(beams),
        "-s", "bench", "main", "-extra", measure, str(seconds), str(many),
    ]  # fmt: skip
