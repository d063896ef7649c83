"""The introspection port: how a console asks a live node, and how the node knows who asks.

contract     the language: requests and answers as models
client       finds a node, connects, asks                 service    opens the port, limits, closes
home, keys   ~/.observer and the key files                session    one connection on the node's side
places       which nodes run, and where                   handshake  both sides prove the key
tls, peer    certificates; who the kernel says it is      channel, pipe    frames; one call each way over rpyc
"""

import os

if os.name != "posix":
    raise ImportError(
        "Observer's port needs a POSIX system (Linux, macOS): it uses UNIX sockets, file locks and modes"
    )
