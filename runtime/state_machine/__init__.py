"""State machines, after OTP's gen_statem: a server whose state has a name, and data beside it.

behaviour   the class to derive from, and the contract
events      what happens to a machine: calls, casts, messages, time-outs, events of its own, entering a state
results     what a state returns: the next state, the data, and actions
agenda      what a machine has to do before it looks into its mailbox, what it has put off, its time-outs
process     one event after the other
"""
