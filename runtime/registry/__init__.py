"""Who is found where: names, and entries of processes under keys.

directory   a node's names, and its tables
entries     one table: processes under keys, gone when they end
scope       what names a table in every node: the base of `Registry`, `Groups`, `PubSub` and `Presence`
registry    unique and duplicate keys, with values (after Elixir's Registry)
fanout      one message to many
"""
