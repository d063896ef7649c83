"""Where the console looks for its node again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.port.client import Place
from tests.support.fake_node import NOON
from tui import reach
from tui.reach import Reach


@pytest.fixture
def here(monkeypatch):
    known = []
    monkeypatch.setattr(reach, "nodes", lambda: known)
    return known


def local(incarnation, age=0, name="crew"):
    return Place(
        name=name,
        incarnation=incarnation,
        pid=7,
        socket=f"/run/{incarnation}.sock",
        started=NOON - timedelta(seconds=age),
    )


def test_the_node_that_was_meant_is_reached_while_it_lives(here):
    here[:] = [local("new"), local("old", 50)]
    assert Reach(local("old", 50)).place().socket == "/run/old.sock"


def test_after_a_restart_the_new_socket_of_that_name_is_reached(here):
    here[:] = [local("new"), local("older", 90), local("other", name="bank")]
    assert Reach(local("old", 50)).place().socket == "/run/new.sock"


def test_while_nobody_bears_the_name_the_old_place_is_tried(here):
    here[:] = [local("other", name="bank")]
    assert Reach(local("old")).place() == local("old")


def test_an_address_is_reached_whoever_answers_there(here):
    place = Place(name="crew", incarnation="old", host="10.0.0.1", port=18812, fingerprint="ab")
    again = Reach(place).place()
    assert (again.host, again.port, again.fingerprint, again.incarnation) == ("10.0.0.1", 18812, "ab", None)


def test_the_console_calls_the_node_by_name_or_address():
    assert Reach(local("old")).address == "crew"
    assert Reach(Place(host="10.0.0.1", port=18812)).address == "10.0.0.1:18812"
