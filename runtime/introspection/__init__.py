"""The one room that reads a live node for an outsider: bounded, redacted, and without waiting for the loop.

service      one request in, one answer out          (a thread of the port)

isolated     what only the OS process of an isolated process can answer
  elsewhere  what its thread or OS process adds to a process     figures      what the system tells of an OS process

listing      ps: one pass over the table, in slices  overview     the node at a glance
  columns      what it sorts and filters by          tree         the supervision trees
  ranking      the first so many of an order         stacks       frames of what runs or awaits
details      one process                             happenings   histories, events, crashes
lookup       which process is meant, and its row     sampler      who runs, and the loop's lag, while somebody observes

actions      kill, suspend, resume, send             posting      work for the loop, with a deadline
making       a message from JSON                     audit        what operators did

shown        values through a behaviour's `redact`   shapes       how instances of a class are read
values       any value as bounded, redacted JSON     atoms, text  what has no parts; text made fit to be shown
pace         reading beside a loop that goes on
"""
