"""What the whole suite needs of the OS process that it runs in."""

from __future__ import annotations

import signal

# A shell without job control starts what it puts into the background with Ctrl-C ignored, and programs that tests start would
# inherit that: those that test what Ctrl-C does would wait for an end that never comes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
