"""Finding nodes: what the living announce, what the dead leave, and what a user may type."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.port.contract import Code, Failure
from runtime.port.places import Announcement, Place, find, nodes
from tests.support.eventually import eventually_sync

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def announce(home):
    """Announce nodes as a port would, without any."""
    made: list[Announcement] = []

    def publish(name="bank", pid=1, started=STARTED):
        announcement = Announcement(name, f"i{len(made)}")
        made.append(announcement)
        place = Place(
            name=name,
            incarnation=f"i{len(made)}",
            pid=pid,
            socket=announcement.socket,
            port=1,
            started=started,
        )
        announcement.publish(place)
        return place

    yield publish
    for announcement in made:
        announcement.withdraw()


def test_an_announced_node_is_found_and_a_withdrawn_one_is_not(home):
    announcement = Announcement("bank", "i1")
    place = Place(name="bank", incarnation="i1", pid=1, socket=announcement.socket, started=STARTED)
    assert nodes() == [], "not before it is ready"
    announcement.publish(place)
    assert nodes() == [place]
    announcement.withdraw()
    assert nodes() == []
    assert list((home / "run").iterdir()) == []


def test_looking_never_removes_a_living_node(announce):
    place = announce()
    assert [nodes() for _ in range(3)] == [[place]] * 3


def test_looking_never_removes_a_node_that_is_starting(home):
    announcement = Announcement("bank", "i1")
    assert nodes() == []
    announcement.publish(Place(name="bank", socket=announcement.socket))
    assert [place.name for place in nodes()] == ["bank"]
    announcement.withdraw()


def test_nodes_are_listed_by_name(announce):
    for name in ("crew", "bank", "api"):
        announce(name)
    assert [place.name for place in nodes()] == ["api", "bank", "crew"]


DIES = """
import os, sys, time
from runtime.port.service import Port
port = Port(lambda request, who: None, name="doomed", incarnation="i1", port=0)
port.start()
if sys.argv[1] == "fork" and (child := os.fork()) == 0:
    time.sleep(60)
    os._exit(0)
print(port.address[1], child if sys.argv[1] == "fork" else 0, flush=True)
time.sleep(60)
"""


def test_what_a_killed_node_left_is_removed_by_the_next_who_looks(home):
    process = subprocess.Popen([sys.executable, "-c", DIES, "plain"], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    assert [(place.name, place.pid) for place in nodes()] == [("doomed", process.pid)]
    process.kill()
    process.communicate(timeout=10)
    assert len(list((home / "run").iterdir())) == 2
    assert nodes() == []
    assert list((home / "run").iterdir()) == []


def test_a_forked_child_keeps_neither_the_announcement_nor_the_port(home):
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", DIES, "fork"], stdout=subprocess.PIPE, text=True
    )
    port, child = map(int, process.stdout.readline().split())
    try:
        process.kill()
        process.wait(timeout=10)
        assert eventually_sync(lambda: nodes() == [])
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", port))
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()


def test_a_node_that_died_before_it_was_ready_leaves_nothing_either(home):
    announcement = Announcement("bank", "i1")
    Path(announcement.socket).touch()
    announcement.let_go()  # as the kernel does when the process is killed
    assert nodes() == []
    assert list((home / "run").iterdir()) == []


def test_a_file_that_is_no_place_is_passed_over_and_removed(home):
    announcement = Announcement("bank", "i1")
    (home / "run" / "junk.json").write_text("{}}")
    (home / "run" / "README").write_text("not ours")
    assert nodes() == []
    announcement.withdraw()
    assert [path.name for path in (home / "run").iterdir()] == ["README"]


def test_a_home_too_deep_for_a_socket_gets_a_short_private_path(home, monkeypatch):
    deep = home / ("d" * 90)
    announcement = Announcement("bank", "i1", deep)
    assert len(announcement.socket) <= 103
    assert Path(announcement.socket).parent.stat().st_mode & 0o777 == 0o700
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(announcement.socket)
    announcement.publish(Place(name="bank", socket=announcement.socket))
    assert [place.socket for place in nodes(deep)] == [announcement.socket]
    announcement.withdraw()
    assert not Path(announcement.socket).parent.exists()


def test_the_only_local_node_needs_no_name(announce):
    place = announce()
    assert find(None) == place


def test_without_a_local_node_the_next_step_is_named(home):
    for text in (None, "bank"):
        with pytest.raises(Failure, match="no node runs on this machine; start one") as refusal:
            find(text)
        assert refusal.value.code is Code.CANNOT_CONNECT


def test_several_nodes_are_listed_to_choose_from(announce):
    announce("bank")
    announce("crew")
    with pytest.raises(Failure, match="2 nodes could be meant: bank, crew; give one of these names"):
        find(None)
    assert find("crew").name == "crew"
    with pytest.raises(Failure, match="no local node is called 'crow'; there are: bank, crew"):
        find("crow")


def test_two_nodes_of_one_name_are_told_apart_by_process(announce):
    first, second = announce("bank", pid=11), announce("bank", pid=22)
    with pytest.raises(
        Failure, match=r"2 nodes could be meant: bank@11, bank@22; say which: NAME@PID"
    ) as refusal:
        find("bank")
    assert refusal.value.code is Code.CANNOT_CONNECT
    assert find("bank@22") == second
    assert find(first.socket) == first


def test_two_nodes_of_one_name_in_one_process_are_told_apart_by_socket(announce):
    first, second = announce("bank", pid=11), announce("bank", pid=11)
    with pytest.raises(Failure) as refusal:
        find("bank@11")
    assert first.socket in refusal.value.message
    assert find(second.socket) == second


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:18812", "127.0.0.1", 18812),
        ("node.example.com:1", "node.example.com", 1),
        ("[::1]:18812", "::1", 18812),
        ("[fe80::1%eth0]:18812", "fe80::1%eth0", 18812),
        (":18812", "localhost", 18812),
    ],
)
def test_host_and_port_are_taken_as_they_stand(home, text, host, port):
    place = find(text)
    assert (place.host, place.port, place.socket) == (host, port, None)


@pytest.mark.parametrize(
    "text", ["::1:18812", "host:", "host:0", "host:65536", "host:http", "a b:1", "[::1]", "[x]:1:2"]
)
def test_an_address_that_is_none_is_answered_with_the_legal_forms(home, text):
    with pytest.raises(
        Failure, match=r"no address: a node is HOST:PORT \(\[::1\]:18812 for IPv6\)"
    ) as refusal:
        find(text)
    assert refusal.value.code is Code.BAD_REQUEST


def test_a_place_shows_its_name_else_what_is_dialled():
    assert str(Place(name="bank", socket="/s")) == "bank"
    assert str(Place(host="::1", port=5)) == "[::1]:5"
    assert str(Place(host="h", port=5)) == "h:5"
    assert str(Place(socket="/s")) == "/s"
