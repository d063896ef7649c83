"""Processes in an OS process of their own: `ChildSpec(…, isolated=True)`. For code that may take its whole OS process with it.

    the node                                     the OS process of one isolated process
    --------                                     --------------------------------------
    record: pid, name, supervisor,               guest: the behaviour, as an ordinary process
      links, monitors, mailbox (processes)         of a node that lives here (child, guests)
    cell: the OS process (cell, launch)  <────>  home: the node outside (home)
    far: processes over there (far)                far: processes of the node

limits    what it may take; fences, sweep: how that is kept, and how nothing is left behind
peer      what both sides say to each other; identities: how processes are called; wire, codec: how it crosses
eyes      how an operator looks into it, also while its loop is stuck (sight asks; glance, insight answer)
ending    why an OS process died, in words

Never by `fork`: a copy of a process with threads and locks is broken from the start.
"""
