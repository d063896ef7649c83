"""What can only be known by looking often: who holds the loop, and how late the loop is.

    a request ──> touch() ──> the thread runs until nobody has asked for 5 s
                                100 times a second: who runs? (its share is `busy`)
                                  4 times a second: a probe is posted to the loop; how late it runs is the lag
    settle()  waits for the first probe: who asks only once gets a figure too

Nothing runs while nobody observes. A loop that is stuck answers no probe: the lag then is the time since it was sent.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from runtime.scheduler import Scheduler

__all__ = ["Sampler"]

PERIOD_S: Final = 0.01
WINDOW: Final = 500
"""Samples that `busy` is a share of: five seconds."""
PROBE_EVERY: Final = 25
IDLE_S: Final = 5.0
_uneven: Final = random.Random().uniform  # noqa: S311 - no secret
"""Of its own: what a program draws after `random.seed` is the same whether somebody observes it or not."""


class Sampler:
    """Samples one scheduler while somebody observes."""

    def __init__(self, sched: Scheduler) -> None:
        self._sched = sched
        self._samples: deque[int] = deque(maxlen=WINDOW)
        self._touched = 0.0
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._probed = threading.Event()
        self._probe_sent: float | None = None
        self._lag_s = 0.0
        self._ended_cpu_s = 0.0
        self._cpu_s = 0.0

    def touch(self) -> None:
        """Somebody observes."""
        with self._lock:
            self._touched = time.monotonic()
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="observer-sampler", daemon=True)
                self._thread.start()

    def settle(self, within_s: float) -> None:
        """Wait until the first probe has come back, or `within_s`: `lag_s` is true from then on."""
        self._probed.wait(within_s)

    def stop(self) -> None:
        """End the thread, and wait for it."""
        self._stop.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def busy(self) -> dict[int, float]:
        """Share of the samples, 0 to 1, by process number; those that never ran are left out."""
        samples = self._samples.copy()
        counts = Counter(samples)
        counts.pop(0, None)
        return {number: count / len(samples) for number, count in counts.items()}

    @property
    def lag_s(self) -> float:
        """How late the loop ran the last probe, or is with the present one."""
        sent, last = self._probe_sent, self._lag_s
        return max(last, time.monotonic() - sent) if sent is not None else last

    @property
    def cpu_s(self) -> float:
        """Processor seconds that sampling has cost."""
        return self._ended_cpu_s + self._cpu_s

    def _run(self) -> None:
        turn = 0
        due = time.monotonic()
        while not self._over():
            if turn % PROBE_EVERY == 0:
                self._probe()
            turn += 1
            # Unevenly spaced, or work that comes in the same rhythm is always met, or never.
            due = max(due, time.monotonic() - PERIOD_S) + PERIOD_S * _uneven(0.5, 1.5)
            self._stop.wait(max(0.0, due - time.monotonic()))
            self._samples.append(self._who_ran(due))
            self._cpu_s = time.thread_time()

    def _who_ran(self, due: float) -> int:
        """The number of the process that ran at `due`; 0 for none.

        This thread waits for the interpreter while a process runs, up to 5 ms: a shorter step is over before it can look.
        """
        sched = self._sched
        running = sched.running
        if running is not None:
            return running.number
        last, began, ended = sched.last, sched.last_from, sched.now
        return last.number if last is not None and began <= due <= ended else 0

    def _over(self) -> bool:
        """Whether nobody observes any more; then all is as before the first request."""
        with self._lock:
            if not self._stop.is_set() and time.monotonic() - self._touched <= IDLE_S:
                return False
            self._ended_cpu_s, self._cpu_s = self._ended_cpu_s + self._cpu_s, 0.0
            self._samples.clear()
            self._probed.clear()
            self._lag_s = 0.0
            self._probe_sent = None
            self._thread = None
            return True

    def _probe(self) -> None:
        if self._probe_sent is not None:
            return
        sent = self._probe_sent = time.monotonic()
        try:
            self._sched.loop.call_soon_threadsafe(self._arrived, sent)
        except RuntimeError:  # the loop is closed
            self._probe_sent = None

    def _arrived(self, sent: float) -> None:
        if self._probe_sent == sent:
            self._lag_s = time.monotonic() - sent
            self._probe_sent = None
            self._probed.set()
