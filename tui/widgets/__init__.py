"""What pages are made of: painted lines, a table keyed by pid, a tree of values, charts, dialogs."""
