"""Where keys and sockets are kept, and who may not look there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from runtime.port.contract import Code, Failure
from runtime.port.home import directory, observer_home


def test_the_home_is_dot_observer_unless_the_environment_names_another(monkeypatch, tmp_path):
    monkeypatch.delenv("OBSERVER_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert observer_home() == tmp_path / ".observer"
    monkeypatch.setenv("OBSERVER_HOME", "~/elsewhere")
    assert observer_home() == tmp_path / "elsewhere"


def test_directories_are_made_for_this_user_alone_when_first_asked_for(tmp_path):
    room = directory("keys", tmp_path / "deep" / "home")
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    assert stat.S_IMODE(room.parent.stat().st_mode) == 0o700
    assert directory("keys", tmp_path / "deep" / "home") == room


def test_a_room_that_others_may_enter_is_refused_with_the_command_that_mends_it(tmp_path):
    directory("run", tmp_path).chmod(0o750)
    with pytest.raises(Failure, match=r"mode 0750.*chmod 700 .*/run") as refusal:
        directory("run", tmp_path)
    assert refusal.value.code is Code.DENIED


def test_a_home_that_others_may_read_is_accepted_but_not_one_that_they_may_change(tmp_path):
    tmp_path.chmod(0o755)
    directory("run", tmp_path)
    tmp_path.chmod(0o775)
    with pytest.raises(Failure, match="chmod 700"):
        directory("run", tmp_path)


def test_a_home_that_cannot_be_made_says_so_and_how_to_move_it(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match=r"cannot make .*file.*OBSERVER_HOME"):
        directory("keys", tmp_path / "file")


def test_a_directory_of_another_user_is_refused(monkeypatch, tmp_path):
    directory("keys", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 54321)
    if tmp_path.stat().st_uid == 0:
        pytest.skip("root's directories are accepted by everybody")
    with pytest.raises(Failure, match="belongs to user"):
        directory("keys", tmp_path)


def test_a_user_without_a_home_is_told_to_name_one(monkeypatch):
    def no_home():
        raise RuntimeError

    monkeypatch.delenv("OBSERVER_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(Failure, match="OBSERVER_HOME=DIRECTORY"):
        observer_home()
