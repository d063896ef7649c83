"""The crew once through, without a console."""

import json
import logging

import pytest

from demo.launch import run_headless
from runtime.port.contract import Code, Failure

KEYS = ["files", "reviewed", "failed", "findings", "restarts", "seconds"]


def headless(capfd, path, **options):
    """Exit code, stdout, stderr."""
    code = run_headless(path, **options)
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def test_json_has_exactly_what_it_promises(tree, capfd):
    root = tree({
        "_a.py": "import os\n",
        "_b.py": "def f(:\n",
        "sub/_c.py": b"x = '\xff'\n",
        "_large.py": "x = [\n" + "    1,\n" * 10_001 + "]\n",
        "notes.txt": "",
    })  # fmt: skip
    code, out, err = headless(capfd, root, json=True)
    assert code == 0
    answer = json.loads(out)
    assert list(answer) == KEYS
    assert answer | {"seconds": 0} == dict(zip(KEYS, [4, 2, 2, 1, 1, 0], strict=True))
    assert 0 < answer["seconds"] < 60
    assert f"reviewing {root}" in err
    assert "OverBudget(10000)" in err
    assert "Traceback" not in err


def test_an_empty_directory_is_zero_files(tree, capfd):
    code, out, _ = headless(capfd, tree({}), json=True)
    assert code == 0
    assert [json.loads(out)[key] for key in KEYS[:-1]] == [0] * 5


def test_a_single_file_can_be_reviewed(tree, capfd):
    root = tree({"_a.py": "import os\n", "_b.py": "import os\n"})
    code, out, _ = headless(capfd, root / "_a.py", json=True)
    assert code == 0
    assert json.loads(out)["files"] == 1


def test_without_json_the_summary_names_the_worst_files(tree, capfd):
    root = tree({f"_{n:02}.py": "import os\n" * n for n in range(12)} | {"_grave\x1b.py": "assert (1, 2)\n"})
    code, out, _ = headless(capfd, root)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == f"13 files under {root}: 13 reviewed, 0 failed; 67 findings, 0 restarts"
    assert len(lines) == 2 + 1 + 10 - 1 + 1
    assert lines[3].split() == ["0", "11", "0", "_11.py"]
    assert "\x1b" not in out


def test_findings_can_be_kept_in_a_file(tree, capfd, tmp_path):
    root = tree({"_a.py": "import os\n"})
    for _ in range(2):
        code, out, _ = headless(capfd, root, db=tmp_path / "findings.db", json=True)
        assert code == 0
        assert [json.loads(out)[key] for key in KEYS[:4]] == [1, 1, 0, 1]


def test_a_path_that_does_not_exist_is_an_input_error(tmp_path):
    with pytest.raises(Failure, match="nowhere does not exist") as failure:
        run_headless(tmp_path / "nowhere")
    assert failure.value.code is Code.BAD_REQUEST


def test_a_database_that_cannot_be_used_is_an_input_error(tree, tmp_path):
    (tmp_path / "db").write_text("text, and no database" * 100)
    with pytest.raises(Failure, match="is not a database") as failure:
        run_headless(tree({}), db=tmp_path / "db")
    assert failure.value.code is Code.BAD_REQUEST


def test_the_log_is_left_as_it_was(tree, capfd):
    log = logging.getLogger("observer")
    before = (log.propagate, list(log.handlers))
    headless(capfd, tree({}))
    assert (log.propagate, list(log.handlers)) == before


def test_a_crew_that_gives_up_ends_with_one(tree, capfd, monkeypatch):
    def broken(*_args):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("demo.library.Library.keep", broken)
    code, out, err = headless(capfd, tree({"_a.py": "x = 1"}))
    assert code == 1
    assert out == ""
    assert "the crew gave up: the supervision tree" in err
    assert "0 files under" in err
