"""Tracing, as the port answers it: sessions, stories, what the flight recorder has kept, and patterns while they are typed.

sessions   opened for a connection, read by it, ended with it
stories    everything with one trace id: from what sessions have taken, and from the flight recorder
keeping    triggers and their dumps
vain       why a session may take nothing, or a trigger keep nothing
hints      what is wrong with a pattern, and what could come next
showing    events as records: values through the behaviour's own `redact`, then the bounded walk
"""
