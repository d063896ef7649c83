"""Every check of the table: what it finds, and what it leaves alone."""

from textwrap import dedent

import pytest

from demo.checks.finding import Severity
from demo.checks.review import Verdict, review
from demo.checks.table import CHECKS, COMMENTS, DOCSTRINGS, IMPORTS


def found(source: str, path: str = "_module.py") -> list[tuple[str, int]]:
    """The findings of some source, as (check, line). The default path is private, so that nobody asks for docstrings."""
    verdict = review(path, dedent(source), budget=100_000)
    assert isinstance(verdict, Verdict), verdict
    return [(finding.check, finding.line) for finding in verdict.findings]


def branches(count: int) -> str:
    return "def tangled(x):\n" + "".join(
        f"    if x == {number}:\n        x += 1\n" for number in range(count)
    )


HITS = [
    ("assert-on-tuple", "assert (1 == 2, 'never fails')", 1),
    ("duplicate-key", "x = {'a': 1, 'b': 2, 'a': 3}", 1),
    ("is-literal", "def f(x):\n    return x is 'text'", 2),
    ("is-literal", "def f(x):\n    return x is not 5", 2),
    ("is-literal", "def f(x):\n    return [] is x", 2),
    ("raise-not-implemented", "def f():\n    raise NotImplemented", 2),
    ("raise-not-implemented", "def f():\n    raise NotImplemented('later')", 2),
    ("bare-except", "try:\n    f()\nexcept:\n    pass", 3),
    ("broad-except", "try:\n    f()\nexcept Exception:\n    pass", 3),
    ("broad-except", "try:\n    f()\nexcept (OSError, BaseException):\n    pass", 3),
    ("complexity", branches(15), 1),
    ("complexity", "def f(a):\n" + "    a = a and a or a and a\n" * 8, 1),
    ("mutable-default", "def f(a=[]):\n    return a", 1),
    ("mutable-default", "def f(*, a=dict()):\n    return a", 1),
    ("mutable-default", "f = lambda a={}: a", 1),
    ("return-in-finally", "def f():\n    try:\n        g()\n    finally:\n        return 1", 5),
    (
        "return-in-finally",
        "def f():\n    try:\n        g()\n    finally:\n        if f:\n            return 1",
        6,
    ),
    ("unreachable", "def f():\n    return 1\n    f()", 3),
    ("unreachable", "def f():\n    while f:\n        break\n        f()", 4),
    ("unreachable", "def f(x):\n    if x:\n        raise ValueError\n        f()", 4),
    ("equality-with-constant", "def f(x):\n    return x == None", 2),
    ("equality-with-constant", "def f(x):\n    return True != x", 2),
    ("f-string-without-placeholders", "x = f'nothing'", 1),
    ("missing-docstring", "x = 1", 1),
    ("missing-docstring", "'''Module.'''\ndef f():\n    return 1", 2),
    ("missing-docstring", "'''Module.'''\nasync def f():\n    return 1", 2),
    ("missing-docstring", "'''Module.'''\nclass A:\n    '''A.'''\n    def f(self):\n        return 1", 4),
    ("self-assignment", "x = 1\nx = x", 2),
    ("shadowed-builtin", "def f(id):\n    return id", 1),
    ("shadowed-builtin", "list = [1]", 1),
    ("shadowed-builtin", "def print(text):\n    return text", 1),
    ("shadowed-builtin", "class type:\n    x = 1", 1),
    ("too-many-arguments", "def f(a, b, c, d, e, f, g, h):\n    return a", 1),
    ("too-many-arguments", "class A:\n    def f(self, a, b, c, d, e, f, *, g, h):\n        return a", 2),
    ("left-to-do", "x = 1  # TODO: more", 1),
    ("left-to-do", "# a reason\n#FIXME later\nx = 1", 2),
    ("unused-import", "import os", 1),
    ("unused-import", "import os.path", 1),
    ("unused-import", "from os import path, sep\nprint(sep)", 1),
    ("unused-import", "def f():\n    import json as text", 2),
]

MISSES = [
    ("assert-on-tuple", "assert 1 == 2, 'a message'\nassert ()"),
    ("duplicate-key", "x = {'a': 1, 1: 2, True: 3, 'b': 4, **{'a': 5}}"),
    ("is-literal", "def f(x):\n    return x is None or x is True or x is ..."),
    ("raise-not-implemented", "def f():\n    raise NotImplementedError"),
    ("bare-except", "try:\n    f()\nexcept:\n    g()\n    raise"),
    ("broad-except", "try:\n    f()\nexcept Exception as error:\n    print(error)"),
    ("broad-except", "try:\n    f()\nexcept Exception:\n    raise"),
    ("broad-except", "try:\n    f()\nexcept OSError:\n    pass"),
    ("complexity", branches(14)),
    ("complexity", "def f():\n" + "    def g(x):\n        return x if x else 1\n" * 16),
    ("mutable-default", "def f(a=(), b=None, c=frozenset()):\n    return a"),
    ("return-in-finally", "def f():\n    try:\n        return 1\n    finally:\n        def g():\n            return 2"),
    ("unreachable", "def f(x):\n    if x:\n        return 1\n    return 2"),
    ("equality-with-constant", "def f(x):\n    return x == 1 and x is None"),
    ("f-string-without-placeholders", "x = f'{1}' 'and more'"),
    ("f-string-without-placeholders", "x = f'{1:>10}'"),
    ("self-assignment", "class A:\n    x = x"),
    ("shadowed-builtin", "class A:\n    id = 1\n    def print(self):\n        return 1"),
    ("too-many-arguments", "class A:\n    def f(self, a, b, c, d, e, f, g):\n        return a"),
    ("left-to-do", "x = 'TODO'  # done"),
    ("left-to-do", "x = '# TODO'"),
    ("left-to-do", "# TODOS is a list\nx = 1"),
    ("unused-import", "import os\nprint(os.sep)"),
    ("unused-import", "import os as os\nfrom a import b as b\nfrom c import *"),
    ("unused-import", "from __future__ import annotations"),
    ("unused-import", "from a import b\n__all__ = ['b']"),
    ("unused-import", "from a import B\ndef f(x: 'list[B]'):\n    return x"),
    ("unused-import", "try:\n    import fast\nexcept ImportError:\n    pass"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "source", "line"), HITS)
def test_a_check_finds_what_it_is_for(check, source, line):
    path = "module.py" if check == "missing-docstring" else "_module.py"
    assert (check, line) in found(source, path)


@pytest.mark.parametrize(("check", "source"), MISSES)
def test_a_check_leaves_alone_what_is_right(check, source):
    assert check not in [name for name, _ in found(source)]


def test_every_check_of_the_table_is_tried_both_ways():
    names = {check.name for check in CHECKS} | {COMMENTS[0], IMPORTS[0]}
    assert {check for check, _, _ in HITS} == names
    assert {check for check, _ in MISSES} == names - {DOCSTRINGS[0]}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("module.py", "'''Module.'''\ndef _private():\n    return 1"),
        ("module.py", "'''Module.'''\nclass _Private:\n    def f(self):\n        return 1"),
        ("module.py", "'''Module.'''\ndef f():\n    '''Outer.'''\n    def inner():\n        return 1"),
        (
            "module.py",
            "'''Module.'''\nclass A:\n    '''A.'''\n    @f.setter\n    def f(self, x):\n        self.x = x",
        ),
        ("module.py", ""),
        ("_private.py", "def f():\n    return 1"),
        ("package/_private/module.py", "def f():\n    return 1"),
        ("test_module.py", "def test():\n    return 1"),
        ("tests/helpers.py", "def f():\n    return 1"),
    ],
)
def test_a_docstring_is_asked_only_of_what_is_public(path, source):
    assert found(source, path) == []


def test_a_package_imports_for_others():
    assert found("from .a import b", "_package/__init__.py") == []


def test_findings_stand_in_the_order_of_lines_and_say_how_bad_they_are():
    source = "import os\nassert (1, 2)\nx = f''\n"
    verdict = review("_module.py", source, budget=100)
    assert isinstance(verdict, Verdict)
    assert [finding.severity for finding in verdict.findings] == [
        Severity.WARNING,
        Severity.ERROR,
        Severity.NOTE,
    ]


def test_control_characters_of_a_source_do_not_get_into_a_message():
    verdict = review("_module.py", "x = 1  # TODO \x1b[31m red", budget=100)
    assert isinstance(verdict, Verdict)
    assert verdict.findings[0].message == "TODO in a comment: TODO \\x1b[31m red"
