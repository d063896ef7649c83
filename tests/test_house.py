"""What holds for the whole repository."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("runtime", "tracing", "tui", "demo", "benchmarks")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_says_what_it_is(path):
    assert re.match(r'r?"""\S', path.read_text(encoding="utf-8"))


def test_the_agent_of_the_readme_is_the_one_that_is_tested():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    assert block[1] == (ROOT / "demo" / "agent.py").read_text(encoding="utf-8")


def test_links_of_the_documents_lead_somewhere():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert (ROOT / target).exists(), f"{document.name}: {target}"


def test_pictures_of_the_documents_are_those_that_the_tests_hold():
    held = ROOT / "tests" / "tui" / "__snapshots__" / "test_snapshots"
    for picture in (ROOT / "docs").glob("*.svg"):
        page, size = picture.stem.rsplit("-", 1)
        snapshot = (held / f"TestPages.test_{page}[{size}].svg").read_text(encoding="utf-8")
        without_fonts = re.sub(r" *@font-face \{.*?\}\n", "", snapshot, flags=re.DOTALL)
        assert picture.read_text(encoding="utf-8") == without_fonts, f"{picture.name}: run `make snapshots`"


def test_importing_the_client_does_not_load_the_runtime():
    code = (
        "import sys, runtime.port.client; "
        "print([name for name in sys.modules if name in {'runtime.node', 'runtime.scheduler', 'textual', 'rich'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
