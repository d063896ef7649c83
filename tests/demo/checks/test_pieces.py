"""Cutting source into pieces changes nothing of what is seen."""

import ast
import sysconfig
from pathlib import Path

import pytest

from demo.checks.pieces import Position, next_piece
from demo.checks.reading import read_source

STDLIB = Path(sysconfig.get_path("stdlib"))
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def pieces(source, size):
    position = Position()
    while position.offset < len(source):
        piece = next_piece(source, position, size)
        assert piece.end.offset > position.offset
        yield piece
        position = piece.end


def seen(statements):
    """Every node with a line, as (line, kind, name), except classes, which a cut may divide."""
    return sorted(
        (node.lineno, type(node).__name__, str(getattr(node, "id", "")))
        for statement in statements
        for node in ast.walk(statement)
        if hasattr(node, "lineno") and not isinstance(node, ast.ClassDef)
    )


@pytest.mark.parametrize("size", [1, 100, 1_000, 100_000])
@pytest.mark.parametrize("name", ["argparse.py", "json/decoder.py", "typing.py", "pydoc.py", "this.py"])
def test_the_pieces_of_a_file_hold_the_nodes_of_the_file_at_the_lines_of_the_file(name, size):
    source = read_source(str(STDLIB / name))
    whole = seen(ast.parse(source).body)
    assert (
        seen(node for piece in pieces(source, size) for node in (*piece.members, *piece.statements)) == whole
    )


def test_a_large_class_is_cut_between_its_members_and_keeps_its_name():
    source = (
        "class Big(Base):\n"
        + "".join(f"    def f{n}(self):\n        return {n}\n\n" for n in range(50))
        + "x = 1\n"
    )
    cut = list(pieces(source, 200))
    assert len(cut) > 5
    assert [piece.end.owner.name for piece in cut[:-1]] == ["Big"] * (len(cut) - 1)
    members = [node.name for piece in cut[1:] for node in piece.members]
    assert [node.name for node in cut[0].statements[0].body] + members == [f"f{n}" for n in range(50)]
    assert [type(node).__name__ for node in cut[-1].statements] == ["Assign"]


@pytest.mark.parametrize(
    "source",
    [
        'x = """\ndef not_code():\nclass Neither:\n"""\ny = 1\n',
        "class A:\n    x = '''\n    def not_code(self):\n'''\n    def f(self):\n        return 1\n",
        "if a:\n    b = 1\nelse:\n    c = 1\n",
        "try:\n    a()\nexcept b:\n    c()\nfinally:\n    d()\n",
        "@decorator\n@another(\n1)\ndef f():\n    return 1\n",
        "x = [\n1,\n2,\n]\n",
        "x = 1 + \\\n2\n",
        "def f():\n    def g():\n        return 1\n    return g\n",
    ],
)
def test_no_cut_falls_into_the_middle_of_a_statement(source):
    whole = seen(ast.parse(source).body)
    assert seen(node for piece in pieces(source, 1) for node in (*piece.members, *piece.statements)) == whole


def test_only_what_does_not_parse_up_to_its_end_is_in_error():
    source = "a = 1\nb = 2\nc = (\nd = 4\n"
    first = next_piece(source, Position(), 1)
    second = next_piece(source, first.end, 1)
    with pytest.raises(SyntaxError) as error:
        next_piece(source, second.end, 1)
    assert error.value.lineno == 3
