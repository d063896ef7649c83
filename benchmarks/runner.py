"""Runs the measures in rounds, each measurement in a fresh process that is bounded by a time-out.

round 1   call_host: slicing, plain, otp, …    cast: slicing, plain, otp, …    …
round 2   the same, candidates the other way round: who comes late in a round is not always the same
…         until there were enough rounds, or the time is up
"""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from benchmarks import beam, machine
from benchmarks.measures import Measure
from benchmarks.results import Found, Results

__all__ = ["Runner"]

_ROOT: Final = Path(__file__).parents[1]


class Runner:
    """One run of the benchmarks.

    Args:
        rounds: how often each is measured.
        seconds: how long each rate is measured.
        many: how many processes "a million" are.
        limit_s: seconds after which no measure is begun any more that has been taken once. Optional. Defaults to no limit.
    """

    def __init__(self, rounds: int, seconds: float, many: int, limit_s: float = math.inf) -> None:
        self.rounds: Final = rounds
        self.limit_s: Final = limit_s
        self.results: Final = Results(machine.describe(), rounds, seconds, many)
        self._beams: Path | None = None
        self._no_beam: str | None = None

    def run(self, measures: Iterable[Measure]) -> Results:
        """Measure all of them, in rounds."""
        chosen = list(measures)
        began = time.monotonic()
        self.results.machine["load before"] = machine.load()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            self._beams = Path(folder)
            self._no_beam = beam.compile_modules(self._beams)
            for number in range(self.rounds):
                for measure in chosen:
                    if number < measure.rounds and (number == 0 or time.monotonic() - began < self.limit_s):
                        self._round(measure, number)
        self.results.machine["load after"] = machine.load()
        return self.results

    def _round(self, measure: Measure, number: int) -> None:
        order = measure.candidates if number % 2 == 0 or measure.either else measure.candidates[::-1]
        for candidate in order:
            found = self.results.of(measure.name, candidate)
            if found.skipped or (measure.either and candidate == "plain" and self._slices(measure)):
                continue
            answer = self.measure(candidate, measure)
            if "figures" in answer:
                found.add(answer["figures"])
            else:
                found.skipped = answer["skipped"]
            _tell(f"{number + 1}/{self.rounds}  {measure.name:20} {candidate:8} {_brief(found)}")

    def _slices(self, measure: Measure) -> bool:
        return not self.results.of(measure.name, "slicing").skipped

    def measure(self, candidate: str, measure: Measure) -> dict[str, Any]:
        """One measurement: `{"figures": …}` or `{"skipped": why}`."""
        seconds, many = self.results.seconds, self.results.many
        if candidate != "otp":
            worker = ["-m", "benchmarks.worker", candidate, measure.name, str(seconds), str(many)]
            return _ask([sys.executable, *worker], measure.timeout)
        if self._no_beam or self._beams is None:
            return {"skipped": self._no_beam or "not compiled"}
        return _ask(beam.command(self._beams, measure.name, seconds, many), measure.timeout)


def _ask(command: list[str], timeout: float) -> dict[str, Any]:
    """Start a process, and read its answer. It has a home of its own, so that no other node is in the way."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as home,
        subprocess.Popen(
            command, cwd=_ROOT, env={**os.environ, "OBSERVER_HOME": home}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            said, complaints = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            return {"skipped": f"no answer within {timeout:g} s"}
        except BaseException:  # Ctrl-C
            _end(process)
            raise
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        last = (complaints.strip() or said.strip() or "nothing").splitlines()[-1]
        return {"skipped": f"it ended with {process.returncode}, and said: {last[:200]}"}
    return answer


def _end(process: subprocess.Popen[str]) -> None:
    """End a measurement that is not over, with the console that it may have started: they are a group of their own."""
    os.killpg(process.pid, signal.SIGKILL)


def _brief(found: Found) -> str:
    if found.skipped:
        return f"skipped: {found.skipped}"
    return "  ".join(f"{name} {values[-1]:,.6g}" for name, values in found.figures.items())


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
