# What the compiled form knows of entrance.py.

from ..run_queue cimport RunQueue

cdef class Entrance:
    cdef public RunQueue sched
    cdef public object pool, ticker
