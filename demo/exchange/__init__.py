"""A telephone exchange whose call handling is exchanged while everybody talks, after the film of 1990: `observer demo exchange`.

launch        what the command line calls
node, host    a node with the exchange; on it
  tree        the supervision tree
    line, switch, billing     what does not change           signals    what they say to each other
  software    the call handling, `exchange.calls`, as it stands on disk
  versions/   what is put there: version 1; 2, call waiting; 3, a bug fix
town          the people (people: what they do), their clock, what they hear, say, and note
accounts      what was billed beside what was noted
film          the upgrades in their order, and what is checked; headless
engineer      who puts versions on disk while you sit at the console
"""
