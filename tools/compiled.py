"""The compiled form of the hot path: a copy of the packages in which a few modules of the runtime are built by Cython.

    python -m tools.compiled build/compiled      needs Cython, setuptools, and a C compiler

    runtime/sending.py ───┐
    runtime/sending.pxd ──┴── without type arguments ──> Cython ──> build/compiled/runtime/sending.*.so

The source is the same; the .pxd beside a module says which of its classes become C structures, and of which types their fields
are. Pure Python is what everything else uses: nothing is built, installed or imported unless somebody asks for it here.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

__all__ = ["COMPILED", "build", "without_type_arguments"]

HERE: Final = Path(__file__).resolve().parent.parent
COPIED: Final = ("runtime", "tracing", "tui", "demo", "benchmarks", "tests", "tools", "docs")

COMPILED: Final = {
    "runtime/caller.py": False,
    "runtime/process.py": False,
    "runtime/results.py": False,
    "runtime/run_queue.py": False,
    "runtime/sending.py": True,
    "runtime/server_process.py": True,
    "runtime/trace/turns.py": False,
    "runtime/preemption/entrance.py": False,
    "runtime/preemption/errand.py": False,
}
"""What is compiled, and whether Cython believes its annotations: where it does, a `float` becomes a C double and loses its
identity, by which one step is told from the next.

Time-slicing tells from frames where a step may be parked, and compiled functions have none. What is listed here may be, because a
tick cannot come between two of its lines, only in what it calls; and whatever it calls that must not be left in the middle has a frame
of its own. So these stay Python:

    preemption/worker   its `run` is the boundary of every step
    scheduler           its turns block for a moment, and its `kick` calls the loop, which may be anybody's
    workers, steps      they park and resume
    calls               `pid.call(…)` is a coroutine as any other, for `inspect` and for whoever looks where it stands
    messages            a copy may be parked, and is told from its frames; too deep a value is found by RecursionError

Cython lends a field to the function that it is passed to: `handler(message, self.state)` would hand out a state that is freed as
soon as `self.state` is another. So what a handler is given stands in a local variable first.
"""

_GENERIC: Final = re.compile(
    r"^class (Caller|_Result)\(Generic\[\w+\]\):\n(.*?)(?=    __slots__)", re.MULTILINE | re.DOTALL
)
_ARGUMENT: Final = re.compile(r"\b(Caller|Reply|_Result)\[\w+\]")
_SUBSCRIPT: Final = '    __class_getitem__ = classmethod(__import__("types").GenericAlias)\n'


def without_type_arguments(source: str) -> str:
    """What Cython is given: a C structure has no generic base. `Caller[int]` and its kin still work for who writes them."""
    return _ARGUMENT.sub(r"\1", _GENERIC.sub(rf"class \1:\n\2{_SUBSCRIPT}", source))


def build(target: Path) -> None:
    """Copy the packages to `target`, and compile the hot path there. Takes 20 to 30 seconds.

    Raises:
        ImportError: Cython or setuptools is missing.
    """
    from Cython.Build import cythonize  # noqa: PLC0415 - only who builds has them
    from setuptools import Extension, setup  # noqa: PLC0415

    shutil.rmtree(target, ignore_errors=True)
    for package in COPIED:
        shutil.copytree(HERE / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    os.chdir(target)
    extensions = []
    for path, typed in COMPILED.items():
        file = Path(path)
        source = file.read_text(encoding="utf-8")
        file.write_text(without_type_arguments(source), encoding="utf-8")
        extension = Extension(path[:-3].replace("/", "."), [path], extra_compile_args=["-O2", "-g0"])
        extensions += cythonize(
            [extension], compiler_directives={"annotation_typing": typed, "language_level": 3}, quiet=True
        )
        file.write_text(source, encoding="utf-8")  # what a traceback shows
    setup(name="compiled", script_args=["-q", "build_ext", "--inplace"], ext_modules=extensions)
    for path in COMPILED:
        Path(path).with_suffix(".c").unlink()
    shutil.rmtree("build")
    for document in ("pyproject.toml", "README.md", "Makefile"):
        shutil.copy(HERE / document, target)


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve())
