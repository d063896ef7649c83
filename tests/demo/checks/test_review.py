"""A review: its budget, its steps, and what is a result although it failed."""

import ast

import pytest

from demo.checks.finding import Failed, OverBudget
from demo.checks.review import Review, Verdict, advance, begin, review

LARGE = "".join(f"def f{n}(a, b):\n    return a + b * {n}\n\n\n" for n in range(500))


def nodes(source):
    return sum(1 for _ in ast.walk(ast.parse(source)))


def test_a_review_pays_for_every_node_of_the_file_once():
    verdict = review("_a.py", LARGE, budget=100_000)
    assert isinstance(verdict, Verdict)
    assert verdict.nodes == nodes(LARGE)


def test_a_budget_that_is_just_enough_is_enough():
    assert isinstance(review("_a.py", LARGE, budget=nodes(LARGE)), Verdict)


def test_one_node_more_than_the_budget_raises_over_budget():
    with pytest.raises(OverBudget) as error:
        review("_a.py", LARGE, budget=nodes(LARGE) - 1)
    assert error.value.nodes == nodes(LARGE) - 1
    assert repr(error.value) == f"OverBudget({nodes(LARGE) - 1})"


def test_the_budget_ends_a_review_before_all_of_the_file_has_been_parsed():
    with pytest.raises(OverBudget):
        review("_a.py", LARGE + "this does not parse", budget=100)


def test_a_review_goes_in_steps_that_each_commit_what_they_spent():
    now = begin("_a.py", LARGE, budget=100_000)
    spent = []
    while isinstance(now, Review):
        spent.append(now.spent)
        now = advance(now)
    assert len(spent) > 3
    assert spent == sorted(set(spent))


def test_a_review_can_be_taken_up_again_from_any_step():
    first = advance(begin("_a.py", LARGE, budget=100_000))
    assert isinstance(first, Review)
    assert advance(first) == advance(first)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(:\n", "cannot be parsed: invalid syntax (line 1)"),
        ("x = 1\n" * 1000 + "  y = 2\n", "cannot be parsed: unexpected indent (line 1001)"),
        ("x = '''", "cannot be parsed: unterminated triple-quoted string literal"),
        ("x = 1\0", "null byte"),
        ("x = " + "(" * 300 + ")" * 300, "cannot be parsed: "),
        ("x = " + "-" * 100_000 + "1", "cannot be parsed: "),
        ("x = a" + ".b" * 100_000, "cannot be parsed: "),
        ("x = '\ud800'", "cannot be parsed: "),
    ],
)
def test_what_does_not_parse_is_a_result(source, reason):
    verdict = review("_a.py", source, budget=10_000)
    assert isinstance(verdict, Failed)
    assert reason in verdict.reason


def test_an_invalid_escape_in_a_reviewed_file_warns_nobody(recwarn):
    assert isinstance(review("_a.py", "x = '\\d'\n", budget=100), Verdict)
    assert not recwarn.list


def test_deep_code_that_parses_is_walked_without_recursion():
    source = (
        "x = "
        + " + ".join("1" for _ in range(400))
        + "\n"
        + "".join(f"{'  ' * n}if a:\n" for n in range(90))
        + "  " * 90
        + "b\n"
    )
    assert isinstance(review("_a.py", source, budget=10_000), Verdict)


def test_a_summary_tells_what_the_whole_program_needs():
    source = "import a.b\nfrom .c import d as e\ndef f():\n    import g\n    return e.h\nclass _P:\n    x = 'i'\n@k\ndef j(): pass\n"
    verdict = review("pkg/m.py", source, budget=1000)
    assert isinstance(verdict, Verdict)
    summary = verdict.summary
    assert [(i.module, i.level, i.names, i.early) for i in sorted(summary.imports, key=lambda i: i.line)] == [
        ("a.b", 0, (), True),
        ("c", 1, ("d",), True),
        ("g", 0, (), False),
    ]
    assert [(d.name, d.line) for d in summary.definitions] == [("f", 3)]
    assert {"e", "h", "i", "d", "k"} <= summary.uses
    assert "f" not in summary.uses
