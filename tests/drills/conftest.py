"""Systems in OS processes of their own, and terminals beside them; all of them end with the test."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.terminal import Terminal, environment, needs_tmux

START_S = 30.0
"""Seconds until a system must be ready. It takes less than one; the machine may have other work."""


class System:
    """A node in trouble, and what it alone knows: whose trouble it is."""

    def __init__(self, module: str, env: dict[str, str], name: str = "office", *how: str) -> None:
        self._culprits: list[str] = []
        self._said: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.drills.systems.{module}", name, *how],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def begin(self) -> None:
        """Wait until it can be attached to."""
        self._await("ready")

    def _listen(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                self._said.put(line.strip())
        self._said.put("the end")

    def _await(self, beginning: str) -> None:
        while not (line := self._said.get(timeout=START_S)).startswith(beginning):
            assert line != "the end", "the system has ended; stderr says why"
            self._note(line)
        self._note(line)

    def _note(self, line: str) -> None:
        if line.startswith("culprit "):
            self._culprits.append(line.removeprefix("culprit "))

    def says(self, beginning: str) -> None:
        """Wait until it says so."""
        self._await(beginning)

    def ended_for_good(self) -> None:
        """Wait until it says that its tree has ended for good."""
        self._await("given up")

    def culprits(self) -> list[str]:
        """The pids of the one in trouble: several where it is restarted. Waits for the first."""
        if not self._culprits:
            self._await("culprit ")
        while not self._said.empty():
            self._note(self._said.get())
        return self._culprits

    def stop(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait(10)
        self.process.stdin.close()
        self._listener.join(10)


@pytest.fixture
def home():
    """A home for keys and sockets, with a short path: those of UNIX sockets are limited."""
    needs_tmux()
    folder = tempfile.mkdtemp(prefix="ob", dir="/tmp")
    yield Path(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def env(home):
    """The environment of every program of the test."""
    return environment(home)


@pytest.fixture
def cleanup():
    """What has to be ended with the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def system(env, cleanup):
    """Start a system by the name of its module."""

    def start(module, name="office", *how):
        started = System(module, env, name, *how)
        cleanup.callback(started.stop)
        started.begin()
        return started

    return start


@pytest.fixture
def observer(env, cleanup):
    """Start `observer …` in a terminal."""

    def start(*argv, columns=120, rows=40, **extra):
        command = [sys.executable, "-m", "tui", *argv]
        return cleanup.enter_context(Terminal(command, {**env, **extra}, columns, rows))

    return start


def lives(pid):
    """Whether a process of the operating system is alive."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
