"""The console and the command line: what people and scripts use to look into a node."""
