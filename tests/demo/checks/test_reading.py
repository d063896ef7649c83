"""Reading source: encodings by PEP 263, and everything that is not a readable text."""

import os

import pytest

from demo.checks.finding import Failed
from demo.checks.reading import MAX_BYTES, Gone, decode, read_source


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = 1\n", "x = 1\n"),
        ("x = 'é'\n".encode(), "x = 'é'\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", "# coding: latin-1\nx = 'é'\n"),
        (
            b"#!python\n# -*- coding: cp1252 -*-\nx = '\x80'\n",
            "#!python\n# -*- coding: cp1252 -*-\nx = '€'\n",
        ),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (b"", ""),
    ],
)
def test_a_file_is_decoded_as_it_says(content, text):
    assert decode(content) == text


@pytest.mark.parametrize(
    "content",
    [
        b"x = '\xff'\n",
        b"# coding: klingon\n",
        b"# coding: hex\n6869\n",
        b"\xef\xbb\xbf# coding: latin-1\n",
        b"# coding: ascii\nx = '\xe9'\n",
        b"# coding: undefined\nx = 1\n",
    ],
)
def test_what_cannot_be_decoded_is_a_result(content):
    failed = decode(content)
    assert isinstance(failed, Failed)
    assert failed.reason.startswith("cannot be decoded: ")


def test_a_file_that_is_not_there_has_gone(tmp_path):
    assert isinstance(read_source(str(tmp_path / "nowhere.py")), Gone)


def test_a_pipe_that_calls_itself_a_file_keeps_nobody_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    assert isinstance(read_source(str(tmp_path / "pipe.py")), Gone)


def test_a_file_that_may_not_be_read_is_a_result(tmp_path, monkeypatch):
    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    failed = read_source(str(tmp_path / "secret.py"))
    assert failed == Failed("cannot be read: Permission denied")


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge.py"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert read_source(str(path)) == Failed("4,194,305 bytes, more than 4,194,304")
