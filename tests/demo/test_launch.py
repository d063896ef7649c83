"""The crew's node as a process of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo import launch
from demo.launch import start_node
from runtime.port.client import Client, nodes
from runtime.port.contract import Code, Failure, Kill, Ps
from tests.support.eventually import eventually_sync

CONSOLE = """
import sys
from pathlib import Path
from demo.launch import start_node
handle = start_node(Path(sys.argv[1]))
print(handle.pid, flush=True)
sys.stdin.read()
"""

STUCK = """
import asyncio, threading, time
from demo import node
node.GRACE = 0.1
loop = asyncio.new_event_loop()
threading.Thread(target=node._listen, args=(loop, loop.create_future()), daemon=True).start()
time.sleep(60)
"""
HERE = Path(launch.__file__).parent.parent


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
    except NotADirectoryError:  # no procfs
        os.kill(pid, 0)
        return True


@pytest.fixture
def start(tree):
    """Start nodes on a small tree; what a test has not finished is ended."""
    root = tree({"_a.py": "import os\n", "_b.py": "x = 1\n"})
    handles = []

    def begin(path=root, **options):
        handles.append(start_node(path, **options))
        return handles[-1]

    yield begin
    for handle in handles:
        if lives(handle.pid):
            handle.finish()


def test_a_node_that_has_started_can_be_found(start):
    handle = start()
    assert handle.place.name == "crew"
    assert handle.place.pid == handle.pid
    assert [place.incarnation for place in nodes()] == [handle.place.incarnation]


def test_finishing_says_what_was_found_and_leaves_nothing(start, tree, tmp_path):
    handle = start(db=tmp_path / "db")
    eventually_sync(lambda: "_a.py" in text_of(tmp_path / "db-wal"), within=30.0)
    text = handle.finish()
    assert text.startswith(("2 files under ", "1 file under "))
    assert text.endswith("_a.py\n")
    assert handle.exit_code == 0
    assert not lives(handle.pid)
    assert nodes() == []


def text_of(path):
    return path.read_bytes().decode("latin-1") if path.exists() else ""


def test_demos_side_by_side_have_names_and_libraries_of_their_own(start, tree):
    command = [sys.executable, "-c", CONSOLE, str(tree({}))]
    consoles = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE) for _ in range(3)
    ]
    try:
        pids = {int(console.stdout.readline()) for console in consoles}
        living = nodes()
        assert {place.pid for place in living} == pids
        assert {place.name for place in living} == {"crew", "crew-2", "crew-3"}
        assert start().place.name == "crew-4"
    finally:
        for console in consoles:
            console.communicate(timeout=30)


@pytest.mark.parametrize("end", ["killed", "closed"])
def test_the_node_ends_with_its_console_even_when_that_is_killed(tree, end):
    command = [sys.executable, "-c", CONSOLE, str(tree({"_a.py": "x = 1\n"}))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=HERE) as console:
        pid = int(console.stdout.readline())
        assert lives(pid)
        if end == "killed":
            console.send_signal(signal.SIGKILL)
        else:
            console.stdin.close()
        console.wait(timeout=30)
    eventually_sync(lambda: not lives(pid), within=30.0)
    assert nodes() == []


def test_a_node_whose_loop_is_stuck_ends_with_its_console_too():
    with subprocess.Popen([sys.executable, "-c", STUCK], stdin=subprocess.PIPE, cwd=HERE) as node:
        node.stdin.close()
        assert node.wait(timeout=30) == 0


def test_a_node_that_was_killed_has_no_summary(start):
    handle = start()
    os.kill(handle.pid, signal.SIGKILL)
    eventually_sync(lambda: not lives(handle.pid), within=30.0)
    assert handle.finish() == "the crew's node has no summary: it was ended by signal 9\n"
    assert handle.exit_code == 1


def test_a_killed_node_is_not_explained_by_what_it_wrote_before(start):
    handle = start()
    handle._errors.write(b"a reviewer crashed\n")
    handle._errors.flush()
    os.kill(handle.pid, signal.SIGKILL)
    assert "crashed" not in handle.finish()


def test_a_crew_that_gave_up_says_so_when_the_console_is_left(start):
    handle = start()

    def gave_up():
        with contextlib.suppress(Failure), Client(handle.place) as client:
            client.ask(Kill(process="reporter"))
        with Client(handle.place) as client:
            return "crew" not in [row.name for row in client.ask(Ps()).rows]

    eventually_sync(gave_up, within=30.0)
    assert handle.finish().startswith("the crew gave up: the supervision tree")
    assert handle.exit_code == 1


def test_a_node_that_does_not_answer_is_killed(start, monkeypatch):
    monkeypatch.setattr(launch, "FINISH_S", 0.2)
    handle = start()
    os.kill(handle.pid, signal.SIGSTOP)
    assert handle.finish() == "the crew's node has no summary: it was ended by signal 9\n"
    assert not lives(handle.pid)


def test_sigterm_ends_the_node_in_order(start):
    handle = start()
    os.kill(handle.pid, signal.SIGTERM)
    assert handle._process.wait(timeout=10) == 0
    assert nodes() == []
    assert handle.finish() == "the crew's node has no summary: it ended with exit code 0\n"


def test_a_path_that_cannot_be_used_is_refused_before_there_is_a_node(start, tmp_path):
    with pytest.raises(Failure, match="nowhere does not exist; give a directory") as failure:
        start(tmp_path / "nowhere")
    assert failure.value.code is Code.BAD_REQUEST
    assert nodes() == []


def test_a_path_that_looks_like_an_option_is_a_path(start, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Failure, match="--help does not exist"):
        start(Path("--help"))


def test_a_node_that_cannot_start_says_why(start, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("OBSERVER_HOME", str(tmp_path / "file"))
    with pytest.raises(Failure, match="OBSERVER_HOME"):
        start()
