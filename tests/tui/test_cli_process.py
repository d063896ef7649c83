"""The command as an operating system's process: what it imports, what stands in its way, who stops reading."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tui
from tui.cli import shadowed

ROOT = Path(tui.__file__).parent.parent


def run(*command, cwd=None, env=None, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} | (env or {})
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, cwd=cwd, env=environment, check=False, **options
    )


def python(source, **options):
    return run(sys.executable, "-c", source, **options)


@pytest.mark.parametrize(
    "line", [["ps"], ["--help"], ["ps", "--help"], ["demo", "--help"], ["connect"], ["nodes"]]
)
def test_textual_is_never_imported_unless_a_console_opens(tmp_path, line):
    source = (
        "import sys\n"
        "from tui.cli import main\n"
        f"try: main({line!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'textual', 'asyncio', 'runtime.node', 'tui.app', 'demo.launch'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    result = python(source, env={"OBSERVER_HOME": str(tmp_path / "home")}, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr


def test_the_overview_imports_nothing_but_the_parser():
    source = (
        "import sys\n"
        "from tui.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(str({'pydantic', 'rpyc', 'runtime.port.client'} & set(sys.modules) or ''))\n"
    )
    result = python(source)
    assert result.stderr.strip() == "", result.stderr


@pytest.mark.parametrize("name", ["runtime", "tracing"])
@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_name_that_is_shadowed_is_said_before_it_is_imported(tmp_path, name, form):
    bad = "raise SystemExit('the wrong file was imported')\n"
    if form == "file":
        (tmp_path / f"{name}.py").write_text(bad)
    else:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(bad)
    result = run(sys.executable, "-m", "tui", "nodes", cwd=tmp_path, env={"PYTHONSAFEPATH": ""})
    assert (result.returncode, result.stdout) == (1, "")
    assert f"`{name}` resolves to {tmp_path}" in result.stderr
    assert "Rename the file that shadows it" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_is_wrong_where_nothing_is_shadowed():
    assert shadowed(("runtime", "tracing", "demo")) is None
    assert "resolves to nothing" in shadowed(("no_such_package",))


def test_a_reader_that_stops_reading_is_no_failure():
    source = (
        "import sys\n"
        "from tui.cli import main\n"
        "import tui.commands.nodes as nodes\n"
        "def flood(context):\n"
        "    for number in range(1_000_000):\n"
        "        context.out.line(str(number))\n"
        "    return 0\n"
        "nodes.run = flood\n"
        "sys.exit(main(['nodes']))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as command:  # fmt: skip
        assert command.stdout.readline() == "0\n"
        command.stdout.close()
        assert command.stderr.read() == ""
        assert command.wait(30) == 0


def test_a_short_answer_that_nobody_reads_is_no_failure_either(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [sys.executable, "-m", "tui", "nodes", "--json"], stdout=writer, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OBSERVER_HOME": str(tmp_path / "home")},
    ) as command:  # fmt: skip
        os.close(writer)
        assert command.stderr.read() == ""
        assert command.wait(30) == 0


def test_a_full_disk_is_said_and_ends_with_1(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        command = subprocess.run(
            [sys.executable, "-m", "tui", "nodes", "--json"], stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OBSERVER_HOME": str(tmp_path / "home")}, timeout=30,
        )  # fmt: skip
    assert command.returncode == 1
    assert command.stderr == "observer: cannot write the answer: No space left on device\n"


def test_an_output_that_cannot_hold_a_character_gets_its_escape(tmp_path):
    result = python(
        "from tui.output.writer import Writer\nWriter().line('‖ suspended 界')\n",
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert result.stdout == "\\u2016 suspended \\u754c\n"


def test_the_help_is_shown_in_a_narrow_terminal_too():
    result = run(sys.executable, "-m", "tui", "ps", "--help", env={"COLUMNS": "40"})
    assert result.returncode == 0
    assert "observer ps --sort mailbox --desc" in result.stdout
