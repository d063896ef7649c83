# What the compiled form knows of server_process.py.

from .caller cimport Caller
from .process cimport Process
from .results cimport Reply
from .run_queue cimport RunQueue

cdef int BUDGET, CALL, CAST, CONTINUE, ENDED, IDLE, INFO, INIT, KEPT_FIELDS, MOST_FIELDS, RUNNING, SYSTEM
cdef frozenset NO_STATE, PLAIN

cdef class ServerProcess(Process):
    cdef public bint strict
    cpdef settle(self, tuple entry, result)
    cpdef _after(self, tuple entry, result)
