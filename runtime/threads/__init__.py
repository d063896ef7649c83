"""Processes with a thread of their own: `ChildSpec(…, thread=True)`, for handlers that block in code which cannot await.

process   the process: gives one message at a time to its lane
lane      the thread, and what becomes of it when the process ends
marshal   what a handler on a thread asks of its node, done on the loop
"""
