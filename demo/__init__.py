"""A crew of supervised processes that reviews Python code: the system that `observer demo` shows.

    launch        what the command line calls: run through once, or start the crew's own node
    node          that node's process, which ends with its console
    host          a node with the crew and its library in this process
    crew          the supervision tree
      librarian, dispatcher (board), reviewer, scanner, reporter      one process a file
    messages      what they say to each other
    library       findings in SQLite (rows)
    files         which files there are
    checks/       what a review is, without a process in sight
    summary       the words at the end
    soul/         another demo: `observer demo soul`
    exchange/     another demo: `observer demo exchange`

It stands on public names of the runtime only, as any other application does.
"""
