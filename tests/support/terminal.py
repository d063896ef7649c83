"""A real terminal for tests: a program in tmux, keys sent to it, and the screen that it draws read back.

    Terminal(command) ── tmux -L <a server of its own> ── pty ── the program
        press(*keys)  ── send-keys ──────────────────────────>
        lines()       <── capture-pane ──────────────────────

The test sees what an operator sees, and nothing else: no widget, no event loop, no port.
Sockets and nodes' homes lie in a short directory of its own under /tmp, because paths of
UNIX sockets are limited to about 100 characters.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

import pytest

T = TypeVar("T")

TMUX = shutil.which("tmux")
ROOT = Path(__file__).resolve().parent.parent.parent
POLL_S = 0.05

SETTINGS = """
set -g default-terminal "screen-256color"
set -g remain-on-exit on
set -g remain-on-exit-format ""
set -g status off
set -sg escape-time 0
set -g history-limit 5000
"""

_numbers = itertools.count(1)


def needs_tmux() -> str:
    """The path of tmux. Skips the test where there is none."""
    if TMUX is None:
        pytest.skip("tmux is not installed: there is no terminal to drive")
    return TMUX


def environment(home: Path, **extra: str) -> dict[str, str]:
    """For programs under test: this checkout, a home of their own, no setting of whoever runs the tests."""
    foreign = ("OBSERVER_", "TMUX", "NO_COLOR", "COLUMNS", "LINES", "COLORTERM", "TEXTUAL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "OBSERVER_HOME": str(home), **extra}


class Terminal:
    """One program in a terminal of a fixed size. A context manager: its tmux server ends with it."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], columns: int = 120, rows: int = 40
    ) -> None:
        """Start `command` in the terminal.

        Args:
            command: The program and its arguments; no shell reads them.
            env: Its whole environment, except TERM, which is screen-256color.
            columns: Width in cells.
            rows: Height in cells.
        """
        self._tmux = needs_tmux()
        self._name = f"drill-{os.getpid()}-{next(_numbers)}"
        self._folder = tempfile.TemporaryDirectory(prefix="tm", dir="/tmp")
        self._env = {**env, "TMUX_TMPDIR": self._folder.name}
        self.pressed: list[str] = []
        """Every key pressed so far."""
        settings = Path(self._folder.name) / "conf"
        settings.write_text(SETTINGS)
        self.began = time.monotonic()
        """When the program was started, in monotonic seconds."""
        try:
            size = ("-x", str(columns), "-y", str(rows))
            self._run("-f", str(settings), "new-session", "-d", *size, "--", *command)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the terminal and whatever still runs in it."""
        subprocess.run(
            [self._tmux, "-L", self._name, "kill-server"], env=self._env, capture_output=True, timeout=10
        )
        self._folder.cleanup()

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self._tmux, "-L", self._name, *words], env=self._env, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr.strip()}"
        return done.stdout

    # --- the operator's hands and eyes --------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names: `3`, `K`, `Enter`, `Escape`, `Up`, `C-c`."""
        self.pressed.extend(keys)
        self._run("send-keys", "--", *keys)

    def type(self, text: str) -> None:
        """Type text, which counts as one key each."""
        self.pressed.extend(text)
        self._run("send-keys", "-l", "--", text)

    def lines(self) -> list[str]:
        """The screen, a string for each row; cells at the end of a row that hold nothing are left out."""
        return self._run("capture-pane", "-p").removesuffix("\n").split("\n")

    def colours(self) -> str:
        """The screen with its escape sequences for colour and weight."""
        return self._run("capture-pane", "-p", "-e")

    def printed(self) -> str:
        """What was printed line by line, also what has left the screen at the top; wrapped lines are joined."""
        return self._run("capture-pane", "-p", "-J", "-S", "-")

    @property
    def seconds(self) -> float:
        """Since the program was started."""
        return time.monotonic() - self.began

    # --- the program --------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The operating system's number of the program."""
        return int(self._run("display-message", "-p", "#{pane_pid}"))

    @property
    def exit_code(self) -> int | None:
        """How the program ended; None while it runs. One that a signal ended has 128 and the signal's number."""
        wanted = "#{pid}:#{pane_dead}:#{pane_dead_status}:#{pane_dead_signal}"
        server, dead, status, signalled = self._run("display-message", "-p", wanted).strip().split(":")
        if status or signalled:
            return int(status) if status else 128 + int(signalled)
        if dead:
            os.kill(
                int(server), signal.SIGCHLD
            )  # tmux 3.3 may miss this signal, and then never learns the status
        return None

    # --- waiting ------------------------------------------------------------------------------

    def sees(self, check: Callable[[list[str]], T], within: float) -> T:
        """The first true value of `check(lines)`; what it is at last, after `within` seconds."""
        deadline = time.monotonic() + within
        while not (value := check(self.lines())) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return value

    def until(self, check: Callable[[list[str]], T], within: float = 20.0, what: str = "") -> T:
        """As `sees`, but fails, and shows the screen, where it does not become true."""
        value = self.sees(check, within)
        if not value:
            screen = "\n".join(self.lines())
            pytest.fail(
                f"not within {within:g} s: {what or check.__name__}\nkeys pressed: {self.pressed}\n{screen}"
            )
        return value

    def shows(self, *words: str, within: float = 20.0) -> list[str]:
        """Wait until every one of `words` stands on the screen; returns the screen."""

        def all_there(lines: list[str]) -> list[str] | None:
            text = "\n".join(lines)
            return lines if all(word in text for word in words) else None

        return self.until(all_there, within, f"shows {', '.join(map(repr, words))}")
