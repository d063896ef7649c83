"""What a node tells the floor of tracing: who listens, under which story each step runs, and what happens."""
