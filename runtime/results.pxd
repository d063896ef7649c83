# What the compiled form knows of results.py.

cdef class _Result:
    cdef public object state

cdef class Reply(_Result):
    cdef public object value

cdef class NoReply(_Result):
    pass

cdef class Stop(_Result):
    cdef public object reason, reply

cdef class Continue(_Result):
    cdef public object message, reply
