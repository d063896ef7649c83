"""The compiled form is built from the same source: what its .pxd files say must be what the classes are."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tools.compiled import COMPILED, without_type_arguments

ROOT = Path(__file__).parents[1]
DECLARATIONS = sorted((ROOT / "runtime").rglob("*.pxd"))


def structures(file):
    """Class name and the fields that a .pxd gives it, for each of its classes."""
    for block in re.split(r"^cdef class ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        lines = re.findall(r"^    cdef (?:public )?(?:long long|\w+) (.*)$", block, re.MULTILINE)
        yield re.match(r"\w+", block)[0], {name for line in lines for name in line.split(", ")}


@pytest.mark.parametrize("file", DECLARATIONS, ids=lambda file: file.stem)
def test_a_compiled_class_has_the_fields_that_the_python_class_has(file):
    module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    for name, fields in structures(file):
        kind = getattr(module, name)
        slots = kind.__dict__.get("__slots__")
        if slots is None:
            slots = {
                *kind.__annotations__,
                *re.findall(r"self\.(\w+)(?:: [^=\n]+)? = ", beginning(file, name)),
            }
        assert fields == set(slots), name


def beginning(file, name):
    """The `__init__` of a class without slots."""
    source = file.with_suffix(".py").read_text(encoding="utf-8")
    return re.search(
        rf"^class {name}\b.*?def __init__.*?(?=^    def (?!__init__))", source, re.MULTILINE | re.DOTALL
    )[0]


def test_every_declaration_belongs_to_a_module_that_is_compiled():
    assert {str(file.relative_to(ROOT).with_suffix(".py")) for file in DECLARATIONS} <= set(COMPILED)


def test_only_generic_bases_and_type_arguments_are_left_out_of_what_is_compiled():
    for path in COMPILED:
        before = (ROOT / path).read_text(encoding="utf-8")
        after = without_type_arguments(before)
        changed = [line for line in before.splitlines() if line not in after.splitlines()]
        assert all(re.search(r"(Generic|Caller|Reply|_Result)\[\w+\]", line) for line in changed), path
        assert not re.search(r"^class (?!Request).*\[", after, re.MULTILINE), path
