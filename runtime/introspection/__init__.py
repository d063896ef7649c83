"""The one room that reads a live node for an outsider: bounded, redacted, and without waiting for the loop.

service      one request in, one answer out          (a thread of the port)
listing      ps: one pass over the table, in slices  overview   the node at a glance
details      one process                             tree       the supervision trees
happenings   histories, events, crashes, audit       actions    changes, posted to the loop with a deadline
values       any value as bounded, redacted JSON     stacks     frames of what runs or awaits
sampler      100 samples a second of what runs, and the loop's lag, while somebody observes
"""
