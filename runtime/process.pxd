# What the compiled form knows of process.py.

from .run_queue cimport RunQueue

cdef int AWAITING, CONTINUE, ENDED, IDLE, KEPT_FIELDS, MOST_FIELDS, NOTE, PARKED, READY, RECEIVING, RUNNING, SUSPENDED, SYSTEM

cdef class Process:
    cdef public object child, coroutine, current, events, extra, handle, mailbox, number, since, started, state, task
    cdef public RunQueue sched
    cdef public int status
    cdef public long long reductions
    cdef public bint suspend, trap_exits
    cpdef post(self, tuple entry)
    cpdef wake(self)
    cpdef rest(self)
    cpdef keep(self, item)
    cpdef log(self, kind, message, sender=*, reply=*)
