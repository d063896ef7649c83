"""Time-slicing: a step that overruns is parked, its neighbours go on, and it gets a slice in each turn of the loop.

    a step (handler, async handler, hook)     runs on a pooled greenlet, a worker
      ticker ──signal, 1 ms──> slicer ──> may it be switched here? (guards) ──> parked, back to the hub
      scheduler ──one parked step in each turn of the loop──> the worker goes on where it stood

ticker     the timer and its signal            guards     where a step must not be switched
slicer     what a tick does                    streams    standard output, which must not be left half-written
worker     one greenlet, a step at a time      waiting    `self.wait` and the plain form of `call`
workers    all of them: park, resume, kill     hooks      `redact`, which has to answer at once
errand     a step that is a function           direct     no greenlets: `time_slicing=False`
mode       which of this works here, and why   watchdog   where it does not: interrupt, or only report

The event loop stays in its own greenlet, the hub, and is never switched out of.
"""
