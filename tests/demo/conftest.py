"""Fixtures of the demo's tests."""

import pytest


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """Nodes of a test announce themselves where no other test looks."""
    monkeypatch.setenv("OBSERVER_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def tree(tmp_path):
    """A function that makes a tree of files: `tree({"a/b.py": "x = 1"})` returns its root."""

    def make(files):
        for name, content in files.items():
            path = tmp_path / "tree" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / "tree").mkdir(exist_ok=True)
        return tmp_path / "tree"

    return make
