"""The real OTP: one BEAM for all scripts of a test run, spoken to over its standard input and output.

It starts in about a third of a second (it compiles `otp_side.erl` in memory) and answers a script in about a
millisecond. Debian's erlang-base is all it needs.
"""

import json
import re
import select
import shutil
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any, Self

from tests.differential.script import Script, erlang_term

__all__ = ["Beam", "why_no_beam"]

OLDEST = (13, 1)
"""The emulator of OTP 25.1."""
PATIENCE = 30.0  # s for one answer; the BEAM gives up on a script by itself after 5 s


@cache
def why_no_beam() -> str | None:
    """Why no BEAM can be started here, or None if one can."""
    missing = [program for program in ("erl", "escript") if shutil.which(program) is None]
    if missing:
        return f"no {' and no '.join(missing)} on this machine: install erlang-base to compare"
    told = subprocess.run(["erl", "-version"], capture_output=True, text=True, check=False)
    version = re.search(r"version (\d+)\.(\d+)", told.stdout + told.stderr)
    if version is not None and tuple(map(int, version.groups())) < OLDEST:
        return "OTP is older than 25.1, whose pg is the first with monitors: install a newer erlang-base to compare"
    return None


class Beam:
    """A running BEAM; a context manager, so that none is left behind."""

    def __init__(self, side: str = "otp_side.erl") -> None:
        self._side = Path(__file__).with_name(side)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["escript", str(self._side)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # its end of file is the BEAM's order to leave
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def observe(self, script: Script) -> list[dict[str, Any]]:
        """What OTP does with this script, entry by entry; RuntimeError if OTP's side itself failed."""
        observed = self.ask(script)
        if isinstance(observed, dict):
            raise RuntimeError(
                f"the OTP side failed: {observed['broken']}\non the script {json.dumps(script)}"
            )
        return observed

    def ask(self, question: Any) -> Any:
        """What the side answers to a line."""
        self._process.stdin.write(f"{erlang_term(question)}.\n".encode())
        return json.loads(self._line())

    def _line(self) -> bytes:
        deadline = time.monotonic() + PATIENCE
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            part = self._process.stdout.read(65536) if ready else b""
            if not part:
                raise RuntimeError(f"the BEAM fell silent (exit code {self._process.poll()}) after {line!r}")
            line += part
        return line
