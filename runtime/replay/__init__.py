"""Replay: recorded messages fed to a copy of a process's state, on today's or on changed code.

packing     events as bytes, with their raw values
recording   what one process has handled, made of these
recorder    a session that keeps raw values
identities  shadows of pids, names, callers
tape        what the record has for a step, and what that does
stand_in    `self` in a replay
fence       what handlers may not do meanwhile
outcome     what a handler's result comes to
alike       whether two values are the same
judging     the record beside the replay
changed     the code that is replayed
replaying   the replay
report      what it has found
shelf       where records are kept
"""

from .packing import About, Broken, Record, decode, encode, pack
from .recorder import Recorder, record, record_of_events
from .recording import Recording, processes
from .replaying import replay
from .report import Difference, Mode, Report, StepReport
from .shelf import fetch, keep, write

__all__ = [
    "About",
    "Broken",
    "Difference",
    "Mode",
    "Record",
    "Recorder",
    "Recording",
    "Report",
    "StepReport",
    "decode",
    "encode",
    "fetch",
    "keep",
    "pack",
    "processes",
    "record",
    "record_of_events",
    "replay",
    "write",
]
