"""Tracing: records of what happened, and the bounded recorder that keeps them. Standard library only."""
