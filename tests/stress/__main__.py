"""The stress in its long form: `python -m tests.stress --switches 20000 --seed 7 --loop uvloop`, or `make soak`."""

from __future__ import annotations

import argparse
import faulthandler
import os
import random
import subprocess
import sys
from pathlib import Path

from tests.stress.soak import DEADLINE_S, soak

HEAD = f"{'python':8} {'loop':8} {'switches':>9} {'jobs':>7} {'ends':>6} {'rescues':>8} {'wrong':>6} {'lost':>5} {'seconds':>8}"


def main() -> int:
    """0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--switches", type=int, default=20_000, help="how many are enough, in each run")
    parser.add_argument("--seconds", type=float, default=300.0, help="when a run stops all the same")
    parser.add_argument("--seed", type=int, default=None, help="names the jobs (drawn, unless given)")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default=None, help="default: both")
    parser.add_argument("--only", nargs="*", metavar="WORKLOAD", help="run these workloads alone")
    parser.add_argument(
        "--everywhere", action="store_true", help="this interpreter, and those in SOAK_PYTHONS"
    )
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().getrandbits(32)
    print(HEAD, flush=True)
    if options.everywhere or options.loop is None:
        return _everywhere(options)
    return _here(options)


def _here(options: argparse.Namespace) -> int:
    faulthandler.dump_traceback_later(
        options.seconds + 2 * DEADLINE_S, exit=True
    )  # not even the loop goes on
    found = soak(
        seed=options.seed,
        switches=options.switches,
        seconds=options.seconds,
        loop=options.loop,
        workloads=options.only,
    )
    faulthandler.cancel_dump_traceback_later()
    version = ".".join(map(str, sys.version_info[:3]))
    print(
        f"{version:8} {options.loop:8} {found.switches:9} {found.jobs.total():7} {found.kills:6} {found.rescues:8} "
        f"{len(found.wrong):6} {len(found.lost):5} {found.seconds:8.1f}",
        flush=True,
    )
    if found.good:
        return 0
    print(
        f"seed {options.seed}; {len(found.broken)} broken, {found.interrupts} interrupted\n{found.troubles()}",
        flush=True,
    )
    return 1


def _everywhere(options: argparse.Namespace) -> int:
    """Each interpreter with each loop, in a process of its own."""
    pythons = [sys.executable, *(os.environ.get("SOAK_PYTHONS", "").split() if options.everywhere else ())]
    root = Path(__file__).parents[2]
    failed = 0
    for python in pythons:
        for loop in (options.loop,) if options.loop else ("asyncio", "uvloop"):
            if subprocess.run([python, "-c", f"import {loop}"], capture_output=True).returncode:
                print(f"{python} has no {loop}: left out", flush=True)
                continue
            command = [python, "-W", "error", "-m", "tests.stress", "--loop", loop]
            for name in ("switches", "seconds", "seed"):
                command += [f"--{name}", str(getattr(options, name))]
            command += ["--only", *options.only] if options.only else []
            environment = {**os.environ, "PYTHONPATH": str(root)}
            with subprocess.Popen(
                command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True
            ) as run:
                for line in run.stdout or ():
                    if line.rstrip() != HEAD.rstrip():
                        print(line, end="", flush=True)
            failed += bool(run.returncode)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
