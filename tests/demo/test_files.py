"""Which files there are, and which PATHs are none."""

import os

import pytest

from demo.files import BadPath, OnDisk, Target, Unreadable, content_digest, files_under


def names(target):
    return [entry.path for entry in files_under(target)]


def test_python_files_are_found_in_the_order_of_directories(tree):
    root = tree({"b.py": "", "a.py": "x", "a.txt": "", "z/c.py": "", "p/q/d.py": "", "p/e.py": ""})
    assert names(Target.of(root)) == ["a.py", "b.py", "p/e.py", "p/q/d.py", "z/c.py"]


def test_a_file_is_found_with_what_a_look_shows(tree):
    root = tree({"a.py": "x = 1"})
    (entry,) = files_under(Target.of(root))
    assert entry == OnDisk("a.py", 5, (root / "a.py").stat().st_mtime_ns)


def test_what_tools_and_others_wrote_is_skipped_unless_it_is_the_path(tree):
    root = tree({"__pycache__/a.py": "", "site-packages/b.py": "", ".git/c.py": "", "x/.venv/d.py": ""})
    assert names(Target.of(root)) == []
    assert names(Target.of(root / "site-packages")) == ["b.py"]


def test_a_loop_of_links_ends(tree):
    root = tree({"p/a.py": "", "b.py": ""})
    (root / "p" / "up").symlink_to(root)
    (root / "loop").symlink_to("loop")
    assert names(Target.of(root)) == ["b.py", "p/a.py"]


def test_a_link_to_a_file_is_a_file_and_a_link_to_nothing_is_not(tree):
    root = tree({"a.txt": "x = 1"})
    (root / "linked.py").symlink_to("a.txt")
    (root / "dangling.py").symlink_to("nowhere")
    (root / "circular.py").symlink_to("circular.py")
    assert names(Target.of(root)) == ["linked.py"]


def test_pipes_and_directories_that_call_themselves_files_are_none(tree):
    root = tree({"folder.py/a.py": ""})
    os.mkfifo(root / "pipe.py")
    assert names(Target.of(root)) == ["folder.py/a.py"]


def test_names_that_are_not_utf8_are_kept(tree):
    root = tree({})
    (root / os.fsdecode(b"caf\xe9.py")).write_text("x = 1")
    assert names(Target.of(root)) == ["caf\udce9.py"]
    assert content_digest(Target.of(root).full("caf\udce9.py")) != ""


def test_a_single_file_is_a_target_whatever_it_is_called(tree):
    root = tree({"a.py": "", "script": "x = 1", "below/script": ""})
    assert names(Target.of(root / "a.py")) == ["a.py"]
    assert names(Target.of(root / "script")) == ["script"]


def test_a_directory_that_cannot_be_listed_is_told(tree, monkeypatch):
    root = tree({"a.py": "", "closed/b.py": ""})
    target = Target.of(root)
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [entry for entry in files_under(target) if isinstance(entry, Unreadable)] == [
        Unreadable("closed", "Permission denied")
    ]


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(BadPath, match="nowhere does not exist; give a directory or a Python file that does"):
        Target.of(tmp_path / "nowhere")


def test_a_path_that_cannot_be_read_is_refused(tree, monkeypatch):
    root = tree({})

    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(BadPath, match="cannot be read: Permission denied; give"):
        Target.of(root)


def test_a_path_that_is_a_pipe_is_refused(tree):
    os.mkfifo(tree({}) / "pipe.py")
    with pytest.raises(BadPath, match="neither a directory nor a regular file"):
        Target.of(tree({}) / "pipe.py")


def test_a_path_that_is_a_loop_is_refused(tree):
    (tree({}) / "loop").symlink_to("loop")
    with pytest.raises(BadPath, match="cannot be read"):
        Target.of(tree({}) / "loop")


def test_control_characters_of_a_path_do_not_get_into_the_message(tmp_path):
    with pytest.raises(BadPath, match=r"\\x1b\[31m does not exist"):
        Target.of(tmp_path / "\x1b[31m")


def test_the_package_around_a_root_is_known(tree):
    root = tree({"p/__init__.py": "", "p/q/__init__.py": "", "p/q/a.py": ""})
    assert Target.of(root).package == ""
    assert Target.of(root / "p" / "q").package == "p.q"
