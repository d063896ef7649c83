# What the compiled form knows of turns.py.

cimport cython

from ..process cimport Process
from ..run_queue cimport RunQueue

cdef int BUDGET, CALL, CAST, INFO, INIT, IDLE, KEPT_FIELDS, MOST_FIELDS, RUNNING
cdef frozenset NO_STATE, PLAIN

cdef class Answering:
    cdef public RunQueue _sched
    @cython.locals(sched=RunQueue, process=Process)
    cpdef step(self, tuple entry)

@cython.locals(sched=RunQueue, entry=tuple, kind=int, handled=int)
cpdef traced_turn(Process process, until)

@cython.locals(sched=RunQueue)
cpdef done(Process process, tuple entry, int kind, message, before, reply)
