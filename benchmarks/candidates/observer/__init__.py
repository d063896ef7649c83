"""This runtime: its node, its servers, and a console that looks at it from a process of its own."""
