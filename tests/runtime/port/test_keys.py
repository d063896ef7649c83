"""Key files: made, read, refused, revoked."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

from runtime.port import keys
from runtime.port.contract import Code, Failure, Role


def test_a_key_that_was_added_is_read_back(home):
    made = keys.add("alice", Role.OPERATOR)
    assert keys.load("alice") == made
    assert (made.role, len(made.secret)) == (Role.OPERATOR, 32)
    assert made.path == home / "keys" / "alice"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600


def test_two_keys_share_neither_id_nor_secret(home):
    alice, bob = keys.add("alice", Role.VIEWER), keys.add("bob", Role.VIEWER)
    assert alice.id != bob.id
    assert alice.secret != bob.secret


def test_a_secret_is_never_shown(home):
    assert keys.add("alice", Role.VIEWER).secret.hex() not in repr(keys.load("alice"))


@pytest.mark.parametrize("name", ["", "../owner", "a/b", "Alice", "a" * 65, ".hidden", "a b", "a\n", "ä"])
def test_a_name_that_is_none_is_refused_before_it_becomes_a_path(home, name):
    for use in (keys.load, keys.revoke, lambda name: keys.add(name, Role.VIEWER)):
        with pytest.raises(Failure, match="no name for a key") as refusal:
            use(name)
        assert refusal.value.code is Code.BAD_REQUEST


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_may_read_is_refused_with_the_command_that_mends_it(home, mode):
    path = keys.add("alice", Role.VIEWER).path
    path.chmod(mode)
    with pytest.raises(Failure, match=rf"mode {mode:04o}.*chmod 600 {path}") as refusal:
        keys.load("alice")
    assert refusal.value.code is Code.DENIED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"id": "a", "role": "king", "secret": "00"}',
        '{"id": "a", "role": "viewer"}',
    ],
)
def test_a_file_that_is_no_key_says_so(home, text):
    path = keys.add("alice", Role.VIEWER).path
    path.write_text(text)
    with pytest.raises(Failure, match="no key file"):
        keys.load("alice")


def test_a_short_secret_is_refused(home):
    path = keys.add("alice", Role.VIEWER).path
    path.write_text(json.dumps({"id": "a", "role": "viewer", "secret": "00"}))
    with pytest.raises(Failure, match="secret of 1 bytes, not 32"):
        keys.load("alice")


def test_a_pipe_and_a_huge_file_are_no_keys(home):
    room = keys.add("alice", Role.VIEWER).path.parent
    os.mkfifo(room / "pipe", 0o600)
    (room / "huge").touch(0o600)
    os.truncate(room / "huge", 1 << 30)
    for name in ("pipe", "huge"):
        with pytest.raises(Failure, match="no key file"):
            keys.load(name)


def test_a_missing_key_names_those_that_are_there(home):
    keys.add("alice", Role.VIEWER)
    with pytest.raises(Failure, match=r"no key 'bob'.*there are: alice"):
        keys.load("bob")


def test_a_key_is_never_overwritten(home):
    made = keys.add("alice", Role.VIEWER)
    with pytest.raises(Failure, match="exists already") as refusal:
        keys.add("alice", Role.ADMIN)
    assert refusal.value.code is Code.REFUSED
    assert keys.load("alice") == made


def test_listing_names_the_keys_and_says_what_is_wrong_with_the_rest(home):
    keys.add("bob", Role.VIEWER)
    keys.add("alice", Role.ADMIN)
    keys.add("carol", Role.ADMIN).path.chmod(0o644)
    (home / "keys" / "alice~").write_text("left behind by an editor")
    ring = keys.list_keys()
    assert [key.name for key in ring.keys] == ["alice", "bob"]
    assert len(ring.problems) == 1
    assert "chmod 600" in ring.problems[0]


def test_a_key_is_found_by_its_id(home):
    alice = keys.add("alice", Role.VIEWER)
    assert keys.find(alice.id) == alice
    assert keys.find("0" * 16) is None


def test_revoking_removes_the_file_and_only_once(home):
    made = keys.add("alice", Role.VIEWER)
    keys.revoke("alice")
    assert not made.path.exists()
    with pytest.raises(Failure, match="no key 'alice'") as refusal:
        keys.revoke("alice")
    assert refusal.value.code is Code.REFUSED


def test_a_key_is_current_until_revoked_replaced_or_opened_to_others(home):
    made = keys.add("alice", Role.VIEWER)
    assert keys.is_current(made)
    os.utime(made.path)
    assert keys.is_current(made), "touching a file changes nothing"
    made.path.chmod(0o644)
    assert not keys.is_current(made)
    made.path.chmod(0o600)
    assert keys.is_current(made)
    keys.revoke("alice")
    assert not keys.is_current(made)
    keys.add("alice", Role.VIEWER)
    assert not keys.is_current(made), "another key of the same name"


def test_the_first_start_makes_an_admin_and_later_ones_nothing(home):
    keys.ensure_owner()
    owner = keys.load("owner")
    assert owner.role is Role.ADMIN
    keys.ensure_owner()
    assert keys.load("owner") == owner


def test_no_owner_appears_where_other_keys_are(home):
    keys.add("alice", Role.VIEWER)
    keys.ensure_owner()
    assert [key.name for key in keys.list_keys().keys] == ["alice"]


def test_processes_that_start_together_make_one_owner(home):
    script = "from runtime.port import keys; keys.ensure_owner(); print(keys.load('owner').id)"
    running = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    ids = {process.communicate(timeout=30)[0] for process in running}
    assert len(ids) == 1
    assert ids == {keys.load("owner").id + "\n"}
    assert [path.name for path in (home / "keys").iterdir()] == ["owner"], "no drafts are left"


def test_a_client_uses_the_key_named_else_owner_else_the_only_one(home):
    bob = keys.add("bob", Role.VIEWER)
    assert keys.choose(None) == bob
    alice = keys.add("alice", Role.VIEWER)
    with pytest.raises(Failure, match=r"say which key.*alice, bob"):
        keys.choose(None)
    owner = keys.add("owner", Role.ADMIN)
    assert keys.choose(None) == owner
    assert keys.choose("alice") == alice


def test_a_client_without_any_key_makes_none_and_says_where_to_get_one(home):
    with pytest.raises(
        Failure, match=rf"no key in {home}/keys.*key add NAME.*copy.*{home}/keys/NAME"
    ) as refusal:
        keys.choose(None)
    assert refusal.value.code is Code.DENIED
    assert list((home / "keys").iterdir()) == []


def test_the_other_keys_beside_one_are_known(home):
    bob = keys.add("bob", Role.VIEWER)
    assert keys.others(bob) == []
    keys.add("carol", Role.VIEWER)
    keys.add("alice", Role.VIEWER)
    assert keys.others(bob) == ["alice", "carol"]
