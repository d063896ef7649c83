"""Functions of live code under trace, without restarting it; and nothing is left of that afterwards.

    finding     `module:function` of a pattern -> the live function
    sites       where a function begins and ends, and who wants to know of it
    monitoring  ... by `sys.monitoring`, on CPython 3.12 and later
    assembly, rewriting  ... by code that tells of itself, on 3.11
    instrument  the sites of the interpreter
    probes      the functions of one node's sessions, and the events of their calls

An untraced function costs nothing. Whatever an instrument raises takes the instrument out, never the program; frames of this floor in the
middle of a step end soon, and are not switched.
"""

from .finding import Target
from .probes import Here, Probes, Unfit
from .rewriting import untold

__all__ = ["Here", "Probes", "Target", "Unfit", "untold"]
