"""Passes over the whole program."""

import pytest

from demo.checks.graph import cycles
from demo.checks.program import (
    duplicated_functions,
    import_cycles,
    module_name,
    unused_public_names,
    whole_program,
)
from demo.checks.review import Verdict, review


def program(**files):
    """Summaries of sources; `a__b` stands for the path a/b.py."""
    verdicts = [
        review(name.replace("__", "/") + ".py", source, budget=10_000) for name, source in files.items()
    ]
    assert all(isinstance(verdict, Verdict) for verdict in verdicts)
    return [verdict.summary for verdict in verdicts]


def texts(findings):
    return [(finding.path, finding.line, finding.message) for finding in findings]


def test_modules_that_import_each_other_are_a_cycle():
    summaries = program(a="import os\nimport b", b="from c import f", c="import a")
    assert texts(import_cycles(summaries)) == [("a.py", 2, "imports b, c, and is imported by that")]


@pytest.mark.parametrize(
    "back",
    [
        "def f():\n    import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a",
        "if __name__ == '__main__':\n    import a",
        "import a.nothing",
        "x = 1",
    ],
)
def test_an_import_that_does_not_run_at_import_time_closes_no_cycle(back):
    assert list(import_cycles(program(a="import b", b=back))) == []


def test_relative_imports_are_followed():
    summaries = program(p__a="from . import b", p__b="from .a import f", p__q__c="from ..a import f")
    assert texts(import_cycles(summaries)) == [("p/a.py", 1, "imports p.b, and is imported by that")]


def test_a_package_that_its_own_module_needs_is_a_cycle_and_a_submodule_is_not():
    init = review("p/__init__.py", "from p.a import f", budget=1000).summary
    assert len(list(import_cycles([init, *program(p__a="from p import f", p__b="x = 1")]))) == 1
    assert list(import_cycles([init, *program(p__a="from p import b", p__b="x = 1")])) == []


def test_the_package_around_the_root_counts():
    summaries = program(a="from outer import b", b="import outer.a")
    assert len(list(import_cycles(summaries, "outer"))) == 1
    assert list(import_cycles(summaries)) == []


@pytest.mark.parametrize(
    ("path", "around", "name"),
    [
        ("a.py", "", "a"),
        ("p/q/a.py", "", "p.q.a"),
        ("p/__init__.py", "", "p"),
        ("__init__.py", "p", "p"),
        ("a.py", "p.q", "p.q.a"),
    ],
)
def test_a_path_is_a_module_name(path, around, name):
    assert module_name(path, around) == name


def test_cycles_are_found_without_recursion():
    ring = {str(n): [str((n + 1) % 50_000)] for n in range(50_000)}
    assert [len(group) for group in cycles(ring)] == [50_000]


def test_two_cycles_that_share_nothing_are_two():
    graph = {"a": ["b"], "b": ["a", "c"], "c": ["d"], "d": ["c"], "e": ["e", "a", "unknown"]}
    assert cycles(graph) == [("a", "b"), ("c", "d")]


BODY = """
def {name}({x}, other):
    {doc}
    total = 0
    for {i} in {x}:
        if {i} > other.limit:
            total += {i} * 2  {comment}
        else:
            total -= {i} + {number}
    print("done", total, sep="-")
    other.log(total, {x}, [1, 2, 3], key=lambda it: it + total)
    return [item for item in (total, other, {x}) if item is not None]
"""


def body(name="f", x="x", i="i", doc="'one'", comment="", number=1):
    return BODY.format(name=name, x=x, i=i, doc=doc, comment=comment, number=number)


def test_functions_that_differ_in_local_names_docstring_and_comments_are_one_written_twice():
    summaries = program(a=body(), b="x = 1\n" + body("g", "values", "value", "'''Another.'''", "# twice"))
    assert texts(duplicated_functions(summaries)) == [("b.py", 3, "g has the same body as a.py:2")]


@pytest.mark.parametrize(
    "other",
    [
        body(number=2),
        body().replace("print", "log"),
        body().replace(".limit", ".top"),
        body().replace("-=", "+="),
    ],
)
def test_functions_that_do_something_else_are_two(other):
    assert list(duplicated_functions(program(a=body(), b=other))) == []


def test_small_functions_are_alike_by_chance():
    small = "def f(self):\n    return self.x\n"
    assert list(duplicated_functions(program(a=small, b=small))) == []


def test_a_public_name_that_nothing_mentions_is_unused():
    summaries = program(
        a="def used(): pass\ndef unused(): pass\ndef listed(): pass\n__all__ = ['listed']\ndef main(): pass\n"
        "def _private(): pass\n@register\ndef registered(): pass\nclass Imported: pass\nclass Attribute: pass",
        b="import a\nfrom a import Imported\nused()\na.Attribute()",
        test_a="def test_something(): pass",
    )
    assert texts(unused_public_names(summaries)) == [
        ("a.py", 2, "unused is public, and nothing here uses it")
    ]


def test_all_passes_together_are_in_order():
    summaries = program(b="import a\ndef unused(): pass", a="import b")
    assert [(finding.path, finding.check) for finding in whole_program(summaries)] == [
        ("a.py", "import-cycle"),
        ("b.py", "unused-public-name"),
    ]
