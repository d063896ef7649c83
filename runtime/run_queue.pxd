# What the compiled form knows of run_queue.py.

from .process cimport Process

cdef int READY

cdef class RunQueue:
    cdef public object clock, context, enter, inline_until, last, last_from, loop, node, now, owed, queue, running, since, thread, waits
    cdef public bint scheduled
    cdef public int depth
    cdef public long long dead_letters, handled, late_replies, turns
    cdef public object answering, heard, keep, story, tap, untraced
    cdef public bint outside, traced
    cpdef enqueue(self, Process process)
    cpdef tick(self)
    cpdef sender(self)
    cpdef under(self)
    cpdef within(self)
    cpdef after(self, story)
