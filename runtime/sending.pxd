# What the compiled form knows of sending.py.

from .caller cimport Caller
from .process cimport Process
from .run_queue cimport RunQueue

cdef int CALL, ENDED, IDLE, READY, RECEIVING
