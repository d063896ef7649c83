# What the compiled form knows of caller.py.

from .process cimport Process

cdef class Caller:
    cdef public Process _process
    cdef public object _future, _value, asked, deadline
    cdef public bint _answered, lent
    cpdef _wait(self)
    cpdef _forget(self)
    cpdef _settle(self, value)
